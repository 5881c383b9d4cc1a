"""Data sets of the Hub, pinned by commit: text, XNLI, WikiANN, UD, SQuAD and XQuAD, Tatoeba.

The settings' `files` are what earlier rules made: for text the cleaned shards of the corpus, for
all else the manifest of what was fetched. A kind whose set is `files` comes from the user's folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinlang import corpora
from twinlang.cli import UserError, read_json
from twinlang.readers import labelled, pinned
from twinlang.sources import files as folder

if TYPE_CHECKING:
    from twinlang.sources.records import Tree

Record = dict[str, Any]
LICENCE = "see the data set"
FETCHED = True  # its files are made by rules


def _split(settings: Record, part: str, report: Record) -> Record:
    """What the manifest says of a split, which the report then names.

    Raises:
        UserError: the manifest has no such split.
    """
    manifest = read_json(settings["files"][0])
    if part not in manifest:
        raise UserError(f"the set has no split {part!r}, only {', '.join(manifest)}; mend `splits`")
    split: Record = manifest[part]
    report |= {"file": pinned.title(split), "licence": split["licence"]}
    return split


def items(
    settings: Record, *, lang: str, task: str, split: str, report: Record
) -> Iterator[Record]:
    """The records of a task; where there are more than `items` allows, a sample by hash.

    The counts of `report` add up: read = what is dropped, by reason + beyond_limit + kept.

    Raises:
        UserError: no such task or split, or data that are not of the task's form.
    """
    if settings.get("from_folder"):
        yield from folder.items(settings, lang=lang, task=task, split=split, report=report)
        return
    if task not in pinned.READINGS:
        known = ", ".join(pinned.READINGS)
        raise UserError(f"the Hub has no task {task!r}; use one of {known}")
    found = pinned.READINGS[task](_split(settings, split, report), split, report)
    limit = settings.get("items", {}).get(task, {}).get(split)
    report["asked"] = limit
    for number, record in labelled.sample(found, limit, report):
        yield {"id": f"{split}-{number}", **record}


def trees(
    settings: Record, *, lang: str, domain: str, split: str, report: Record
) -> Iterator[Tree]:
    """The trees of split train or dev.

    Raises:
        UserError: a tree that is not well-formed, with its row.
    """
    if settings.get("from_folder"):
        return folder.trees(settings, lang=lang, domain=domain, split=split, report=report)
    return pinned.trees(_split(settings, split, report), part=split, report=report)


def corpus(
    settings: Record, *, lang: str, domain: str, split: str, report: Record
) -> Iterator[str]:
    """The sentences of one corpus (`twinlang.corpora`); `other` leaves out what `main` has."""
    if settings.get("from_folder"):
        yield from folder.corpus(settings, lang=lang, domain=domain, split=split, report=report)
        return
    own = [Path(file) for file in settings["files"] if f"/{domain}/" in file]
    before = [Path(file) for file in settings["files"] if f"/{domain}/" not in file]
    shards = [read_json(path.with_suffix(".report.json")) for path in own]
    report |= {"file": shards[0]["set"], "licence": shards[0]["licence"]}
    yield from corpora.corpus(own, before, settings, half=split, report=report)


def files(settings: Record, *, lang: str, kind: str, split: str) -> list[str]:
    """The user's files that feed an output, for a kind that comes from the folder."""
    return folder.files(settings, lang=lang, kind=kind, split=split)
