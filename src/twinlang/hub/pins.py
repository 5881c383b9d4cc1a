"""The lock file of the Hub: for each set and language the commit, the files and what is in them.

    datasets:
      xnli:
        en:
          id: facebook/xnli
          config: en
          revision: b8dd5d7...        # a commit, or `not pinned yet`
          licence: cc-by-nc-4.0
          files:
            train: [{path: en/train-0.parquet, size: 100, sha256: 12ab..., rows: 392702}]

Models of a parser stand there as a set of its name, with `type: model` and without rows. Only
`twinlang lock` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from twinlang.cli import UserError, writing

Pin = dict[str, Any]
Lock = dict[str, dict[str, Pin]]  # by set and language
NAME = "data.lock.yaml"
EMPTY = "not pinned yet"
HEAD = """\
# The data sets of the Hub, and models of parsers, each at one commit, with what its files hold.
# Edit nothing here: `twinlang lock` writes it. What is `not pinned yet` has never been fetched, and
# a run that needs it stops and asks for `twinlang lock`.
"""


def read(path: str | Path) -> Lock:
    """The lock file; empty if there is none.

    Raises:
        UserError: it is not of this form.
    """
    path = Path(path)
    if not path.exists():
        return {}
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not YAML ({error}); restore it or run twinlang lock") from None
    datasets = found.get("datasets") if isinstance(found, dict) else None
    if not isinstance(datasets, dict):
        raise UserError(f"{path} has no block `datasets`; restore it or run twinlang lock")
    for name, languages in datasets.items():
        for lang, pin in languages.items():
            _check(pin, where=f"{path}: datasets.{name}.{lang}")
    return datasets


def _check(pin: Pin, *, where: str) -> None:
    if not isinstance(pin, dict) or not {"id", "config", "revision"} <= pin.keys():
        raise UserError(f"{where} lacks id, config or revision; run twinlang lock")
    if is_pinned(pin):
        files = [file for files in pin.get("files", {}).values() for file in files]
        wrong = [f for f in files if not re.fullmatch("[0-9a-f]{64}", str(f.get("sha256")))]
        if wrong or not re.fullmatch("[0-9a-f]{40}", pin["revision"]):
            what = wrong[0].get("path") if wrong else "revision"
            raise UserError(f"{where}: {what} has no commit or sha256; run twinlang lock")


def check(found: Iterable[Pin]) -> None:
    """Looks for pins without a commit.

    Raises:
        UserError: there are some, all named.
    """
    wrong = sorted({f"{pin['id']} ({pin['config']})" for pin in found if not is_pinned(pin)})
    if wrong:
        remedy = f"run twinlang lock where the Hub is reached, and keep {NAME}"
        raise UserError(f"not pinned: {', '.join(wrong)}; {remedy}")


def write(path: str | Path, lock: Lock) -> None:
    """The lock file, in the order of names."""
    ordered = {name: dict(sorted(lock[name].items())) for name in sorted(lock)}
    with writing(path) as handle:
        handle.write(HEAD)
        yaml.safe_dump({"datasets": ordered}, handle, sort_keys=False, width=160)


def form(pin: Mapping[str, Any]) -> str:
    """What the repository of a pin, or of what is wanted, is: `dataset` or `model`."""
    return str(pin.get("type", "dataset"))


def is_pinned(pin: Pin) -> bool:
    """Whether a commit is known."""
    return pin["revision"] != EMPTY


def empty(wanted: Mapping[str, Any]) -> Pin:
    """A pin that has never been fetched."""
    form = {"type": wanted["type"]} if "type" in wanted else {}
    return {**form, "id": wanted["id"], "config": wanted["config"], "revision": EMPTY}


def find(lock: Lock, name: str, lang: str, wanted: Mapping[str, Any]) -> Pin:
    """The pin of a set in a language; an empty one where the lock has none for this id and config.

    `shards`, if the set has it, says how many files of a split are read.
    """
    pin = lock.get(name, {}).get(lang, empty(wanted))
    if any(pin[key] != wanted[key] for key in ("id", "config")) or not is_pinned(pin):
        return empty(wanted)
    if not set(wanted["splits"]) <= pin["files"].keys():
        return empty(wanted)
    chosen = {split: pin["files"][split][: wanted.get("shards")] for split in wanted["splits"]}
    few = any(len(files) < wanted.get("shards", 0) for files in chosen.values())
    if few and not pin.get("whole"):  # the Hub has more files than were pinned
        return empty(wanted)
    return {**pin, "files": chosen}


def size(pin: Pin) -> int:
    """Bytes of all files of a pin; 0 for an empty one."""
    return sum(file["size"] for files in pin.get("files", {}).values() for file in files)


def changes(old: Pin, new: Pin) -> list[str]:
    """What differs between two pins of one set, a line each."""
    if not is_pinned(old):
        return [f"pinned at {new['revision'][:12]}"]
    found = [
        f"{key}: {old.get(key)} -> {new.get(key)}"
        for key in ("id", "config", "revision", "licence")
        if old.get(key) != new.get(key)
    ]
    for split in dict.fromkeys([*old["files"], *new["files"]]):
        before = {file["path"]: file for file in old["files"].get(split, [])}
        after = {file["path"]: file for file in new["files"].get(split, [])}
        found += [f"{split}: {path} is gone" for path in before.keys() - after.keys()]
        found += [f"{split}: {path} is new" for path in after.keys() - before.keys()]
        for path in before.keys() & after.keys():
            found += [
                f"{split}: {path}: {key} {before[path].get(key)} -> {after[path].get(key)}"
                for key in ("size", "rows", "sha256")
                if before[path].get(key) != after[path].get(key)
            ]
    return found
