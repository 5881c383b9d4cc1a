"""Permutation: the pieces of each sentence in random order, each equally likely (section 3.2)."""

from __future__ import annotations

import numpy as np

from twinlang.cli import UserError
from twinlang.sentences import GOLDEN, Sentences, splitmix

KEEPS_SPANS = False
BLOCK = 4096  # sentences sorted at once: their packed words stay in the cache
POSITION, NOISE = 16, 32  # bits of a packed word; the sentence's number has the other 16


def order(sentences: Sentences, *, seed: int) -> np.ndarray:
    """Positions of a random order of every sentence, (N,) int64.

    One uint64 a piece holds sentence, noise and position, and one sort of plain integers orders
    all sentences. The noise depends on the sentence's key and the seed alone. Two of a sentence's
    n pieces draw equal noise (and then keep their order) once in 2**33 / n**2 sentences.

    Raises:
        UserError: a sentence has more than 65,536 pieces.
    """
    if len(sentences) and sentences.lengths.max() > 1 << POSITION:
        raise UserError("a sentence has more than 65,536 pieces; set boundary: sentence")
    out = np.empty(sentences.offsets[-1], dtype=np.int64)
    stream = np.uint64((seed + 1) * int(GOLDEN) % (1 << 64))
    keys = splitmix(sentences.keys + stream)
    for first in range(0, len(sentences), BLOCK):
        offsets = sentences.offsets[first : first + BLOCK + 1]
        lengths = np.diff(offsets)
        starts = np.repeat(offsets[:-1], lengths)
        local = (np.arange(offsets[0], offsets[-1]) - starts).view(np.uint64)
        packed = splitmix(np.repeat(keys[first : first + BLOCK], lengths) + local * GOLDEN)
        packed = (packed >> np.uint64(64 - NOISE)) << np.uint64(POSITION)
        packed |= local
        number = np.arange(len(lengths), dtype=np.uint64) << np.uint64(NOISE + POSITION)
        packed |= np.repeat(number, lengths)
        packed.sort()
        packed &= np.uint64((1 << POSITION) - 1)
        out[offsets[0] : offsets[-1]] = packed.view(np.int64) + starts
    return out
