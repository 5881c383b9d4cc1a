"""Local shuffle: pieces in random order within windows of the sentence, which keep their place."""

from __future__ import annotations

import numpy as np

from twinlang.cli import UserError
from twinlang.sentences import Sentences
from twinlang.transforms import permutation

KEEPS_SPANS = False
VALUES = {"window": {"type": "integer", "minimum": 1}}


def order(sentences: Sentences, *, seed: int, window: int = 3) -> np.ndarray:
    """Positions that permute every window of `window` pieces, (N,) int64; the last may be shorter.

    Raises:
        UserError: the window is no positive number.
    """
    if window < 1:
        raise UserError(f"shuffle: window {window} is not positive; choose 3, 5 or 10")
    shuffled = permutation.order(sentences, seed=seed)
    starts = np.repeat(sentences.offsets[:-1], sentences.lengths)
    # A window takes its pieces in the order in which a permutation of the whole sentence has them.
    windows = starts + (shuffled - starts) // window * window
    return shuffled[np.argsort(windows, kind="stable")]
