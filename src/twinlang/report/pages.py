"""Pages of the comparison with the print and of the claims."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from twinlang.html_page import heading, listing, number, page
from twinlang.tidy import Row

COMPARED = {
    "place": "Cell",
    "metric": "Measure",
    "printed": "Printed",
    "ours": "Ours",
    "difference": "Difference",
    "sign": "Same sign",
    "order": "Pairs in order",
    "notes": "Doubts about the print",
}
AGREEMENT = {
    "table": "Table",
    "metric": "Measure",
    "n_printed": "Printed",
    "n": "Run",
    "same_sign": "Same sign",
    "pairs": "Pairs",
    "pairs_alike": "In order",
    "rho": "ρ",
    "n_undoubted": "Without doubt",
    "rho_undoubted": "ρ of these",
}


def compare_page(rows: Sequence[Row], agreement: Sequence[Row]) -> str:
    """The printed cells that were run beside ours, by table, and how each table agrees."""
    shown = [
        {**row, "metric": heading(row["metric"]), **_two_digits(row, "rho", "rho_undoubted")}
        for row in agreement
    ]
    body = "<h2>Agreement</h2>\n" + listing(shown, AGREEMENT)
    for table in dict.fromkeys(row["table"] for row in rows):
        run = [_shown(row) for row in rows if row["table"] == table and row["ours"] is not None]
        of = sum(row["table"] == table for row in rows)
        body += f"<h2>{escape(table)}: {len(run)} of {of} printed cells were run</h2>\n"
        body += listing(run, COMPARED) if run else ""
    notes = [
        "Printed: Deshpande, Talukdar and Narasimhan, <i>When is BERT Multilingual?</i> (NAACL "
        "2022), one run a cell, without intervals. Ours: the means of this run, at its own scale.",
        "Pairs in order: with how many of the other cells of its column (one table, task, language "
        "and measure) a cell stands in the printed order. ρ: Spearman's correlation over cells, "
        "which share models, so that no p is given.",
    ]
    return page("The printed numbers beside ours", body, notes)


def _shown(row: Row) -> Row:
    names = (row["task"].upper(), row["language"], row["twin"], row["pairing"])
    place = " · ".join(name for name in names if name)
    small = {key: f"{row[key]:g}".replace("-", "−") for key in ("printed",)}
    digits = 2 if row["metric"] in ("alignment", "spearman") else 1
    mine = {key: number(row[key], digits=digits) for key in ("ours", "difference")}
    return {**row, "place": place, "metric": heading(row["metric"]), **small, **mine}


def _two_digits(row: Row, *keys: str) -> Row:
    return {key: None if row[key] is None else number(row[key], digits=2) for key in keys}
