"""Training curves: the loss of every model of a run over its steps, one panel a language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twinlang.cli import UserError, read_lines
from twinlang.config import MONO
from twinlang.plotting import COLOURS, LINES, captioned, legend, looks, panelled, tell
from twinlang.report.run import spoken
from twinlang.tidy import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def read(told: Sequence[Row]) -> list[Row]:
    """Journals with their lines, under `lines`.

    Raises:
        UserError: a journal is empty or broken.
    """
    found = []
    for journal in told:
        lines = read_lines(journal["path"])
        if not lines or not all({"step", "loss", "seconds"} <= line.keys() for line in lines):
            raise UserError(f"{journal['path']} is no journal of a training; train again")
        found.append({**journal, "lines": lines})
    return found


def figure(journals: Sequence[Row]) -> Figure:
    """Loss (nats a masked piece) over steps; a colour and dash a twin, a line a seed."""
    languages = list(dict.fromkeys(journal["language"] for journal in journals))
    names = [_name(journal) for journal in journals]
    colours, dashes = looks(names, COLOURS), looks(names, _dashes(len(set(names))))
    drawn, axes = panelled(len(languages), columns=2)
    for axis, language in zip(axes, languages, strict=True):
        for journal in (journal for journal in journals if journal["language"] == language):
            name = _name(journal)
            _line(axis, journal, color=colours[name], linestyle=dashes[name], label=name)
        axis.set_title(language)
        axis.set_xlabel("steps")
        axis.set_ylabel("loss, nats a masked piece")
    legend(drawn, axes)
    lasts = [journal["lines"][-1] for journal in journals]
    seconds = sum(last["seconds"] for last in lasts)
    steps = sorted({last["step"] for last in lasts})
    return captioned(
        drawn,
        f"Pre-training of {len(journals)} models, {' or '.join(f'{s:,}' for s in steps)} steps "
        f"each, {spoken(seconds)} in all. Losses of bilingual models are over both languages.",
    )


def _line(axis: Axes, journal: Row, **look: Any) -> None:
    lines, last = journal["lines"], journal["lines"][-1]
    points = [line["step"] for line in lines], [line["loss"] for line in lines]
    (drawn,) = axis.plot(*points, linewidth=1.2, **look)
    text = f"{journal['language']}, {_name(journal)}, seed {journal['seed']}: loss {last['loss']:g}"
    tell(drawn, f"{text} after {last['step']:,} steps, {spoken(last['seconds'])}")


def _dashes(count: int) -> list[str]:
    """A dash for each name: another one once all colours are used."""
    return [LINES[k // len(COLOURS) % len(LINES)] for k in range(count)]


def _name(journal: Row) -> str:
    if journal["pairing"] == MONO:
        return "monolingual"
    pairing = "" if journal["pairing"] == "parallel" else f" ({journal['pairing']})"
    return str(journal["twin"]) + pairing
