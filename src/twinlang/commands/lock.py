"""Pin the data sets of a configuration: ask the Hub for their commits and write data.lock.yaml.

Every set that a language of the source `hub` uses is looked up at its branch (main, unless the set
says otherwise). What changed against the file is printed; nothing else is touched. --check writes
nothing and fails if anything changed. Files whose rows or hash the Hub does not tell are fetched
into the cache, where the study finds them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from twinlang import hub_parameters, parameters, tree_parameters
from twinlang.cli import UserError
from twinlang.commands import _study
from twinlang.config import Config
from twinlang.hub import pins


def main(argv: list[str] | None = None) -> None:
    flags = _study.flags(__doc__)
    flags.add_argument("--only", nargs="+", metavar="SET", help="these sets alone, or SET/LANGUAGE")
    flags.add_argument(
        "--empty", action="store_true", help="list what is missing as not pinned yet"
    )
    flags.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    arguments = flags.parse_args(argv)
    path = Path(arguments.directory) / pins.NAME
    lock = pins.read(path)
    found = sets(_study.read(arguments))
    chosen = {key: one for key, one in found.items() if _is_chosen(key, arguments.only)}
    if not chosen:
        known = ", ".join(dict.fromkeys(name for name, _ in found)) or "none: no source is `hub`"
        raise UserError(f"there is no such set in the configuration; it uses {known}")
    different, broken = 0, []
    for (name, lang), wanted in chosen.items():
        old = lock.get(name, {}).get(lang, pins.empty(wanted))
        try:
            new = old if arguments.empty else _pin(wanted)
        except UserError as error:  # the other sets are pinned all the same
            broken.append(f"{name}/{lang}: {error}")
            continue
        told = pins.changes(old, new) if pins.is_pinned(new) else []
        different += len(told)
        print(f"{name}/{lang}: {'unchanged' if not told and pins.is_pinned(new) else ''}".rstrip())
        print("".join(f"    {line}\n" for line in told), end="", flush=True)
        lock.setdefault(name, {})[lang] = new
    if not arguments.check:
        pins.write(path, lock)
    if broken:
        raise UserError("\n".join(["some sets were not pinned:", *broken]))
    if arguments.check and different:
        raise UserError(f"{different} differences from {path}; run twinlang lock without --check")


def _pin(wanted: dict[str, Any]) -> pins.Pin:
    from twinlang.hub import locking

    print(f"asking for {wanted['id']} {wanted['config']}", file=sys.stderr)
    return locking.pin(wanted)


def _is_chosen(key: tuple[str, str], only: list[str] | None) -> bool:
    return only is None or key[0] in only or "/".join(key) in only


def sets(config: Config) -> dict[tuple[str, str], dict[str, Any]]:
    """Every set and language that the experiments read from the Hub."""
    found = {}
    needed = parameters.sources_needed(config) + tree_parameters.treebanks_needed(config)
    for lang, kind, _ in needed:
        settings = parameters.source_settings(config, lang)
        if not parameters.is_fetched(settings["source"]):
            continue
        for name in hub_parameters.sets(settings, lang, kind.removeprefix("text/")).values():
            if name != hub_parameters.FOLDER:
                found[name, lang] = hub_parameters.wanted(settings, lang, name)
    return found
