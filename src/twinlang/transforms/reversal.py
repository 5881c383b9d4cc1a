"""Reversal of blocks: the sentence is cut into blocks of pieces, and each is read backwards."""

from __future__ import annotations

import numpy as np

from twinlang.cli import UserError
from twinlang.sentences import Sentences

KEEPS_SPANS = False
VALUES = {"block": {"type": "integer", "minimum": 1}}


def order(sentences: Sentences, *, seed: int, block: int = 3) -> np.ndarray:
    """Positions that invert every block of `block` pieces, (N,) int64; the last may be shorter.

    The seed is not used. A block as long as the sentence is inversion.

    Raises:
        UserError: the block is no positive number.
    """
    if block < 1:
        raise UserError(f"reversal: block {block} is not positive; choose 3, 5 or 10")
    local = sentences.local()
    begin = local // block * block
    last = np.minimum(begin + block, np.repeat(sentences.lengths, sentences.lengths)) - 1
    return np.arange(len(local)) - local + begin + last - local
