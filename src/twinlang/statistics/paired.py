"""Tests between two cells that were scored on the same dev set, and Holm's correction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

DRAWS = 9_999


def swap_test(left: np.ndarray, right: np.ndarray, *, draws: int = DRAWS) -> float:
    """Two-sided p of the difference of two scores, by swapping them within examples at random.

    left, right: (parts, examples), a score being the sum of its first row over that of its second,
    as F1 is twice the hits over what was found and what was to be found; or (examples,), a mean.
    The draws have a fixed seed.

    Raises:
        ValueError: the shapes differ, there is no example, or a value is not finite.
    """
    first, second = (np.atleast_2d(np.asarray(side, dtype=float)) for side in (left, right))
    if first.shape != second.shape or not first.size:
        raise ValueError(f"two cells of one dev set have equal shapes: {left.shape} {right.shape}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("a value of an example is not finite")
    change = second - first
    sums, others = first.sum(axis=1), second.sum(axis=1)
    seen = abs(_ratio(sums[None]) - _ratio(others[None]))[0]
    generator, hits, block = np.random.default_rng(0), 0, 1000
    for start in range(0, draws, block):
        swapped = generator.random((min(block, draws - start), first.shape[1])) < 0.5
        moved = swapped @ change.T
        found = np.abs(_ratio(sums + moved) - _ratio(others - moved))
        hits += int((found >= seen - 1e-12).sum())
    return (1 + hits) / (1 + draws)


def mcnemar(left: np.ndarray, right: np.ndarray) -> float:
    """Exact two-sided p of McNemar's test: of the examples that one side alone has right.

    left, right: (examples,) bool.
    """
    from scipy.special import bdtr

    only = int((left & ~right).sum()), int((right & ~left).sum())
    return min(1.0, 2 * float(bdtr(min(only), sum(only), 0.5))) if sum(only) else 1.0


def holm(ps: Sequence[float]) -> list[float]:
    """p values made larger so that any wrong finding among all has the level of one (Holm)."""
    values = np.asarray(ps, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError("a p value is not finite; leave it out")
    order = np.argsort(values, kind="stable")
    factors = np.arange(len(values), 0, -1)
    adjusted = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    found = np.empty(len(values))
    found[order] = adjusted
    return [float(value) for value in found]


def _ratio(sums: np.ndarray) -> np.ndarray:
    """Scores of sums (draws, parts)."""
    return sums[:, 0] if sums.shape[1] == 1 else sums[:, 0] / np.maximum(sums[:, 1], 1e-300)
