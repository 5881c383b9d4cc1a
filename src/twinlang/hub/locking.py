"""Makes pins: the commit of a data set or models, the licence, size, rows and SHA-256 of files."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from huggingface_hub import HfFileSystem, RepoFile

from twinlang.cli import UserError
from twinlang.hub import client, pins
from twinlang.hub.pins import Pin
from twinlang.readers import columnar

# Where files of a configuration lie if the card does not say so.
PLACES = (
    "{config}/{split}-*.parquet",
    "{config}/{split}/*.parquet",
    "{split}-*.parquet",
    "{config}/{split}.jsonl*",
)


def pin(wanted: Mapping[str, Any]) -> Pin:
    """The pin of a set in a language, or of its models (`type: model`), whose splits are paths.

    wanted: `id`, `config`, `splits` ({ours: the Hub's}), `columns` that must be there, and
    `revision` (branch or tag, main) and `shards` (how many files of a split) if the set has them.

    Raises:
        UserError: no such data set, model, configuration, split, file or column.
    """
    form = pins.form(wanted)
    revision, card = client.commit(wanted["id"], wanted.get("revision", "main"), form=form)
    every = client.tree(wanted["id"], revision, form=form)
    found: dict[str, list[dict[str, Any]]] = {}
    whole = True
    for ours, theirs in wanted["splits"].items():
        if form == "model":
            paths = _named(wanted, theirs, every)
        else:
            paths = _paths(wanted, theirs, card, every)
        # A seeded choice, so that a longer list keeps what a shorter one had.
        chosen = sorted(paths, key=_rank)[: wanted.get("shards")]
        whole = whole and len(chosen) == len(paths)
        found[ours] = [_file(wanted, revision, every[path]) for path in chosen]
    licence = card.get("license") or "not stated"
    return {
        **pins.empty(wanted),
        "revision": revision,
        "licence": licence if isinstance(licence, str) else ", ".join(licence),
        "whole": whole,
        "files": found,
    }


def _rank(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()


def _named(wanted: Mapping[str, Any], path: str, every: Iterable[str]) -> list[str]:
    """The file of this path.

    Raises:
        UserError: there is none.
    """
    if path in every:
        return [path]
    there = ", ".join(sorted(p for p in every if p.startswith(path.rpartition("/")[0]))) or "none"
    raise UserError(
        f"{wanted['id']} has no file {path} at {wanted['config']} (there are {there}); "
        "mend the names of its models"
    )


def _paths(
    wanted: Mapping[str, Any], split: str, card: Mapping[str, Any], every: Iterable[str]
) -> list[str]:
    """The files of a split, by the card or by custom.

    Raises:
        UserError: there are none, or they are of no form that is read.
    """
    patterns = _patterns(card, wanted["config"], split)
    patterns = patterns or [p.format(config=wanted["config"], split=split) for p in PLACES]
    for pattern in patterns:
        if found := sorted(fnmatch.filter(every, pattern)):
            if unread := [p for p in found if not _is_read(p)]:
                raise UserError(
                    f"{wanted['id']}: {unread[0]} is neither Parquet nor JSON lines; try "
                    "`revision: refs/convert/parquet` in its set"
                )
            return found
    known = ", ".join(_splits(card, wanted["config"])) or "none"
    raise UserError(
        f"{wanted['id']} has no files of split {split!r} of {wanted['config']!r} "
        f"(its card names {known}); mend `configs` or `splits` of its set"
    )


def _is_read(path: str) -> bool:
    return path.endswith((".parquet", ".jsonl", ".json", ".jsonl.gz", ".json.gz"))


def _configs(card: Mapping[str, Any], config: str) -> list[Any]:
    """The card's data files of a configuration: patterns, or blocks of a split and patterns."""
    found: list[Any] = []
    for block in card.get("configs") or []:
        if isinstance(block, Mapping) and block.get("config_name") == config:
            files = block.get("data_files") or []
            found += files if isinstance(files, list) else [files]
    return found


def _patterns(card: Mapping[str, Any], config: str, split: str) -> list[str]:
    found: list[str] = []
    for block in _configs(card, config):
        if isinstance(block, str) and split == "train":
            found.append(block)
        elif isinstance(block, Mapping) and block.get("split") == split:
            paths = block.get("path") or []
            found += [paths] if isinstance(paths, str) else paths
    return found


def _splits(card: Mapping[str, Any], config: str) -> list[str]:
    return [
        str(b["split"]) for b in _configs(card, config) if isinstance(b, Mapping) and "split" in b
    ]


def _file(wanted: Mapping[str, Any], revision: str, entry: RepoFile) -> dict[str, Any]:
    """Path, size, SHA-256 and rows of a file; only what the Hub cannot say is fetched whole."""
    repo, name = wanted["id"], f"{wanted['id']}: {entry.path}"
    form = pins.form(wanted)
    if entry.lfs and form == "model":
        return {"path": entry.path, "size": entry.size, "sha256": entry.lfs.sha256}
    if entry.lfs and columnar.is_parquet(entry.path):
        rows, columns = _footer(repo, revision, entry.path)
        columnar.check_columns(columns, _columns(wanted), name=name)
        return {"path": entry.path, "size": entry.size, "sha256": entry.lfs.sha256, "rows": rows}
    client.room(entry.size)
    path = client.download(repo, revision, entry.path, form=form)
    found = {"size": path.stat().st_size, "sha256": client.sha256(path)}
    if entry.lfs and found != {"size": entry.size, "sha256": entry.lfs.sha256}:
        raise UserError(f"{name} has not the sha256 that the Hub gives; run twinlang lock again")
    if form == "model":
        return {"path": entry.path, **found}
    next(columnar.rows(path, _columns(wanted), name=name), None)
    return {"path": entry.path, **found, "rows": columnar.count(path, name=name)}


def _columns(wanted: Mapping[str, Any]) -> Sequence[str]:
    return list(wanted.get("columns", {}).values())


def _footer(repo: str, revision: str, path: str) -> tuple[int, list[str]]:
    """Rows and columns of a Parquet file, from its last kilobytes."""
    import pyarrow.parquet as pq

    with client.told(repo):
        files = HfFileSystem(skip_instance_cache=True)
        with files.open(f"datasets/{repo}@{revision}/{path}", block_size=1 << 16) as handle:
            found = pq.ParquetFile(handle)
            return int(found.metadata.num_rows), list(found.schema_arrow.names)
