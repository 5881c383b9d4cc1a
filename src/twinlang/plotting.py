"""What figures share: looks, captions, marks that say their values, files that carry their fonts.

Colours are those of Okabe and Ito, which colour-blind readers tell apart; hatches and markers say
the same without colour.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Sequence
from html import unescape
from typing import TYPE_CHECKING, Any

from twinlang import fonts
from twinlang.cli import writing

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
HATCHES = ("", "//", "..", "xx", "\\\\", "oo", "--")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", ":", "-.")
STYLE: dict[Any, Any] = {
    "font.family": list(fonts.FONTS),
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and copied
    "svg.hashsalt": "twinlang",  # equal rows make equal files
    "pdf.fonttype": 42,
}
MARK = "mark: "
DATES = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def save(make: Callable[[], Figure], paths: Sequence[str]) -> None:
    """Writes a figure to files whose endings say their form; equal figures make equal files."""
    import matplotlib
    from matplotlib import font_manager

    matplotlib.use("agg")
    for family in fonts.FONTS:
        font_manager.fontManager.addfont(fonts.path(family))
    with matplotlib.rc_context(STYLE):
        figure = make()
        for path in paths:
            form, drawn = path.rsplit(".", 1)[-1], io.BytesIO()
            figure.savefig(drawn, format=form, metadata=DATES.get(form, {}), bbox_inches="tight")
            data = drawn.getvalue()
            with writing(path, "wb") as handle:
                handle.write(_finished(data.decode()).encode() if form == "svg" else data)


def tell(artist: Artist, text: str) -> None:
    """Gives a mark its values in words, which an SVG shows where it is pointed at."""
    artist.set_gid(MARK + text)


def _finished(svg: str) -> str:
    """An SVG whose marks say their values and that carries its fonts."""
    svg = re.sub(
        rf'<g id="{MARK}([^"]*)">',
        r'<g class="mark" role="img" tabindex="0" aria-label="\1"><title>\1</title>',
        svg,
    )
    texts = "".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    style = f'<style type="text/css">{fonts.faces(unescape(texts))}</style>'
    return svg.replace("<defs>", f"{style}\n <defs>", 1)


def panelled(count: int, *, columns: int = 4) -> tuple[Figure, list[Axes]]:
    """A figure of so many panels, at most `columns` side by side."""
    from matplotlib.figure import Figure as NewFigure

    wide = min(count, columns)
    high = -(-count // wide)
    size = (max(3.6 * wide, 5.4), 3.9 if high == 1 else 2.6 * high + 1.0)
    figure = NewFigure(figsize=size, layout="constrained")
    axes = list(figure.subplots(high, wide, squeeze=False).flat)
    for axis in axes[count:]:
        axis.remove()
    return figure, axes[:count]


def legend(figure: Figure, axes: Sequence[Axes]) -> None:
    """One legend of the labels of all panels, above them."""
    handles: dict[str, Any] = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    columns = max(1, min(len(handles), int(figure.get_figwidth() / 2.4)))
    shown = handles.values(), handles.keys()
    figure.legend(*shown, loc="outside upper center", ncols=columns, frameon=False)


def captioned(figure: Figure, caption: str) -> Figure:
    """The figure with its caption under it."""
    wide = int(15 * figure.get_figwidth())
    figure.supxlabel(textwrap.fill(caption, wide), fontsize=8, x=0.01, ha="left")
    return figure


def looks(names: Sequence[str], of: Sequence[str]) -> dict[str, str]:
    """A look for each name, the first again after the last."""
    return {name: of[k % len(of)] for k, name in enumerate(dict.fromkeys(names))}
