"""Every printed cell beside ours: difference, sign, order; and how each table's order agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from twinlang.report import published
from twinlang.report.published import Printed
from twinlang.statistics import ranks
from twinlang.statistics.ranks import Correlation
from twinlang.tables.measured import ALIGNMENT, CORRELATION, VARIANT, table7
from twinlang.tables.transfer import AVERAGE, DIGITS, breakdown
from twinlang.tidy import Row

RHO = "spearman"
DELTAS = ("delta_bz_bs", "delta_mz_bs")
AS_TEXT = {True: "yes", False: "no", None: ""}

Twins = Mapping[str, Sequence[Any]]
Ours = dict[tuple[str, str, str, str, str], tuple[float, int, int]]  # value, languages, seeds


def compare(rows: Sequence[Row], twins: Twins, languages: Mapping[str, str]) -> list[Row]:
    """One row a printed cell, with ours where it was run.

    twins: the configuration's, with their steps; languages: the name of each language's code.
    `sign`: whether both differences lie on one side of zero; `order`: with how many of the cells of
    its column (one table, task, language and measure) it stands in the printed order, as 2/3.
    """
    found = ours(rows, twins, languages)
    table = []
    for cell in published.cells():
        row: Row = {**cell._asdict(), "printed": cell.value}
        value, over, seeds = found.get(_place(cell), (None, None, None))
        row |= {"ours": value, "difference": None, "sign": ""}
        row |= {"n_languages": over, "n_pretrain_seeds": seeds}
        row["notes"] = " ".join(published.reasons()[note] for note in cell.notes)
        if value is not None:
            row["difference"] = round(value - cell.value, DIGITS)
            row["sign"] = AS_TEXT[_same_sign(cell, value)]
        row["order"] = _order(cell, found)
        row["missing"] = "" if value is not None else _what_makes_it(cell)
        table.append({key: value for key, value in row.items() if key != "value"})
    return table


def agreement(table: Sequence[Row]) -> list[Row]:
    """How the cells of each table and measure that were run agree with the print.

    Of all pairs of cells, and by Spearman's correlation, of all and of those whose print nothing
    puts in doubt. The cells of one table share models and
    languages, so its p is no test; it is left out.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in table:
        if row["metric"] != RHO:
            groups.setdefault((row["table"], row["metric"]), []).append(row)
    return [
        {"table": name, "metric": metric, **_agreement(own)}
        for (name, metric), own in groups.items()
    ]


def ours(rows: Sequence[Row], twins: Twins, languages: Mapping[str, str]) -> Ours:
    """Our value of every place that the paper may have printed."""
    names = {name: twin for twin, name in published.twin_names(twins).items()}
    tuned = [row for row in rows if row["finetune_seed"] is not None and row["twin"] in names]
    found: Ours = {}
    for row in breakdown(tuned, list(twins), needed=("bz", "bs")) if tuned else []:
        lang = languages.get(row["language"], row["language"])
        for metric in ("bz", *DELTAS):
            if row[metric] is not None:
                place = (row["task"], lang, names[row["twin"]], row["pairing"], metric)
                found[place] = (row[metric], row["n_languages"], row["n_pretrain_seeds"])
    measured = [row for row in rows if row["task"] == ALIGNMENT and row["twin"] in names]
    for row in table7([*tuned, *measured], twins) if measured and tuned else []:
        lang = languages.get(row["language"], row["language"])
        if row["row"] == VARIANT:
            place = (ALIGNMENT, lang, names[row["twin"]], row["pairing"], ALIGNMENT)
            found[place] = (row[ALIGNMENT], 1, row["n_pretrain_seeds"])
            seeds = row["n_pretrain_seeds"]
        elif row["row"] == CORRELATION:  # they come after the variants
            for task in {cell.task for cell in published.cells() if cell.metric == RHO}:
                if row.get(task) is not None:
                    found[task, lang, "", "", RHO] = (row[task], 1, seeds)
    return found


def _place(cell: Printed) -> tuple[str, str, str, str, str]:
    return cell.task, cell.language, cell.twin, cell.pairing, cell.metric


def _same_sign(cell: Printed, value: float) -> bool | None:
    """Whether both lie on one side of zero; None where a sign says nothing."""
    if cell.metric not in (*DELTAS, RHO):
        return None
    return (cell.value > 0) - (cell.value < 0) == (value > 0) - (value < 0)


def _order(cell: Printed, found: Ours) -> str:
    column = [
        other
        for other in published.cells()
        if (other.table, other.task, other.language, other.metric)
        == (cell.table, cell.task, cell.language, cell.metric)
        and other != cell
        and _place(other) in found
    ]
    if _place(cell) not in found or not column:
        return ""
    mine = found[_place(cell)][0]
    alike = [_alike(cell.value - o.value, mine - found[_place(o)][0]) for o in column]
    return f"{sum(alike)}/{len(alike)}"


def _alike(printed: float, own: float) -> bool:
    return printed * own > 0 or printed == own == 0


def _agreement(rows: Sequence[Row]) -> Row:
    run = [row for row in rows if row["ours"] is not None]
    signs = [row["sign"] == "yes" for row in run if row["sign"]]
    pairs = [
        _alike(a["printed"] - b["printed"], a["ours"] - b["ours"]) for a, b in combinations(run, 2)
    ]
    found, sound = _rho(run), [row for row in run if not row["notes"]]
    return {
        "n_printed": len(rows),
        "n": len(run),
        "same_sign": sum(signs) if signs else None,
        "pairs": len(pairs),
        "pairs_alike": sum(pairs),
        "rho": None if found.rho is None else round(found.rho, DIGITS),
        "why": "" if found.rho is not None else found.why,
        "n_undoubted": len(sound),
        "rho_undoubted": None if (again := _rho(sound).rho) is None else round(again, DIGITS),
    }


def _rho(rows: Sequence[Row]) -> Correlation:
    return ranks.spearman([row["printed"] for row in rows], [row["ours"] for row in rows], draws=1)


def _what_makes_it(cell: Printed) -> str:
    if cell.metric == RHO:
        return "three twins of another script at least, in one language"
    where = "every language" if cell.language == AVERAGE else cell.language
    task = "any task" if cell.task == ALIGNMENT else f"task {cell.task}"
    return f"an experiment with {where}, twin {cell.twin}, pairing {cell.pairing} and {task}"
