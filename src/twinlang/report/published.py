"""The printed numbers of Deshpande, Talukdar and Narasimhan (NAACL 2022), tables 3 and 5 to 8.

`published.csv` has each cell as printed, in our names: tasks by their kind (XNLI is nli, XQuAD qa),
languages as the paper calls them, twins by their steps in the order of application. `notes.csv` has
the reason of each mark: where the print contradicts itself, or what made the number is in doubt.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from twinlang.config import step_name


class Printed(NamedTuple):
    """A printed cell, in percent or points; of a correlation, twin and pairing are empty."""

    table: str
    task: str
    language: str
    twin: str
    pairing: str
    metric: str
    value: float
    notes: tuple[str, ...]


@cache
def cells() -> tuple[Printed, ...]:
    """All printed cells, in the paper's order."""
    return tuple(
        Printed(**{**row, "value": float(row["value"]), "notes": tuple(row["notes"].split())})
        for row in _rows("published.csv")
    )


@cache
def reasons() -> dict[str, str]:
    """What each mark of a cell says."""
    return {row["note"]: row["reason"] for row in _rows("notes.csv")}


@cache
def known() -> dict[tuple[str, str, str, str, str], float]:
    """The printed value of a task, language, twin, pairing and measure.

    Where tables differ, the one that has each language by itself counts (Table 5).
    """
    found: dict[tuple[str, str, str, str, str], float] = {}
    for cell in sorted(cells(), key=lambda cell: cell.table == "table3"):
        found.setdefault(cell[1:6], cell.value)
    return found


def twin_names(twins: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """The configuration's name of each twin of the paper that it has.

    A twin is the paper's if it has the same steps without parameters, or the paper's own name.
    """
    plain = {
        "+".join(steps): name
        for name, steps in reversed(list(twins.items()))
        if all(isinstance(step, str) for step in steps)
    }
    named = {name: name for name, steps in twins.items() if "+".join(map(step_name, steps)) == name}
    printed = {cell.twin for cell in cells()}
    return {twin: name for twin, name in {**plain, **named}.items() if twin in printed}


def _rows(name: str) -> list[dict[str, Any]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
