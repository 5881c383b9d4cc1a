"""The proof sheet of a syntax twin: its rows, and its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from twinlang import families as kin
from twinlang import ordering
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


def table(measured: Mapping[str, Mapping[str, tuple[float, int]]]) -> list[dict[str, Any]]:
    """The rows of `word_order.measures` of the three sides."""
    rows = []
    for name in measured["source"]:
        values = {side: measured[side][name][0] for side in SIDES}
        counts = {f"n_{side}": measured[side][name][1] for side in SIDES}
        rows.append(row(name, "words" if name == LENGTH else "percent", **values, **counts))
    return rows


def surprisals(
    sides: Mapping[str, Sequence[Tree]], steps: Sequence[Any], files: Sequence[str], target: str
) -> list[dict[str, Any]]:
    """Bits a family of each side under the model that its order comes from, nouns and verbs; and
    how many dependents have a label that the target's model has never seen."""
    (_, given), *_ = map(parse, steps)
    paths = {Path(file).stem: file for file in files}
    own, of_target = (ordering.read(paths[lang]) for lang in (given["own"], target))
    share, fall_back = given.get("share", 0.99), given.get("unseen", "own") == "own"
    found = {side: kin.families(trees) for side, trees in sides.items()}
    rows = []
    for name in CLASSES:
        followed = ordering.read(paths[given[name]])[name]
        models = (own[name], followed.mixed(own[name], share, fall_back=fall_back), of_target[name])
        values: dict[str, Any] = {}
        for side, model in zip(SIDES, models, strict=True):
            rows_of_side = kin.at_most(found[side][name], EXACT)
            bits = [-log_likelihood(model, r) / np.log(2) for r in rows_of_side.values()]
            values[side] = float(np.concatenate(bits).mean()) if bits else None
            values[f"n_{side}"] = kin.count(rows_of_side)
        rows.append(row(f"surprisal of {name}", "bits a family", **values))
        rows.append(
            row(
                f"dependents of {name} of unseen label",
                "percent",
                **unseen(found["source"][name], followed),
            )
        )
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

LEFT, WIDTH, STEP, TOP = 220, 400, 28, 56
MARKS = {  # shape and colour (safe for colour-blind readers) of each side
    "source": '<circle cx="{x}" cy="{y}" r="6" fill="none" stroke="#0072b2" stroke-width="2"/>',
    "twin": '<circle cx="{x}" cy="{y}" r="5" fill="#d55e00"/>',
    "target": '<rect x="{left}" y="{top}" width="11" height="11" fill="none" stroke="#009e73" '
    'stroke-width="2"/>',
}


def figure(rows: Sequence[Mapping[str, Any]], lang: str, target: str) -> str:
    """The shares of the three sides as marks on one line a measure, SVG."""
    names = {*(share.name for share in SHARES), HEAD_INITIAL}
    chosen = [r for r in rows if r["measure"] in names]
    bottom = TOP + STEP * len(chosen)
    title = f"{lang}: source, its syntax twin, and {target}"
    body = [f"<title>{escape(title)}</title>"]
    for number, side in enumerate(SIDES):
        body += [
            _mark(side, LEFT + 10 + 100 * number, 24),
            _text(LEFT + 22 + 100 * number, 28, side),
        ]
    for tick in range(0, 101, 25):
        x = LEFT + WIDTH * tick / 100
        body.append(f'<path d="M{x} {TOP - 10}V{bottom - 10}" stroke="#8888" fill="none"/>')
        body.append(_text(x, bottom + 6, f"{tick} %", anchor="middle"))
    for number, one in enumerate(chosen):
        y = TOP + 6 + STEP * number
        body.append(_text(LEFT - 14, y + 4, one["measure"], anchor="end"))
        for side in SIDES:
            if not np.isnan(one[side]):
                body.append(_mark(side, LEFT + WIDTH * one[side] / 100, y))
    size = f'width="{LEFT + WIDTH + 40}" height="{bottom + 24}"'
    style = "text{font:13px sans-serif;fill:currentColor}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}><style>{style}</style>'
    return "\n".join([head, *body, "</svg>", ""])


def _mark(side: str, x: float, y: float) -> str:
    return MARKS[side].format(
        x=f"{x:.1f}", y=f"{y:.1f}", left=f"{x - 5.5:.1f}", top=f"{y - 5.5:.1f}"
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
