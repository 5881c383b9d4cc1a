"""Spearman's rank correlation, with what a handful of points can say of it (section 4.4)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from twinlang.statistics.seeds import LEVEL

EXACT = 10  # most points whose orders are all tried: 3.6 million
TABLE = 8  # of these, so many are permuted at once
DRAWS = 99_999
FEWEST_PARTIAL = 10  # points; fewer leave no freedom beside two things held fixed
INTERVAL = "Fisher's z with the variance of Bonett and Wright"


@dataclass(frozen=True)
class Correlation:
    """A correlation of n points; None is what is not defined, and `why` says the reason.

    p is two-sided, found by `method`; the interval is `INTERVAL`'s.
    """

    rho: float | None
    p: float | None
    interval: tuple[float, float] | None
    n: int
    method: str
    why: str = ""


def spearman(
    x: Sequence[float], y: Sequence[float], *, draws: int = DRAWS, level: float = LEVEL
) -> Correlation:
    """Spearman's correlation with average ranks, its permutation p and its interval.

    p is exact up to 10 points, all orders tried; beyond, from `draws` random orders (fixed seed).

    Raises:
        ValueError: x and y differ in length or hold a value that is not finite.
    """
    columns = _checked(x, y)
    n = columns.shape[1]
    if n < 3:
        return Correlation(None, None, None, n, "none", f"n = {n}: three points are needed")
    if constant := [name for name, c in zip("xy", columns, strict=True) if np.ptp(c) == 0]:
        why = f"{' and '.join(constant)} constant: a column of one value has no rank order"
        return Correlation(None, None, None, n, "none", why)
    found = rho(*columns)
    doubled = [_doubled_ranks(column) for column in columns]
    if n <= EXACT:
        p, method = _exact(*doubled), f"all {math.factorial(n):,} orders"
    else:
        p, method = _monte_carlo(*doubled, draws=draws), f"{draws:,} random orders"
    interval = bounds(found, n, level=level)
    return Correlation(found, p, interval, n, method, "" if interval else _why_none(found))


def partial(
    x: Sequence[float],
    y: Sequence[float],
    given: Sequence[Hashable],
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> Correlation:
    """Spearman's correlation of x and y within groups of points that agree in `given`.

    given: of each point what is held fixed, as (order kept, script kept). Ranks are taken of all
    points and centred within each group; p is from `draws` random orders of y within the groups,
    which is right whatever the groups do to x and y. (Ranks less their least squares fit are not:
    where groups lie far apart they found something in 11 % of cases where nothing was.)
    Undefined below 10 points.

    Raises:
        ValueError: columns differ in length or hold a value that is not finite.
    """
    columns = _checked(x, y)
    n = columns.shape[1]
    if len(given) != n:
        raise ValueError(f"columns differ in length: {[n, len(given)]}")
    if n < FEWEST_PARTIAL:
        why = f"n = {n}: a partial correlation needs {FEWEST_PARTIAL} points"
        return Correlation(None, None, None, n, "none", why)
    labels = list(dict.fromkeys(given))
    groups = [np.flatnonzero([label == own for own in given]) for label in labels]
    kept = [_centred(_doubled_ranks(column), groups) for column in columns]
    if lost := [name for name, own in zip("xy", kept, strict=True) if not own.any()]:
        why = f"{' and '.join(lost)} constant within each group: nothing is left to correlate"
        return Correlation(None, None, None, n, "none", why)
    left, right = kept
    found = float(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))
    sums = _within(left, right, groups, draws=draws)
    p = (1 + int((np.abs(sums) >= abs(left @ right) * (1 - 1e-9)).sum())) / (1 + draws)
    interval = bounds(found, n - len(groups) + 1, level=level)
    method, why = f"{draws:,} random orders in groups", "" if interval else _why_none(found)
    return Correlation(found, p, interval, n, method, why)


def rho(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's correlation of the average ranks; nan of a constant column."""
    left, right = (ranks - ranks.mean() for ranks in (_doubled_ranks(x), _doubled_ranks(y)))
    size = math.sqrt(float(left @ left) * float(right @ right))
    return float(left @ right) / size if size else math.nan


def bounds(rho: float, points: int, *, level: float = LEVEL) -> tuple[float, float] | None:
    """The interval of a correlation of so many points; None of +-1 or of three points."""
    from scipy.special import ndtri

    if points <= 3 or abs(rho) > 1 - 1e-12:
        return None
    half = float(ndtri(0.5 + level / 2)) * math.sqrt((1 + rho**2 / 2) / (points - 3))
    return math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)


def _why_none(rho: float) -> str:
    agree = "the ranks agree wholly, which leaves nothing to tell an interval from"
    return agree if abs(rho) > 1 - 1e-12 else "too few points for an interval"


def _checked(*columns: Sequence[float]) -> np.ndarray:
    if len({len(column) for column in columns}) > 1:
        raise ValueError(f"columns differ in length: {[len(column) for column in columns]}")
    found = np.array(columns, dtype=float)
    if not np.isfinite(found).all():
        raise ValueError("a column holds a value that is not finite; leave its point out")
    return found


def _doubled_ranks(values: np.ndarray) -> np.ndarray:
    """Twice the average ranks, (n,) int64: whole numbers, so that equal sums are equal."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (2 * last - count + 1)[place]


def _exact(x: np.ndarray, y: np.ndarray) -> float:
    """Share of all orders of y that are as far from no correlation as the one given."""
    n = len(x)
    centre = n * (n + 1) ** 2
    seen = abs(int(x @ y) - centre)
    free = min(n, TABLE)
    orders = np.array(list(permutations(range(free))))
    hits = 0
    for head in _heads(n, n - free):
        rest = np.delete(y, head)
        sums = rest[orders] @ x[n - free :] + int(x[: n - free] @ y[head])
        hits += int((np.abs(sums - centre) >= seen).sum())
    return hits / math.factorial(n)


def _heads(n: int, length: int) -> Iterator[list[int]]:
    yield from (list(head) for head in permutations(range(n), length))


def _monte_carlo(x: np.ndarray, y: np.ndarray, *, draws: int) -> float:
    n = len(x)
    centre = n * (n + 1) ** 2
    seen = abs(int(x @ y) - centre)
    hits = sum(int((np.abs(found @ x - centre) >= seen).sum()) for found in _shuffled(y, draws))
    return (1 + hits) / (1 + draws)


def _centred(values: np.ndarray, groups: Sequence[np.ndarray]) -> np.ndarray:
    """Values less the mean of their group, (n,)."""
    found = values.astype(float)
    for group in groups:
        found[group] -= found[group].mean()
    return found


def _within(
    left: np.ndarray, right: np.ndarray, groups: Sequence[np.ndarray], *, draws: int
) -> np.ndarray:
    """Sums of products of left and right, right in random order within each group, (draws,)."""
    total = np.zeros(draws)
    for number, group in enumerate(groups):
        shuffled = _shuffled(right[group], draws, seed=number)
        total += np.concatenate([rows @ left[group] for rows in shuffled])
    return total


def _shuffled(
    values: np.ndarray, draws: int, *, seed: int = 0, block: int = 10_000
) -> Iterator[np.ndarray]:
    """`draws` random orders of values, fixed by a seed, in blocks (rows, n)."""
    generator = np.random.default_rng(seed)
    for first in range(0, draws, block):
        rows = np.tile(values, (min(block, draws - first), 1))
        yield generator.permuted(rows, axis=1)
