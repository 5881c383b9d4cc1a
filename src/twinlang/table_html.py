"""Tables as one self-contained HTML page each, laid out and shaded like the paper's."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from html import escape
from typing import Any

from twinlang.statistics import LEVEL
from twinlang.tables import AVERAGE, COUNTS, STRONG
from twinlang.tidy import Row

Find = Callable[[Any, Any], Row | None]
Depth = Callable[[str, float], float]  # of a measure and its value: 0 no shade, 1 the fullest
Label = tuple[Any, str]  # what a row or a group of columns is looked up by, and what it is called

FULL = 50.0  # points below zero at which the shade is fullest
STRENGTH = 70  # percent of red in the fullest shade; text stays readable on it, light or dark
NAMES = {
    "bz": "BZ",
    "bs": "BS",
    "mz": "MZ",
    "delta_bz_bs": "Δ(BZ−BS)",
    "delta_mz_bs": "Δ(MZ−BS)",
    "f1": "F1",
    AVERAGE: "Avg.",
}
DEFINITIONS = (
    "BZ: bilingual model fine-tuned on the original, scored on the twin; BS: the same model "
    "fine-tuned on the twin; MZ: monolingual model fine-tuned on the original, scored on the twin."
)
STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --page: #fff; --line: #bbb; --red: #d1442e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --page: #161616; --line: #555; --red: #d94f38; }
}
body { font: 16px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--page);
  margin: 1.5rem auto; padding: 0 1rem; max-width: 75rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin-bottom: .3rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; }
th[scope=row], th[rowspan] { text-align: left; position: sticky; left: 0;
  background: var(--page); }
thead th { text-align: center; font-weight: 600; }
thead tr:first-child, thead tr:last-child, tbody tr:last-child { border-bottom: 1px solid; }
thead tr:first-child { border-top: 2px solid; border-bottom-color: var(--line); }
th[scope=row] { font-weight: 400; }
tr.mark { border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
tr.mark, tr.mark th { font-weight: 600; }
td.first { border-left: 1px solid var(--line); }
td small { display: block; }
.shade { background: color-mix(in srgb, var(--red) var(--part), transparent); }
.legend { display: inline-block; width: 7rem; height: .8em; border: 1px solid var(--line);
  background: linear-gradient(90deg, transparent, color-mix(in srgb, var(--red) 70%,
  transparent)); }
"""


def page(table: str, rows: Sequence[Row]) -> str:
    """The page of a table (`table3` ...) from its rows."""
    title, body = LAYOUTS[table](rows)
    notes = "".join(f"<p>{note}</p>\n" for note in _notes(rows))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}{notes}</body>\n</html>\n"
    )


def _table3(rows: Sequence[Row]) -> tuple[str, str]:
    found = {(row["task"], _twin(row)): row for row in rows}
    body = _grid(
        [(task, task.upper()) for task in _each(rows, "task")],
        _twins(rows),
        _at(found),
        ("delta_bz_bs", "delta_mz_bs", "bz"),
        corner="Task",
        depth=_loss,
    )
    return "Table 3: zero-shot transfer, averaged over languages", body


def _table5(rows: Sequence[Row]) -> tuple[str, str]:
    body = ""
    for task in _each(rows, "task"):
        own = [row for row in rows if row["task"] == task]
        found = {(row["language"], _twin(row)): row for row in own}
        languages = [name for name in _each(own, "language") if name != AVERAGE]
        body += f"<h2>{escape(task.upper())}</h2>\n" + _grid(
            [(name, NAMES.get(name, name)) for name in [*languages, AVERAGE]],
            _twins(rows),
            _at(found),
            ("bz", "delta_bz_bs", "delta_mz_bs"),
            corner="Language",
            marked=(AVERAGE,),
            depth=_loss,
        )
    return "Table 5: zero-shot transfer by language", body


def _table6(rows: Sequence[Row]) -> tuple[str, str]:
    body = ""
    for name in _each(rows, "language"):
        own = [row for row in rows if row["language"] == name]
        found = {((row["composed"], _twin(row)), row["task"]): row for row in own}
        lines = dict.fromkeys((row["composed"], _twin(row)) for row in own)
        body += f"<h2>{escape(NAMES.get(name, name))}</h2>\n" + _grid(
            [(line, _twin_name(line[1], rows)) for line in lines],
            [(task, task.upper()) for task in _each(own, "task")],
            _at(found),
            ("bz", "delta_bz_bs"),
            corner="Twin",
            marked=[line for line in lines if line[0] == line[1][0]],
            depth=_loss,
        )
    return "Table 6: composed twins and their parts", body


def _retrieval(rows: Sequence[Row]) -> tuple[str, str]:
    found = {((row["language"], *_twin(row), row["setting"]), ""): row for row in rows}
    fixed = {"twin", "pairing", "language", "setting", "metric", *COUNTS}
    names = dict.fromkeys(key for row in rows for key in row if key not in fixed)
    shown = [name for name in names if not name.endswith(("_low", "_high"))]
    body = _grid(
        [(key, f"{key[0]} · {_twin_name(key[1:3], rows)}") for key, _ in found],
        [("", "Accuracy at 1, percent")],
        _at(found),
        shown,
        corner="Language · twin",
        depth=_errors,
    )
    return "Retrieval of the twin of a sentence, without fine-tuning", body


def _at(found: Mapping[tuple[Any, Any], Row]) -> Find:
    return lambda line, group: found.get((line, group))


LAYOUTS: dict[str, Callable[[Sequence[Row]], tuple[str, str]]] = {
    "table3": _table3,
    "table5": _table5,
    "table6": _table6,
    "retrieval": _retrieval,
}


def _grid(
    lines: Sequence[Label],
    groups: Sequence[Label],
    find: Find,
    measures: Sequence[str],
    *,
    corner: str,
    depth: Depth,
    marked: Container[Any] = (),
) -> str:
    """A table of lines by groups of columns, one column a measure in each."""
    top = "".join(
        f'<th colspan="{len(measures)}" scope="colgroup">{escape(name)}</th>' for _, name in groups
    )
    names = [NAMES.get(measure, measure.replace("_", " ")) for measure in measures]
    under = "".join(f'<th scope="col">{escape(name)}</th>' for _ in groups for name in names)
    body = ""
    for line, called in lines:
        cells = "".join(
            _cell(find(line, group), measure, depth=depth, first=measure == measures[0])
            for group, _ in groups
            for measure in measures
        )
        kind = ' class="mark"' if line in marked else ""
        body += f'<tr{kind}><th scope="row">{escape(called)}</th>{cells}</tr>\n'
    return (
        f'<div class="wide"><table>\n<thead>\n<tr><th rowspan="2" scope="col">{corner}</th>{top}'
        f"</tr>\n<tr>{under}</tr>\n</thead>\n<tbody>\n{body}</tbody>\n</table></div>\n"
    )


def _cell(row: Row | None, measure: str, *, depth: Depth, first: bool) -> str:
    """A number with one decimal, its interval under it, shaded redder the lower it is."""
    kinds = ["first"] if first else []
    value = None if row is None else row.get(measure)
    if row is None or value is None:
        return f'<td class="{" ".join(kinds)}">—</td>'
    text, style, low = _number(value), "", row.get(f"{measure}_low")
    if measure == "delta_bz_bs":
        text += row["strong"]
    if low is not None:
        text += f"<small>[{_number(low)}, {_number(row[f'{measure}_high'])}]</small>"
    red = min(depth(measure, value), 1.0)
    if red > 0:
        kinds.append("shade")
        style = f' style="--part: {STRENGTH * red:.0f}%"'
    return f'<td class="{" ".join(kinds)}"{style}>{text}</td>'


def _loss(measure: str, value: float) -> float:
    """Differences are shaded by how far they lie below zero."""
    return -value / FULL if measure.startswith("delta") else 0.0


def _errors(measure: str, value: float) -> float:
    """Accuracies are shaded by how far they lie below 100 percent; chance is not."""
    return 0.0 if measure == "chance" else 1 - value / 100


def _number(value: float) -> str:
    """One decimal, a real minus sign, no minus zero."""
    return f"{round(value, 1) + 0.0:.1f}".replace("-", "−")


def _notes(rows: Sequence[Row]) -> list[str]:
    """What the numbers are taken over, in words, all of it read from the rows."""
    if "task" not in rows[0]:
        return [
            f"Queries: {_span(row['n_examples'] for row in rows)} a language. "
            "The lower an accuracy, the redder.",
            _seeds(rows),
        ]
    devices = ", ".join(_each(rows, "device")), ", ".join(_each(rows, "precision"))
    return [
        f"{DEFINITIONS} Scores and differences (Δ) in percent points.",
        f'Shade: Δ from 0 <span class="legend"></span> to {_number(-FULL)} and below. '
        f"* strong transfer: |Δ(BZ−BS)| ≤ {STRONG:g}. — no such cell, as where a twin does not "
        "keep answers together or a language has no data for the task.",
        escape(f"n: {'; '.join(_size(rows, task) for task in _each(rows, 'task'))}."),
        _seeds(rows),
        escape(f"Computed on {devices[0]} in {devices[1]}."),
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
