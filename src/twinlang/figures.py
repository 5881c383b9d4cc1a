"""The figures of the paper from the rows of its tables, as SVG and PDF (sections 4.2 to 4.4).

Every figure carries its caption, written from the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from twinlang.cli import UserError
from twinlang.plotting import (
    COLOURS,
    HATCHES,
    MARKERS,
    captioned,
    legend,
    looks,
    panelled,
    save,
    tell,
)
from twinlang.statistics import LEVEL
from twinlang.tables.measured import ALIGNMENT, CORRELATION, VARIANT
from twinlang.tables.transfer import AVERAGE, TASKS
from twinlang.tidy import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PRINTED = ("nli", "ner", "pos")  # tasks of Figure 5
LOSS = "BS − BZ, points"


class Bar(NamedTuple):
    """A bar of a group: its label, height and interval."""

    label: str
    row: Row


def figure2(rows: Sequence[Row]) -> Figure:
    """Loss of composed twins beside that of their parts, one panel a task, from table 6."""
    language = AVERAGE if any(row["language"] == AVERAGE for row in rows) else rows[0]["language"]
    own = [row for row in rows if row["language"] == language]
    panels = []
    for task in _tasks(own):
        groups: dict[str, list[Bar]] = {}
        for row in own:
            if row["task"] == task:
                groups.setdefault(row["composed"], []).append(Bar(row["twin"], row))
        panels.append((task, groups))
    title = f"Composed twins and their parts ({_called(language)})"
    return _bars(title, panels, "Each group: the parts of a composed twin, then the twin.", own)


def figure3(rows: Sequence[Row]) -> Figure:
    """Loss by pairing, averaged over languages, one group a task, from table 8."""
    own = [row for row in rows if row["language"] == AVERAGE]
    twins = list(dict.fromkeys(row["twin"] for row in own))
    panels = []
    for twin in twins:
        groups: dict[str, list[Bar]] = {}
        for row in own:
            if row["twin"] == twin:
                groups.setdefault(row["task"].upper(), []).append(Bar(row["pairing"], row))
        panels.append((twin, groups))
    return _bars("Where the two corpora come from", panels, "Averaged over languages.", own)


def figure4(rows: Sequence[Row]) -> Figure:
    """Alignment and Δ(BZ−BS) of NLI, or of the first task that was run, from table 7."""
    return _scatter(rows, _run(rows, TASKS)[:1])


def figure5(rows: Sequence[Row]) -> Figure:
    """Alignment and Δ(BZ−BS), one panel a task, from table 7."""
    return _scatter(rows, _run(rows, PRINTED) or _run(rows, TASKS))


FIGURES: dict[str, Callable[[Sequence[Row]], Figure]] = {
    "figure2": figure2,
    "figure3": figure3,
    "figure4": figure4,
    "figure5": figure5,
}


def draw(name: str, rows: Sequence[Row], paths: Sequence[str]) -> None:
    """Writes a figure to files whose endings say their form; equal rows make equal files."""
    save(lambda: FIGURES[name](rows), paths)


def _bars(
    title: str, panels: Sequence[tuple[str, dict[str, list[Bar]]]], told: str, rows: Sequence[Row]
) -> Figure:
    """Groups of bars, one panel each; a bar's colour and hatch go with its label."""
    figure, axes = panelled(len(panels))
    labels = list(
        dict.fromkeys(b.label for _, groups in panels for g in groups.values() for b in g)
    )
    for axis, (name, groups) in zip(axes, panels, strict=True):
        width = 0.8 / max(map(len, groups.values()))
        for number, bars in enumerate(groups.values()):
            for place, bar in enumerate(bars):
                _bar(axis, number + (place - (len(bars) - 1) / 2) * width, width, bar, labels)
        axis.set_xticks(range(len(groups)), [_broken(group) for group in groups])
        axis.set_title(name.upper() if name in TASKS else name)
        axis.set_ylabel(LOSS)
        axis.axhline(0, color="black", linewidth=0.8)
    legend(figure, axes)
    return captioned(figure, f"{title}. Higher is worse. {told} {_taken(rows, 'delta_bz_bs')}")


def _bar(axis: Axes, x: float, width: float, bar: Bar, labels: Sequence[str]) -> None:
    """One bar, its value above it and its interval if there is one."""
    style = labels.index(bar.label) % len(COLOURS)
    value, low = -bar.row["delta_bz_bs"], bar.row.get("delta_bz_bs_low")
    error = None
    if low is not None:
        error = [[value + bar.row["delta_bz_bs_high"]], [-low - value]]
    drawn = axis.bar(
        x, value, width, color=COLOURS[style], hatch=HATCHES[style], edgecolor="white",
        yerr=error, capsize=2, label=bar.label,
    )  # fmt: skip
    text = f"{value:.1f}".replace("-", "−")
    place = f"{bar.row['task'].upper()}, {bar.row['language']}"
    tell(drawn[0], f"{bar.label}, {place}: {text} points{_between(bar.row, 'delta_bz_bs', -1)}")
    axis.annotate(text, (x, max(value, 0)), ha="center", va="bottom", fontsize=7)


def _scatter(rows: Sequence[Row], tasks: Sequence[str]) -> Figure:
    """Variants by alignment and difference; a colour a language, a marker a variant."""
    figure, axes = panelled(len(tasks))
    points = [row for row in rows if row["row"] == VARIANT]
    colours = looks([point["language"] for point in points], COLOURS)
    markers = looks([_variant(point) for point in points], MARKERS)
    found = []
    for axis, task in zip(axes, tasks, strict=True):
        for point in (point for point in points if point.get(task) is not None):
            drawn = axis.errorbar(
                point[ALIGNMENT], point[task], linestyle="", capsize=2, elinewidth=0.8,
                color=colours[point["language"]], marker=markers[_variant(point)],
                xerr=_whisker(point, ALIGNMENT), yerr=_whisker(point, task),
            )  # fmt: skip
            name = f"{point['language']}, {_variant(point)}, {task.upper()}"
            values = (f"{point[key]:.1f}{_between(point, key)}" for key in (ALIGNMENT, task))
            tell(drawn[0], f"{name}: {' percent aligned, '.join(values)} points".replace("-", "−"))
            if len(colours) > 1:  # what the colour says
                place = (point[ALIGNMENT], point[task])
                axis.annotate(
                    point["language"], place, xytext=(4, 3), textcoords="offset points", fontsize=7
                )
        axis.set_title(task.upper())
        axis.set_xlabel("alignment, percent")
        axis.set_ylabel("Δ(BZ−BS), points")
        axis.margins(0.1)
        found += [_rho(row, task) for row in rows if row["row"] == CORRELATION]
    _key(figure, colours, markers)
    told = "; ".join(text for text in found if text) or "none is defined, with so few variants"
    caption = f"Alignment and transfer. Spearman's ρ: {told}. {_taken(points, ALIGNMENT)}"
    return captioned(figure, caption)


def _key(figure: Figure, colours: dict[str, str], markers: dict[str, str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], linestyle="", marker=marker, color="grey", label=name)
        for name, marker in markers.items()
    ]
    if len(colours) > 1:
        handles += [Patch(color=colour, label=name) for name, colour in colours.items()]
    wide = int(figure.get_figwidth() / 2.4)
    figure.legend(handles=handles, loc="outside upper center", ncols=wide, frameon=False)


def _whisker(point: Row, measure: str) -> list[list[float]] | None:
    low, high = point.get(f"{measure}_low"), point.get(f"{measure}_high")
    return None if low is None else [[point[measure] - low], [high - point[measure]]]


def _between(row: Row, measure: str, sign: int = 1) -> str:
    """An interval in words, of what is drawn upside down with `sign` -1; empty if there is none."""
    low, high = row.get(f"{measure}_low"), row.get(f"{measure}_high")
    if low is None or high is None:
        return ""
    ends = sorted((sign * low, sign * high))
    return f" ({ends[0]:.1f} to {ends[1]:.1f})".replace("-", "−")


def _variant(point: Row) -> str:
    pairing = "" if point["pairing"] == "parallel" else f" ({point['pairing']})"
    return str(point["twin"]) + pairing


def _rho(row: Row, task: str) -> str:
    if row.get(task) is None:
        return ""
    told = f"{task.upper()} {row['language']} {row[task]:.2f}".replace("-", "−")
    return f"{told} (p {row[f'{task}_p']:.3f}, n = {row[f'{task}_n']})"


def _taken(rows: Sequence[Row], measure: str) -> str:
    """What the values are taken over, and what the whiskers are."""
    seeds = sorted({row["n_pretrain_seeds"] for row in rows})
    told = f"Pre-training seeds: {' to '.join(map(str, dict.fromkeys((seeds[0], seeds[-1]))))}."
    if any(row.get(f"{measure}_low") is not None for row in rows):
        return f"{told} Whiskers: Student's {LEVEL:.0%} interval over seeds."
    return f"{told} No interval: it needs two."


def _tasks(rows: Sequence[Row]) -> list[str]:
    return [task for task in TASKS if any(row["task"] == task for row in rows)]


def _run(rows: Sequence[Row], tasks: Sequence[str]) -> list[str]:
    """The tasks that a variant has.

    Raises:
        UserError: there is none.
    """
    found = [t for t in tasks if any(r["row"] == VARIANT and r.get(t) is not None for r in rows)]
    if not found and tasks == TASKS:
        raise UserError("no aligned twin has a fine-tuned task; add one to its experiment")
    return found


def _called(language: str) -> str:
    return "averaged over languages" if language == AVERAGE else language


def _broken(name: str) -> str:
    """A name on two lines where it is composed."""
    return name.replace("+", "+\n")
