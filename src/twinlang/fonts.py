"""Fonts of the scripts that pages and figures show, cut to the characters that are used.

No page or figure needs a font of the reader's machine. The fonts are Noto's (SIL Open Font Licence)
and, for Braille and signs, the DejaVu Sans that matplotlib brings along.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

EVERY = range(0x110000)
FONTS = {  # family: package, file, code points; the first that has a character shows it
    "Noto Sans Devanagari": (
        "fontpkg_noto_sans_devanagari",
        "files/NotoSansDevanagari[wdth,wght].ttf",
        (range(0x900, 0x980), range(0xA8E0, 0xA900), range(0x200C, 0x200E)),
    ),
    "Noto Sans Arabic": (
        "fontpkg_noto_sans_arabic",
        "files/NotoSansArabic[wdth,wght].ttf",
        (range(0x600, 0x780), range(0x8A0, 0x900), range(0xFB50, 0xFF00)),
    ),
    "Noto Sans": ("fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf", (EVERY,)),
    "DejaVu Sans": ("matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf", (EVERY,)),
}
LATIN = "Noto Sans"
BRAILLE = range(0x2800, 0x2900)
WEIGHTS = (400, 700)


def path(family: str) -> Path:
    """The file of a family."""
    package, name, _ = FONTS[family]
    return Path(str(resources.files(package).joinpath(name)))


def faces(text: str, *, latin: bool = True) -> str:
    """CSS that carries the fonts of a text within it.

    latin: also those of Latin letters and common signs, which every machine has.
    """
    wanted, rules = set(text), []
    for family in FONTS:
        found = wanted & _characters(family)
        wanted -= found
        if not latin:
            found = {c for c in found if _is_of_a_script(family, c)}
        if found - {" "}:
            data = base64.b64encode(_cut(family, "".join(sorted(found)))).decode()
            weight = "400 700" if family.startswith("Noto") else "400"
            rules.append(
                f'@font-face {{ font-family: "{family}"; font-weight: {weight}; '
                f"unicode-range: {_ranges(found)}; "
                f"src: url(data:font/woff;base64,{data}) format('woff'); }}\n"
            )
    return "".join(rules)


def _is_of_a_script(family: str, character: str) -> bool:
    return ord(character) in BRAILLE or EVERY not in FONTS[family][2]


def stack() -> str:
    """The families as CSS lists them."""
    return ", ".join(f'"{family}"' for family in FONTS)


@cache
def _characters(family: str) -> frozenset[str]:
    """What a family is used for: what it has, within its code points."""
    from fontTools.ttLib import TTFont

    known = TTFont(path(family), lazy=True).getBestCmap()
    return frozenset(chr(c) for c in known if any(c in part for part in FONTS[family][2]))


@cache
def _cut(family: str, text: str) -> bytes:
    """The font with what these characters need, their joined forms included, as WOFF."""
    from fontTools import subset
    from fontTools.varLib import instancer

    options = subset.Options(layout_features=["*"], notdef_outline=True, hinting=False)
    options.drop_tables += ["MVAR", "HVAR", "STAT", "FFTM"]
    font = subset.load_font(str(path(family)), options)
    cutter = subset.Subsetter(options)
    cutter.populate(text=text)
    cutter.subset(font)
    if "fvar" in font:
        limits: dict[str, Any] = {"wdth": 100, "wght": WEIGHTS}
        font = instancer.instantiateVariableFont(font, limits)
    font.recalcTimestamp = False
    font.flavor = "woff"
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def _ranges(characters: Iterable[str]) -> str:
    """Characters as CSS names them, runs joined."""
    runs: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return ", ".join(f"U+{a:X}" if a == b else f"U+{a:X}-{b:X}" for a, b in runs)
