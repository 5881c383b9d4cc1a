"""Tables as one self-contained HTML page each, laid out and shaded like the paper's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

from twinlang import html_page
from twinlang.html_page import (
    FULL,
    NAMES,
    Find,
    Label,
    bracketed,
    errors,
    grid,
    listing,
    loss,
    number,
)
from twinlang.statistics import LEVEL, ranks
from twinlang.tables import AVERAGE, COUNTS, STRONG
from twinlang.tables.measured import ALIGNMENT, PARTIAL, VARIANT
from twinlang.tables.transfer import TASKS
from twinlang.tidy import Row

DEFINITIONS = (
    "BZ: bilingual model fine-tuned on the original, scored on the twin; BS: the same model "
    "fine-tuned on the twin; MZ: monolingual model fine-tuned on the original, scored on the twin."
)

OF_PAIRS = "One encoder. BZ: tuned on the first, scored on the second; BS: tuned on the second."


def page(table: str, rows: Sequence[Row], *, more: Sequence[str] = ()) -> str:
    """The page of a table (`table3` ...) from its rows."""
    title, body = LAYOUTS[table](rows)
    return html_page.page(title, body, [*_notes(rows), *map(escape, more)])


def _table3(rows: Sequence[Row]) -> tuple[str, str]:
    found = {(row["task"], _twin(row)): row for row in rows}
    body = grid(
        [(task, task.upper()) for task in _each(rows, "task")],
        _twins(rows),
        _at(found),
        ("delta_bz_bs", "delta_mz_bs", "bz"),
        corner="Task",
        depth=loss,
    )
    return "Table 3: zero-shot transfer, averaged over languages", body


def _table5(rows: Sequence[Row]) -> tuple[str, str]:
    body = ""
    for task in _each(rows, "task"):
        own = [row for row in rows if row["task"] == task]
        found = {(row["language"], _twin(row)): row for row in own}
        languages = [name for name in _each(own, "language") if name != AVERAGE]
        body += f"<h2>{escape(task.upper())}</h2>\n" + grid(
            [(name, NAMES.get(name, name)) for name in [*languages, AVERAGE]],
            _twins(rows),
            _at(found),
            ("bz", "delta_bz_bs", "delta_mz_bs"),
            corner="Language",
            marked=(AVERAGE,),
            depth=loss,
        )
    return "Table 5: zero-shot transfer by language", body


def _table6(rows: Sequence[Row]) -> tuple[str, str]:
    body = ""
    for name in _each(rows, "language"):
        own = [row for row in rows if row["language"] == name]
        found = {((row["composed"], _twin(row)), row["task"]): row for row in own}
        lines = dict.fromkeys((row["composed"], _twin(row)) for row in own)
        body += f"<h2>{escape(NAMES.get(name, name))}</h2>\n" + grid(
            [(line, _twin_name(line[1], rows)) for line in lines],
            [(task, task.upper()) for task in _each(own, "task")],
            _at(found),
            ("bz", "delta_bz_bs"),
            corner="Twin",
            marked=[line for line in lines if line[0] == line[1][0]],
            depth=loss,
        )
    return "Table 6: composed twins and their parts", body


def _table7(rows: Sequence[Row]) -> tuple[str, str]:
    tasks = [task for task in TASKS if any(row.get(task) is not None for row in rows)]
    columns = {"name": "Variant", **{task: task.upper() for task in tasks}, ALIGNMENT: "Alignment"}
    columns["chance"] = "Chance"
    body = ""
    for lang in _each(rows, "language"):
        own = [row for row in rows if row["language"] == lang]
        shown = [_variant(row, tasks) for row in own if row["row"] == VARIANT]
        told = [_correlation(row, tasks) for row in own if row["row"] != VARIANT]
        body += f"<h2>{escape(lang)}</h2>\n"
        body += listing([*shown, *told], columns, html=(*tasks, ALIGNMENT))
    return "Table 7: alignment beside Δ(BZ−BS)", body


def _variant(row: Row, tasks: Sequence[str]) -> Row:
    cells = {key: bracketed(row, key) for key in (*tasks, ALIGNMENT)}
    return {"name": f"{row['twin']} · {row['pairing']}", "chance": row["chance"], **cells}


def _correlation(row: Row, tasks: Sequence[str]) -> Row:
    held = " within groups of equal order" if row["row"] == PARTIAL else ""
    told = {"name": f"Spearman's ρ with alignment{held}"}
    for task in tasks:
        told[task] = escape(f"— ({row.get(f'{task}_why')})")
        if row.get(task) is not None:
            ps = f"p {row[f'{task}_p']:.3f} (Holm {row[f'{task}_p_holm']:.3f})"
            text = bracketed(row, task, digits=2)
            told[task] = f"{text}<small>{ps}, n = {row[f'{task}_n']}</small>"
    return told


def _table8(rows: Sequence[Row]) -> tuple[str, str]:
    body = ""
    for twin in _each(rows, "twin"):
        own = [row for row in rows if row["twin"] == twin]
        found = {((row["pairing"], row["language"]), row["task"]): row for row in own}
        lines = dict.fromkeys(
            (pairing, lang)
            for pairing in _each(own, "pairing")
            for lang in sorted(_each(own, "language"), key=AVERAGE.__eq__)
        )
        body += f"<h2>{escape(twin)}</h2>\n" + grid(
            [(line, f"{line[0]} · {NAMES.get(line[1], line[1])}") for line in lines],
            [(task, task.upper()) for task in _each(own, "task")],
            _at(found),
            ("delta_bz_bs", "bz"),
            corner="Pairing · language",
            marked=[line for line in lines if line[1] == AVERAGE],
            depth=loss,
        )
    return "Table 8: where the two corpora come from", body


def _pairs(rows: Sequence[Row]) -> tuple[str, str]:
    found = {((row["source"], row["language"]), row["task"]): row for row in rows}
    body = grid(
        [(pair, f"{pair[0]} → {NAMES.get(pair[1], pair[1])}") for pair, _ in found],
        [(task, task.upper()) for task in _each(rows, "task")],
        _at({key: {"strong": "", **row} for key, row in found.items()}),
        ("bz", "delta_bz_bs", "bs"),
        corner="Pair",
        marked=[pair for pair, _ in found if pair[1] == AVERAGE],
        depth=loss,
    )
    return "Pairs of natural languages: tuned on the first, scored on the second", body


def _pairs_retrieval(rows: Sequence[Row]) -> tuple[str, str]:
    body = _retrieval([{**row, "twin": f"from {row['twin']}"} for row in rows])[1]
    return "Retrieval of translations, without fine-tuning", body


def _retrieval(rows: Sequence[Row]) -> tuple[str, str]:
    names = _names(rows)
    layers = [name for name in names if name.startswith("layer_")]
    body = _measured(rows, [name for name in names if name not in layers])
    if layers:
        body += "<h2>After each layer of the bilingual model (0: the embeddings)</h2>\n"
        body += _measured(rows, layers)
    return "Retrieval of the twin of a sentence, without fine-tuning", body


def _alignment(rows: Sequence[Row]) -> tuple[str, str]:
    names = [name for name in _names(rows) if not name.endswith("_n")]
    other = [name for name in names if name.startswith("other_")]
    body = _measured(rows, [name for name in names if name not in other])
    if other:
        body += "<h2>Other measures, which are not the paper's, each with its chance</h2>\n"
        body += _measured(rows, other)
    return "Alignment of the embeddings", body


def _measured(rows: Sequence[Row], shown: Sequence[str]) -> str:
    found = {((row["language"], *_twin(row), row["setting"]), ""): row for row in rows}
    return grid(
        [(key, f"{key[0]} · {_twin_name(key[1:3], rows)}") for key, _ in found],
        [("", "Percent")],
        _at(found),
        shown,
        corner="Language · twin",
        depth=errors,
    )


def _names(rows: Sequence[Row]) -> list[str]:
    """The measures of rows, without their bounds."""
    fixed = {"twin", "pairing", "language", "setting", "metric", *COUNTS}
    names = dict.fromkeys(key for row in rows for key in row if key not in fixed)
    return [name for name in names if not name.endswith(("_low", "_high"))]


def _at(found: Mapping[tuple[Any, Any], Row]) -> Find:
    return lambda line, group: found.get((line, group))


LAYOUTS: dict[str, Callable[[Sequence[Row]], tuple[str, str]]] = {
    "table3": _table3,
    "table5": _table5,
    "table6": _table6,
    "table7": _table7,
    "table8": _table8,
    "retrieval": _retrieval,
    "pairs": _pairs,
    "pairs-retrieval": _pairs_retrieval,
    "alignment": _alignment,
}


def _notes(rows: Sequence[Row]) -> list[str]:
    """What the numbers are taken over, in words, all of it read from the rows."""
    if "row" in rows[0]:
        return _notes_of_alignment(rows)
    if "task" not in rows[0]:
        return [
            f"Queries: {_span(row['n_examples'] for row in rows)} a language and twin. "
            "The lower an accuracy, the redder.",
            _seeds(rows),
        ]
    devices = ", ".join(_each(rows, "device")), ", ".join(_each(rows, "precision"))
    settings = OF_PAIRS if "source" in rows[0] else DEFINITIONS
    return [
        f"{settings} Scores and differences (Δ) in percent points.",
        f'Shade: Δ from 0 <span class="legend"></span> to {number(-FULL)} and below. '
        f"* strong transfer: |Δ(BZ−BS)| ≤ {STRONG:g}, and all of its interval. — no such cell, as "
        "where a twin does not keep answers together or a language has no data for the task.",
        escape(f"n: {'; '.join(_size(rows, task) for task in _each(rows, 'task'))}."),
        _seeds(rows),
        escape(f"Computed on {devices[0]} in {devices[1]}."),
    ]


def _notes_of_alignment(rows: Sequence[Row]) -> list[str]:
    shown = [row for row in rows if row["row"] == VARIANT]
    methods = dict.fromkeys(
        row[key] for row in rows for key in row if key.endswith("_method") and row[key] != "none"
    )
    chance = f" p: {', '.join(methods)}, two-sided." if methods else ""
    return [
        "Alignment: percent of moved pieces whose nearest neighbour by cosine among the moved rows "
        f"of the twin is their counterpart; {_span(row['n_pieces'] for row in shown)} pieces. "
        "Δ(BZ−BS) in percent points.",
        escape(f"Spearman's correlation with average ranks; interval: {ranks.INTERVAL}.{chance}"),
        _seeds(shown),
    ]


def _size(rows: Sequence[Row], task: str) -> str:
    """How many languages and examples the numbers of a task are taken over."""
    own = [row for row in rows if row["task"] == task]
    widest = max(row["n_languages"] for row in own)
    sizes = [row["n_examples"] for row in own if row["n_languages"] == widest]
    languages = f"{widest} language{'s' if widest > 1 else ''}"
    metric = NAMES.get(own[0]["metric"], own[0]["metric"])
    return f"{task.upper()} ({metric}) {languages}, {_span(sizes)} examples"


def _seeds(rows: Sequence[Row]) -> str:
    seeds = _span(row["n_pretrain_seeds"] for row in rows)
    text = f"Pre-training seeds: {seeds}."
    if "n_finetune_seeds" in rows[0]:
        text += f" Fine-tuning seeds: {_span(row['n_finetune_seeds'] for row in rows)}."
    if any(key.endswith("_low") and row[key] is not None for row in rows for key in row):
        return f"{text} In brackets: Student's {LEVEL:.0%} interval over pre-training seeds."
    return f"{text} No interval: it needs two pre-training seeds."


def _span(values: Iterable[int]) -> str:
    """One number, or the least and the largest."""
    found = sorted(set(values))
    return f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,} to {found[-1]:,}"


def _each(rows: Sequence[Row], key: str) -> list[str]:
    return list(dict.fromkeys(row[key] for row in rows))


def _twin(row: Row) -> tuple[str, str]:
    return row["twin"], row["pairing"]


def _twins(rows: Sequence[Row]) -> list[Label]:
    return [(twin, _twin_name(twin, rows)) for twin in dict.fromkeys(_twin(row) for row in rows)]


def _twin_name(twin: tuple[str, str], rows: Sequence[Row]) -> str:
    """The twin, with its pairing where the table has several."""
    return twin[0] if len(_each(rows, "pairing")) == 1 else f"{twin[0]} ({twin[1]})"
