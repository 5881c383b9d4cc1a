"""What an ordering model must beat: orders from left to right, and a side for each relation.

Both give probabilities of orders of labels, as the model does: equal labels are not told apart.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import gammaln

from twinlang.families import Families
from twinlang.ordering import FIRST, LABELS, NAME_OF, NAMES

Measure = Callable[[np.ndarray], np.ndarray]  # families (F, n) -> log p (F,)


def markov(families: Families, *, smoothing: float = 0.1) -> Measure:
    """Each label drawn from those that are left, in proportion to how often it follows the last."""
    counts = np.full((LABELS, LABELS), smoothing)
    for rows in families.values():
        before = np.pad(rows, ((0, 0), (1, 0)))[:, :-1]  # label 0 is the opening border
        np.add.at(counts, (before, rows), 1)

    def measure(rows: np.ndarray) -> np.ndarray:
        total = np.zeros(len(rows))
        before = np.zeros(len(rows), dtype=np.int64)
        for place in range(rows.shape[1]):
            weights = counts[before[:, None], rows[:, place:]]
            total += np.log(weights[:, 0] / weights.sum(1))
            before = rows[:, place]
        return total + _ways(rows)

    return measure


def directions(families: Families, *, smoothing: float = 0.5) -> Measure:
    """Each dependent on the side that its relation has, any order of a side equally likely."""
    counts = np.full((len(NAMES), 2), smoothing)
    for rows in families.values():
        np.add.at(counts, (NAME_OF[rows], _after(rows)), rows >= FIRST)
    logs = np.log(counts / counts.sum(1, keepdims=True))

    def measure(rows: np.ndarray) -> np.ndarray:
        dependent, after = rows >= FIRST, _after(rows)
        sides = (logs[NAME_OF[rows], after] * dependent).sum(1)
        right = (dependent & (after > 0)).sum(1)
        left = dependent.sum(1) - right
        return sides - gammaln(left + 1) - gammaln(right + 1) + _ways(rows)

    return measure


def _after(rows: np.ndarray) -> np.ndarray:
    """1 where an item stands after its head."""
    return (np.arange(rows.shape[1]) > (rows < FIRST).argmax(1)[:, None]).astype(np.int64)


def _ways(rows: np.ndarray) -> np.ndarray:
    """Logarithm of how many orders of items are one order of labels."""
    total = np.zeros(len(rows))
    for place in range(rows.shape[1]):
        total += np.log((rows[:, : place + 1] == rows[:, place, None]).sum(1))
    return total
