"""Learning curves: alignment and transfer over the checkpoints of pre-training, as a figure."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twinlang.cli import UserError
from twinlang.plotting import COLOURS, MARKERS, captioned, legend, looks, panelled, tell
from twinlang.tidy import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUMBERS = ("step", "alignment", "chance", "bz", "bs")
ALIGNMENT = "alignment"


def read(paths: Sequence[str]) -> list[Row]:
    """The rows of curves.

    Raises:
        UserError: a file is none, or a score is no number.
    """
    rows: list[Row] = []
    for path in paths:
        with open(path, encoding="utf-8", newline="") as handle:
            for line in csv.DictReader(handle):
                try:
                    values = {key: float(line[key]) if line[key] else None for key in NUMBERS}
                except (KeyError, ValueError) as error:
                    raise UserError(
                        f"{path} is no learning curve ({error}); make it anew"
                    ) from None
                rows.append({**line, **values})
    if not rows:
        raise UserError(
            "no checkpoint was followed: no language of the first experiment is trained here"
        )
    return rows


def figure(rows: Sequence[Row]) -> Figure:
    """Percent aligned, then BZ and BS of each task, over steps on a logarithmic axis."""
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    twins = list(dict.fromkeys(row["twin"] for row in rows))
    colours, markers = looks(twins, COLOURS), looks(twins, MARKERS)
    aligned = any(row[ALIGNMENT] is not None for row in rows)
    names = [ALIGNMENT, *tasks] if aligned else tasks
    drawn, axes = panelled(len(names), columns=3)
    for axis, name in zip(axes, names, strict=True):
        for twin in twins:
            look = {"color": colours[twin], "marker": markers[twin]}
            own = [r for r in rows if r["twin"] == twin and name in (ALIGNMENT, r["task"])]
            if name == ALIGNMENT:
                _curve(axis, list({r["step"]: r for r in own}.values()), ALIGNMENT, twin, **look)
            else:
                _curve(axis, own, "bz", f"{twin}, BZ", **look)
                _curve(axis, own, "bs", f"{twin}, BS", linestyle="--", alpha=0.6, **look)
        axis.set_xscale("symlog", linthresh=1)
        axis.set_xlim(left=0)
        axis.set_title(name.upper() if name in tasks else name)
        axis.set_xlabel("steps of pre-training")
        axis.set_ylabel("percent aligned" if name == ALIGNMENT else "percent")
    legend(drawn, axes)
    return captioned(drawn, _caption(rows))


def _curve(axis: Axes, rows: Sequence[Row], measure: str, label: str, **look: Any) -> None:
    """One line and its marks, each of which says its values."""
    points = sorted((row["step"], row[measure]) for row in rows if row[measure] is not None)
    if not points:
        return
    marker = look.pop("marker")
    told = "_nolegend_" if measure == ALIGNMENT else label  # its colours are those of BZ
    axis.plot(*zip(*points, strict=True), linewidth=1.2, label=told, **look)
    for step, value in points:
        (mark,) = axis.plot([step], [value], marker=marker, markersize=3.5, **look)
        tell(mark, f"{label}, {measure.upper()}: {value:.1f} percent after {step:,.0f} steps")


def _caption(rows: Sequence[Row]) -> str:
    first = rows[0]
    sizes = sorted({row["n"] for row in rows})
    chances = [row["chance"] for row in rows if row["chance"] is not None]
    chance = f" Chance of alignment: {max(chances):.2g} percent." if chances else ""
    return (
        f"Learning curves ({first['language']}, {first['pairing']}, pre-training seed "
        f"{first['pretrain_seed']}, fine-tuning seed {first['finetune_seed']}): the model as "
        "it was after so many steps, fine-tuned on each task. "
        f"n: {' to '.join(dict.fromkeys((sizes[0], sizes[-1])))} examples. One seed, so no "
        f"interval.{chance}"
    )
