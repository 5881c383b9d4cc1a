"""Inversion: each sentence read from its end to its beginning (section 3.2)."""

from __future__ import annotations

import numpy as np

from twinlang.sentences import Sentences

KEEPS_SPANS = True


def order(sentences: Sentences, *, seed: int) -> np.ndarray:
    """Positions that invert every sentence, (N,) int64; the seed is not used."""
    mirror = sentences.offsets[:-1] + sentences.offsets[1:] - 1
    return np.repeat(mirror, sentences.lengths) - np.arange(sentences.offsets[-1])
