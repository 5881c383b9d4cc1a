"""The proof sheet of syntax twins: its rows, and its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from twinlang import families as kin
from twinlang import ordering, word_order
from twinlang.forest import at_most, forest, projective
from twinlang.ordering import CLASSES, EXACT, FIRST, Ordering, log_likelihood
from twinlang.sentences import Sentences
from twinlang.sources.records import Tree
from twinlang.transforms import parse
from twinlang.word_order import HEAD_INITIAL, LENGTH, SHARES

SIDES = ("source", "twin", "target")
PUBLISHED = 6  # dependents of a word, beyond which the published tool drops a sentence


def row(measure: str, unit: str = "", **values: Any) -> dict[str, Any]:
    """One row; n_source and the like say how many were counted."""
    counts = [f"n_{side}" for side in SIDES]
    return {"measure": measure, "unit": unit, **{key: values.get(key) for key in (*SIDES, *counts)}}


def shown(value: Any) -> Any:
    """A value as the table has it."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return f"{value:.3f}" if isinstance(value, float) else value


def followed(steps: Sequence[Any]) -> dict[str, str]:
    """The languages that nouns and verbs of a twin follow, from its steps."""
    (_, given), *_ = map(parse, steps)
    return {name: str(given[name]) for name in CLASSES}


def spoken(followed: Mapping[str, str]) -> str:
    """Them as text: one code, or each with its class."""
    codes = set(followed.values())
    each = ", ".join(f"{lang} ({name})" for name, lang in followed.items())
    return codes.pop() if len(codes) == 1 else each


def table(
    source: Sequence[Tree], twin: Sequence[Tree], targets: Mapping[str, Sequence[Tree]]
) -> list[dict[str, Any]]:
    """The rows of `word_order.measures`; a target is that of the measure's heads, nouns or verbs,
    and of what counts all heads that of the verbs."""
    sides = {"source": source, "twin": twin, **targets}
    measured = {
        name: word_order.measures(forest(word_order.encoded(trees, name)))
        for name, trees in sides.items()
    }
    of_verbs = {share.name for share in SHARES if share.heads == CLASSES["verbs"]}
    rows = []
    for name in measured["source"]:
        target = "verbs" if name in of_verbs | {HEAD_INITIAL, LENGTH} else "nouns"
        found = dict(
            zip(SIDES, (measured[key][name] for key in ("source", "twin", target)), strict=True)
        )
        values = {side: value for side, (value, _) in found.items()}
        counts = {f"n_{side}": count for side, (_, count) in found.items()}
        rows.append(row(name, "words" if name == LENGTH else "percent", **values, **counts))
    return rows


def surprisals(
    source: Sequence[Tree],
    twin: Sequence[Tree],
    targets: Mapping[str, Sequence[Tree]],
    steps: Sequence[Any],
    files: Sequence[str],
) -> list[dict[str, Any]]:
    """Bits a family of each side under the model that its order comes from, nouns and verbs; and
    how many dependents have a label that the target's model has never seen."""
    (_, given), *_ = map(parse, steps)
    paths = {Path(file).stem: file for file in files}
    own = ordering.read(paths[given["own"]])
    share, fall_back = given.get("share", 0.99), given.get("unseen", "own") == "own"
    of_source, of_twin = kin.families(source), kin.families(twin)
    rows = []
    for name in CLASSES:
        model = ordering.read(paths[given[name]])[name]
        models = (own[name], model.mixed(own[name], share, fall_back=fall_back), model)
        values: dict[str, Any] = {}
        sides = of_source[name], of_twin[name], kin.families(targets[name])[name]
        for side, families, used in zip(SIDES, sides, models, strict=True):
            rows_of_side = kin.at_most(families, EXACT)
            bits = [-log_likelihood(used, r) / np.log(2) for r in rows_of_side.values()]
            values[side] = float(np.concatenate(bits).mean()) if bits else None
            values[f"n_{side}"] = kin.count(rows_of_side)
        rows.append(row(f"surprisal of {name}", "bits a family", **values))
        met = unseen(of_source[name], model)
        rows.append(row(f"dependents of {name} of unseen label", "percent", **met))
    return rows


def unseen(families: kin.Families, model: Ordering) -> dict[str, Any]:
    """Share of the dependents whose UPOS and relation the model has hardly met together."""
    labels = np.concatenate([rows[rows >= FIRST] for rows in families.values()])
    return {"source": 100 * float((~model.known[labels]).mean()), "n_source": len(labels)}


def filtered(data: Sentences) -> dict[str, Any]:
    """Share of the source's sentences that the published filters would drop."""
    trees = forest(data)
    dropped = ~(at_most(trees, PUBLISHED) & projective(trees))
    share = 100 * float(dropped.mean())
    return row(
        "sentences that the published filters drop", "percent", source=share, n_source=len(data)
    )


# Figure -------------------------------------------------------------------------------------------

LEFT, WIDTH, STEP, HEAD = 220, 400, 28, 72
MARKS = {  # shape and colour (safe for colour-blind readers) of each side
    "source": '<circle cx="{x}" cy="{y}" r="6" fill="none" stroke="#0072b2" stroke-width="2"/>',
    "twin": '<circle cx="{x}" cy="{y}" r="5" fill="#d55e00"/>',
    "target": '<rect x="{left}" y="{top}" width="11" height="11" fill="none" stroke="#009e73" '
    'stroke-width="2"/>',
}


def figure(sheets: Mapping[str, tuple[str, Sequence[Mapping[str, Any]]]], lang: str) -> str:
    """The shares of the three sides as marks on one line a measure, a panel a twin, SVG.

    sheets: by twin what it follows, and its rows.
    """
    names = {*(share.name for share in SHARES), HEAD_INITIAL}
    body, top = [f"<title>{escape(lang)} and its syntax twins</title>"], 0
    for twin, (follows, rows) in sheets.items():
        chosen = [r for r in rows if r["measure"] in names]
        body += _panel(f"{lang}, its twin {twin}, and {follows}", chosen, top)
        top += HEAD + STEP * len(chosen) + 40
    size = f'width="{LEFT + WIDTH + 40}" height="{top}"'
    style = "text{font:13px sans-serif;fill:currentColor}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}><style>{style}</style>'
    return "\n".join([head, *body, "</svg>", ""])


def _panel(title: str, rows: Sequence[Mapping[str, Any]], top: int) -> list[str]:
    """A panel's head, scale and marks, from `top` (pixels) down."""
    bottom = top + HEAD + STEP * len(rows)
    body = [_text(LEFT, top + 18, title)]
    for number, side in enumerate(SIDES):
        body += [
            _mark(side, LEFT + 10 + 100 * number, top + 40),
            _text(LEFT + 22 + 100 * number, top + 44, side),
        ]
    for tick in range(0, 101, 25):
        x = LEFT + WIDTH * tick / 100
        body.append(f'<path d="M{x} {top + HEAD - 10}V{bottom - 10}" stroke="#8888" fill="none"/>')
        body.append(_text(x, bottom + 6, f"{tick} %", anchor="middle"))
    for number, one in enumerate(rows):
        y = top + HEAD + 6 + STEP * number
        body.append(_text(LEFT - 14, y + 4, one["measure"], anchor="end"))
        for side in SIDES:
            if not np.isnan(one[side]):
                body.append(_mark(side, LEFT + WIDTH * one[side] / 100, y))
    return body


def _mark(side: str, x: float, y: float) -> str:
    return MARKS[side].format(
        x=f"{x:.1f}", y=f"{y:.1f}", left=f"{x - 5.5:.1f}", top=f"{y - 5.5:.1f}"
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
