"""Differences between two settings of a cell, tested on the examples that both answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from twinlang import tidy
from twinlang.html_page import listing, number, page
from twinlang.report.examples import Examples
from twinlang.statistics import LEVEL, mean
from twinlang.statistics.paired import holm, swap_test
from twinlang.tables.transfer import DIGITS
from twinlang.tidy import Row

PAIRS = {"BZ − BS": ("bz", "bs"), "BZ − MZ": ("bz", "mz")}
COLUMNS = (
    *("task", "twin", "pairing", "language", "contrast", "metric", "difference", "p", "p_holm"),
    *("n_examples", "n_pretrain_seeds", "n_finetune_seeds", "why"),
)
UNKNOWN = "the predictions beside the metric files are missing, or are not what was scored"


def differences(rows: Sequence[Row], examples: Examples) -> list[Row]:
    """One row a cell and pair of settings: the difference (points), its p, p by Holm's correction.

    The p is of swapping the two settings' answers within examples at random; seeds are taken
    together, so that an example is swapped in all of them. It speaks of the models that were
    trained, not of those that other seeds would give. None where predictions are not at hand.
    """
    table = []
    for (task, twin, pairing), cells in tidy.cells(rows, needed=("bz", "bs")).items():
        for language in dict.fromkeys(key[0] for key in cells):
            own = {key: cell for key, cell in cells.items() if key[0] == language}
            place = {"task": task, "twin": twin, "pairing": pairing, "language": language}
            for contrast, sides in PAIRS.items():
                both = {k: c for k, c in own.items() if all(side in c for side in sides)}
                if both:
                    table.append({**place, "contrast": contrast, **_tested(both, sides, examples)})
    known = [row for row in table if row["p"] is not None]
    for row, p in zip(known, holm([row["p"] for row in known]), strict=True):
        row["p_holm"] = round(p, DIGITS)
    return table


def _tested(
    cells: Mapping[tuple, Mapping[str, Row]], sides: tuple[str, str], examples: Examples
) -> Row:
    first = next(iter(cells.values()))[sides[0]]
    change = [cell[sides[0]]["value"] - cell[sides[1]]["value"] for cell in cells.values()]
    found: Row = {
        "metric": first["metric"],
        "difference": round(mean(change), DIGITS),
        "n_examples": first["n"],
        "n_pretrain_seeds": len({seed for _, seed, _ in cells}),
        "n_finetune_seeds": len({seed for _, _, seed in cells}),
    }
    parts = list(_parts(cells, sides, examples))
    if len(parts) < len(cells):
        return {**found, "p": None, "p_holm": None, "why": UNKNOWN}
    left, right = (np.sum(side, axis=0) for side in zip(*parts, strict=True))
    return {**found, "p": round(swap_test(left, right), DIGITS), "p_holm": None, "why": ""}


def _parts(
    cells: Mapping[tuple, Mapping[str, Row]], sides: tuple[str, str], examples: Examples
) -> Iterator[list[np.ndarray]]:
    """What the examples add to both scores, of each pair of seeds in which they are known."""
    for cell in cells.values():
        both = [examples.parts(*(cell[side][key] for key in tidy.PLACE)) for side in sides]
        known = [side for side in both if side is not None]
        if len(known) == 2 and known[0][0] == known[1][0]:
            yield [parts for _, parts in known]


def differences_page(rows: Sequence[Row]) -> str:
    """The same as a page."""
    columns = {
        "task": "Task",
        "twin": "Twin",
        "pairing": "Pairing",
        "language": "Language",
        "contrast": "Contrast",
        "difference": "Points",
        "p": "p",
        "p_holm": "p, all tests (Holm)",
        "n_examples": "Examples",
        "why": "Remark",
    }
    shown = [
        {
            **row,
            "task": row["task"].upper(),
            **{key: _probability(row[key]) for key in ("p", "p_holm")},
        }
        for row in rows
    ]
    below = sum(row["p_holm"] is not None and row["p_holm"] <= 1 - LEVEL for row in rows)
    notes = [
        f"{below} of {len(rows)} differences are real at {1 - LEVEL:.0%} over all tests together, "
        "for the models that were trained: what other seeds would give, tables 3 and 5 say by "
        "their intervals.",
        "p: two-sided, by swapping the two settings' answers within examples at random; one in ten "
        "thousand is the smallest that is told.",
    ]
    return page("Differences within cells, tested", listing(shown, columns), notes)


def _probability(p: float | None) -> str | None:
    return None if p is None else "< 0.001" if p < 0.001 else number(p, digits=3)
