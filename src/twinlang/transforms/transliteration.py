"""Transliteration: the same words in a script of their own (section 3.2).

As ids, a moved piece is its id plus |V|, one-to-one; the special pieces stay shared. As text, the
twin's script is Braille, whose 256 patterns serve as one symbol a byte, so that derived text can
be shown and read back to exactly the same ids.
"""

from __future__ import annotations

import numpy as np

from twinlang.cli import UserError
from twinlang.pieces import FIRST

KEEPS_SPANS = True
VALUES = {"fraction": {"type": "number", "minimum": 0, "maximum": 1}}
BRAILLE = 0x2800


def respell(vocabulary: int, *, seed: int, fraction: float = 1.0) -> np.ndarray:
    """The twin's id of every id, (|V|,) uint32: id + |V| for the moved pieces.

    fraction: share of the pieces that move, drawn without replacement; f leaves an overlap
    (section 4.1) of (1 - f) / (1 + f).

    Raises:
        UserError: the fraction is not within 0 to 1.
    """
    if not 0 <= fraction <= 1:
        raise UserError(f"transliteration: fraction {fraction} is not between 0 and 1")
    table = np.arange(vocabulary, dtype=np.uint32)
    moved = FIRST + np.random.Generator(np.random.Philox(seed)).permutation(vocabulary - FIRST)
    table[moved[: round(fraction * len(moved))]] += np.uint32(vocabulary)
    return table


def to_script(data: bytes) -> str:
    """UTF-8 text in the twin's script, one symbol a byte."""
    return "".join(chr(BRAILLE + byte) for byte in data)


def is_script(letter: str) -> bool:
    """Whether a letter is a symbol of the twin's script."""
    return 0 <= ord(letter) - BRAILLE < 256


def from_script(text: str) -> str:
    """What `to_script` wrote, read back; text in other scripts stays as it is.

    Raises:
        UserError: the symbols are not the bytes of a text.
    """
    data = bytearray()
    for symbol in text:
        data += bytes([ord(symbol) - BRAILLE]) if is_script(symbol) else symbol.encode()
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"text in the twin's script ends within a letter ({error})") from None
