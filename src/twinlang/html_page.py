"""Pages: one self-contained HTML file each, readable on paper, in the dark and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from html import escape, unescape
from typing import Any
from unicodedata import bidirectional

from twinlang import fonts

Row = Mapping[str, Any]
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
    "average": "Avg.",
    "value": "alignment",
}
STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --page: #fff; --line: #bbb; --red: #d1442e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --page: #161616; --line: #555; --red: #d94f38; }
}
body { font: 16px/1.45 system-ui, FONTS, sans-serif;
  color: var(--ink); background: var(--page);
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
td.text { text-align: left; white-space: normal; max-width: 34rem; }
td.first { border-left: 1px solid var(--line); }
td small { display: block; }
.shade { background: color-mix(in srgb, var(--red) var(--part), transparent); }
.legend { display: inline-block; width: 7rem; height: .8em; border: 1px solid var(--line);
  background: linear-gradient(90deg, transparent, color-mix(in srgb, var(--red) 70%,
  transparent)); }
"""


def page(title: str, body: str, notes: Iterable[str] = ()) -> str:
    """A page of a title (text), a body and notes (HTML), with fonts for what is not Latin."""
    told = "".join(f"<p>{note}</p>\n" for note in notes)
    faces = fonts.faces(unescape(title + body + told), latin=False)
    style = STYLE.replace("FONTS", fonts.stack()) + faces
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}{told}</body>\n</html>\n"
    )


def parts(made: str) -> tuple[str, str]:
    """The title (text) and what stands under it (HTML) of a page that `page` made.

    Raises:
        ValueError: it is no such page.
    """
    _, start, rest = made.partition("<body>\n<h1>")
    title, middle, rest = rest.partition("</h1>\n")
    body, end, _ = rest.rpartition("</body>")
    if not (start and middle and end):
        raise ValueError("no page of a table")
    return unescape(title), body


def spoken(text: str, lang: str) -> str:
    """Text of a language by itself, with its direction and, of a twin's script, that (HTML)."""
    braille = any(ord(c) in fonts.BRAILLE for c in text)
    strong = next((kind for c in text if (kind := bidirectional(c)) in ("L", "R", "AL")), "L")
    side = "ltr" if strong == "L" else "rtl"
    code = f"{lang}-Brai" if braille else lang
    return f'<bdi lang="{escape(code)}" dir="{side}">{escape(text)}</bdi>'


def listing(rows: Sequence[Row], columns: Mapping[str, str], *, html: Container[str] = ()) -> str:
    """Rows under the given columns (key: heading); numbers to the right, text wraps.

    html: keys whose values are HTML already.
    """
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns.values())
    body = ""
    for row in rows:
        cells = ""
        for key in columns:
            value = row.get(key)
            kind = "" if isinstance(value, int | float) else ' class="text"'
            text = str(value) if value and key in html else escape(text_of(value))
            cells += f"<td{kind}>{text}</td>"
        body += f"<tr>{cells}</tr>\n"
    return (
        f'<div class="wide"><table>\n<thead>\n<tr>{top}</tr>\n</thead>\n<tbody>\n{body}'
        "</tbody>\n</table></div>\n"
    )


def text_of(value: Any) -> str:
    """A value as it is shown: a dash for none, one decimal for a number with a fraction."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def heading(measure: str) -> str:
    """A measure as it is called in a heading."""
    plain = measure.removeprefix("other_").removesuffix("_value")
    return NAMES.get(measure, plain.replace("_", " "))


def grid(
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
    names = [heading(measure) for measure in measures]
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
    mark = row["strong"] if measure == "delta_bz_bs" else ""
    text, style = bracketed(row, measure, mark=mark), ""
    red = min(depth(measure, value), 1.0)
    if red > 0:
        kinds.append("shade")
        style = f' style="--part: {STRENGTH * red:.0f}%"'
    return f'<td class="{" ".join(kinds)}"{style}>{text}</td>'


def loss(measure: str, value: float) -> float:
    """Differences are shaded by how far they lie below zero."""
    return -value / FULL if measure.startswith("delta") else 0.0


def errors(measure: str, value: float) -> float:
    """Accuracies are shaded by how far they lie below 100 percent; chance is not."""
    return 0.0 if measure.endswith("chance") else 1 - value / 100


def bracketed(row: Row, measure: str, *, mark: str = "", digits: int = 1) -> str:
    """A measure of a row, its interval under it (HTML); a dash for none."""
    value, low = row.get(measure), row.get(f"{measure}_low")
    if value is None:
        return "—"
    text = number(value, digits=digits) + mark
    if low is not None:
        ends = (number(row[f"{measure}_{end}"], digits=digits) for end in ("low", "high"))
        text += f"<small>[{', '.join(ends)}]</small>"
    return text


def number(value: float, *, digits: int = 1) -> str:
    """A number with so many decimals, a real minus sign, no minus zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")
