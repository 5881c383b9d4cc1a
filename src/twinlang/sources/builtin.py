"""The built-in source: four small languages written by a seeded grammar; nothing is fetched.

Settings: `seed`, `sentences` (of each corpus) and `items` ({task: {split: number}}). Line i of a
corpus says the same in every language. Half of all meanings, by a hash of their concepts, feed
split a (and train), the other half split b (and dev), so the two never share a sentence.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from itertools import count, islice
from typing import Any

from twinlang.cli import UserError
from twinlang.grammar.lexicon import LANGUAGES
from twinlang.grammar.linearise import Lineariser, text, tree
from twinlang.grammar.meaning import Clause, Generator
from twinlang.grammar.preferences import DOMAINS, World
from twinlang.sources.records import Tree

SPLITS = {"a": 0, "b": 1, "train": 0, "dev": 1}


@cache
def _world(domain: str) -> World:
    return World(domain)


@cache
def lineariser(lang: str) -> Lineariser:
    """The lineariser of a language, made once a process.

    Raises:
        UserError: the language is not built in.
    """
    if lang not in LANGUAGES:
        raise UserError(
            f"languages: {lang} is not built in; choose {', '.join(LANGUAGES)} or source: files"
        )
    module = importlib.import_module(f"twinlang.grammar.{lang}")
    made: Lineariser = module.LANGUAGE()
    return made


def generator(settings: dict[str, Any], domain: str) -> Generator:
    """The generator of a domain under the settings' seed.

    Raises:
        UserError: there is no such domain.
    """
    if domain not in DOMAINS:
        raise UserError(f"there is no domain {domain!r}; choose one of {', '.join(DOMAINS)}")
    return Generator(_world(domain), int(settings.get("seed", 0)))


def _meanings(
    settings: dict[str, Any], domain: str, split: str, stream: str, report: dict[str, Any]
) -> Iterator[Clause]:
    """All meanings of a split, without end; the report counts what goes to the other one."""
    if split not in SPLITS:
        raise UserError(f"there is no split {split!r}; choose one of {', '.join(SPLITS)}")
    side = SPLITS[split]
    made = generator(settings, domain)
    report.update(drawn=0, other_split=0, kept=0)
    for number in count():
        clause = made.sentence(number, stream)
        report["drawn"] += 1
        if (clause.key >> 7 ^ clause.key >> 19) & 1 != side:
            report["other_split"] += 1
            continue
        report["kept"] += 1
        yield clause


def corpus(
    settings: dict[str, Any], *, lang: str, domain: str, split: str, report: dict[str, Any]
) -> Iterator[str]:
    """`settings["sentences"]` sentences; repeated ones stay, as in any text, and are counted."""
    write = lineariser(lang)
    seen: set[int] = set()
    report["repeated"] = 0
    meanings = _meanings(settings, domain, split, "corpus", report)
    for clause in islice(meanings, settings["sentences"]):
        sentence = text(write.sentence(clause))
        mark = hash(sentence)
        report["repeated"] += mark in seen
        seen.add(mark)
        yield sentence


def trees(
    settings: dict[str, Any], *, lang: str, domain: str, split: str, report: dict[str, Any]
) -> Iterator[Tree]:
    """The trees of exactly the sentences that `corpus` yields, in order."""
    write = lineariser(lang)
    meanings = _meanings(settings, domain, split, "corpus", report)
    for clause in islice(meanings, settings["sentences"]):
        yield tree(write.sentence(clause))


def _tagging(
    settings: dict[str, Any], lang: str, task: str, split: str, report: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    write = lineariser(lang)
    number = settings["items"][task][split]
    meanings = _meanings(settings, "main", split, task, report)
    for index, clause in enumerate(islice(meanings, number)):
        made = tree(write.sentence(clause))
        labels = made.upos if task == "pos" else made.entities
        yield {"id": f"{split}-{index}", "words": made.words, "labels": labels}


def items(
    settings: dict[str, Any], *, lang: str, task: str, split: str, report: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The labelled examples of a task, `settings["items"][task][split]` of them.

    Raises:
        UserError: the task is not built in.
    """
    if task in ("pos", "ner"):
        yield from _tagging(settings, lang, task, split, report)
        return
    raise UserError(f"tasks: {task} is not built in")


def files(settings: dict[str, Any], *, lang: str, kind: str, split: str) -> list[str]:
    """No files of the user's feed the built-in source."""
    return []
