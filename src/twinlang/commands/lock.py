"""Pin what a configuration reads from the Hub: ask for commits and write data.lock.yaml.

Every set that a language of the source `hub` uses, and the published models of its parser, are
looked up at their branch (main, unless the configuration says otherwise). What changed against the
file is printed; nothing else is touched. --check writes nothing and fails if anything changed.
Files whose rows or hash the Hub does not tell are fetched into the cache, where the study finds
them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from twinlang import fetch_parameters
from twinlang.cli import UserError
from twinlang.commands import _study
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
    found = fetch_parameters.needed(_study.read(arguments))
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
