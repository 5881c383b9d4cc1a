"""The paper's Figure 1, the procedure, drawn from the rules that ran: boxes in layers, and arrows.

Layers are the longest ways from a source; within a layer boxes lie where those they read from lie
(the barycentres of Sugiyama, Tagawa and Toda 1981). An arrow that others imply is left out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twinlang.plotting import COLOURS, captioned, looks, tell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Edges = Mapping[str, Sequence[str]]  # a box and what it reads from
SWEEPS = 8
WIDE, HIGH, GAP = 2.0, 0.68, 0.34  # of a box, and between two layers, inches
BEND = 0.7  # what an arrow that passes a layer takes of a box's width


def reduced(reads: Edges) -> dict[str, list[str]]:
    """Edges less those that follow from a way over others."""
    return {
        name: [a for a in sources if not any(a in _before(reads, b) for b in sources if b != a)]
        for name, sources in reads.items()
    }


def _before(reads: Edges, name: str) -> set[str]:
    """All that a box depends on, itself left out."""
    found: set[str] = set()
    waiting = list(reads[name])
    while waiting:
        if (source := waiting.pop()) not in found:
            found.add(source)
            waiting += reads[source]
    return found


def layers(reads: Edges) -> list[list[str]]:
    """Boxes by the longest way from a source."""
    depth: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max(map(of, reads[name]), default=-1)
        return depth[name]

    found: list[list[str]] = [[] for _ in range(1 + max(map(of, reads)))]
    for name in reads:
        found[depth[name]].append(name)
    return found


def placed(reads: Edges) -> tuple[dict[str, tuple[float, int]], dict[tuple[str, str], list[str]]]:
    """Where boxes and bends lie (x in widths of a box, layer), and the bends of each arrow."""
    rows = layers(reads)
    depth = {name: level for level, row in enumerate(rows) for name in row}
    chains: dict[tuple[str, str], list[str]] = {}
    up: dict[str, list[str]] = {name: [] for name in reads}
    for name, sources in reads.items():
        for source in sources:
            bends = [f"{source}>{name}@{level}" for level in range(depth[source] + 1, depth[name])]
            for bend in bends:
                rows[depth[source] + 1 + bends.index(bend)].append(bend)
            chains[source, name] = bends
            for above, below in zip([source, *bends], [*bends, name], strict=True):
                up.setdefault(below, []).append(above)
    down: dict[str, list[str]] = {name: [] for name in up}
    for below, found in up.items():
        for above in found:
            down.setdefault(above, []).append(below)
    at = {name: x for row in rows for name, x in _spread(row, dict.fromkeys(row, 0.0))}
    for sweep in range(SWEEPS):
        near = up if sweep % 2 == 0 else down
        for row in rows if near is up else rows[::-1]:
            centre = {
                n: sum(at[m] for m in near[n]) / len(near[n]) if near[n] else at[n] for n in row
            }
            row.sort(key=lambda name: (centre[name], name))  # noqa: B023, used at once
            at |= dict(_spread(row, centre))
    return {name: (at[name], level) for level, row in enumerate(rows) for name in row}, chains


def _spread(row: Sequence[str], centre: Mapping[str, float]) -> list[tuple[str, float]]:
    """A layer's boxes and bends side by side in this order, near to their centres."""
    found, edge = [], -1e9
    for name in row:
        half = (BEND if "@" in name else 1.15) / 2
        found.append(max(centre[name], edge + half))
        edge = found[-1] + half
    lean = sum(x - centre[name] for name, x in zip(row, found, strict=True)) / len(row)
    return [(name, x - lean) for name, x in zip(row, found, strict=True)]


def figure(rules: Mapping[str, Any], run: Mapping[str, Any]) -> Figure:
    """Rules as boxes with what they do, arrows from what makes a file to what reads it.

    rules: by name `says`, `stage` and `reads`; run: what the caption says, as the step has it.
    """
    from matplotlib.figure import Figure as NewFigure

    reads = reduced({name: rule["reads"] for name, rule in rules.items()})
    places, chains = placed(reads)
    xs = [x for x, _ in places.values()]
    deep = 1 + max(level for _, level in places.values())
    size = ((max(xs) - min(xs) + 1.2) * WIDE, deep * (HIGH + GAP) + 1.0)
    drawn = NewFigure(figsize=size, layout="constrained")
    axis = drawn.subplots()
    axis.set_axis_off()
    at = {name: (x * WIDE, -level * (HIGH + GAP)) for name, (x, level) in places.items()}
    colours = looks([rule["stage"] for rule in rules.values()], COLOURS[:6])
    for (source, name), bends in chains.items():
        _arrow(axis, [at[place] for place in (source, *bends, name)])
    for name, rule in rules.items():
        _box(axis, at[name], name, str(rule["says"]), colours[rule["stage"]])
    axis.set_xlim(
        min(x for x, _ in at.values()) - WIDE * 0.6, max(x for x, _ in at.values()) + WIDE * 0.6
    )
    axis.set_ylim(-(deep - 1) * (HIGH + GAP) - HIGH * 0.6, HIGH * 0.6)
    return captioned(drawn, _caption(run))


def _box(axis: Axes, at: tuple[float, float], name: str, says: str, colour: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (at[0] - WIDE / 2, at[1] - HIGH / 2)
    box = FancyBboxPatch(
        corner, WIDE, HIGH, boxstyle="round,pad=0,rounding_size=0.06",
        facecolor="white", edgecolor=colour, linewidth=1.6, zorder=3,
    )  # fmt: skip
    tell(box, f"{name}: {says}")
    axis.add_patch(box)
    axis.text(at[0], at[1] + HIGH / 2 - 0.05, name, ha="center", va="top", fontsize=9, zorder=4)
    text = "\n".join(textwrap.wrap(says, 40)[:3])
    axis.text(
        at[0], at[1] - HIGH / 2 + 0.05, text, ha="center", va="bottom", fontsize=6.5, zorder=4,
        linespacing=1.1,
    )  # fmt: skip


def _arrow(axis: Axes, points: Sequence[tuple[float, float]]) -> None:
    """From under the first box to above the last, through the bends between."""
    first, last = points[0], points[-1]
    path = [(first[0], first[1] - HIGH / 2), *points[1:-1], (last[0], last[1] + HIGH / 2)]
    axis.plot(*zip(*path[:-1], strict=True), color="#777777", linewidth=0.9, zorder=1)
    axis.annotate(
        "", path[-1], path[-2], zorder=2,
        arrowprops={"arrowstyle": "-|>", "color": "#777777", "linewidth": 0.9, "shrinkB": 0},
    )  # fmt: skip


def _caption(run: Mapping[str, Any]) -> str:
    twins = "; ".join(f"{name}: {_steps(steps)}" for name, steps in run["twins"].items())
    return (
        "The procedure, as the rules of this run chain it: a box is a rule, an arrow leads to what "
        "reads its files, and is left out where others lead there too. A twin (derive) of corpora "
        "and data sets stands beside its original; "
        "models are trained on both, or on the original alone (pretrain, pretrain_mono); BZ is "
        "fine-tuned on the original, BS on the twin, MZ is the monolingual model; all are scored "
        f"on the twin. Languages: {', '.join(run['languages'])}. Twins: {twins}. "
        f"Pairings: {', '.join(run['pairings'])}. Tasks: {', '.join(run['tasks'])}. "
        f"{run['models']} bilingual models, {run['cells']} cells."
    )


def _steps(steps: Sequence[Any]) -> str:
    return " then ".join(step if isinstance(step, str) else next(iter(step)) for step in steps)
