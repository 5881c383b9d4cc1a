"""Training of the ordering model: conditional likelihood of the orders of a treebank.

What all n! orders of a family add up to is summed over the 2**n sets of items placed so far
(`ordering.Sums`), and once more forward, which tells how often each pair of items is expected.

A slot is a pair of items that a feature can look at, (kind, one, other); items n and n + 1 of a
family of n stand for its borders. Its value is the sum of the weights of its three features.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from twinlang.families import Families
from twinlang.ordering import (
    KINDS,
    LABELS,
    LEVELS,
    NAME_OF,
    NAMES,
    TAG_OF,
    TAGS,
    Sums,
    chunks,
    from_weights,
    label_name,
    log_likelihood,
    sets,
)

DIGITS = 5  # of a weight in its file
SMALL = 6  # items of the families that the penalty is chosen by: sums take 2**n steps


@cache
def slots(size: int) -> np.ndarray:
    """The slots of n items, (slots, 3)."""
    head, dependents = 0, range(1, size)
    found = [(0, i, j) for i in range(size) for j in range(size) if i != j]
    found += [(0, size, i) for i in range(size)] + [(0, i, size + 1) for i in range(size)]
    found += [(1, head, i) for i in dependents] + [(1, i, head) for i in dependents]
    found += [(k, i, j) for k in (2, 3, 4) for i in dependents for j in dependents if i != j]
    return np.array(found)


def expected(values: np.ndarray, families: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The logarithm of the sum over all orders, (F,), and how often each slot is expected.

    values, and what is expected: (F, kinds, n + 2, n + 2); families: labels (F, n), the head first.
    """
    size, sums = families.shape[1], Sums(values, families)
    before = np.zeros_like(sums.after)  # of a set and its last item; the opening border is item n
    before[:, 0, size] = 1
    for chosen in sums.levels:
        rows, placed = np.nonzero(sets(size)[chosen] == 0)
        reached = before[:, chosen] @ sums.last * sums.gains[:, chosen]
        before[:, chosen[rows] | 1 << placed, placed] = reached[:, rows, placed]
    found = np.zeros_like(values)
    found[:, 0, : size + 1, :size] = sums.last * (before.transpose(0, 2, 1) @ sums.onward)
    found[:, 0, :size, size + 1] = before[:, -1, :size] * sums.closing
    _pairs(found, before @ sums.last * sums.onward)
    return sums.total, found / sums.after[:, 0, size, None, None, None]


def _pairs(found: np.ndarray, placed: np.ndarray) -> None:
    """Adds how often pairs by side are expected; placed: (F, 2**n, n), of each item after a set."""
    size = placed.shape[2]
    inside, outside = sets(size).copy(), 1 - sets(size)
    headed = inside[:, 0] > 0
    inside[:, 0] = outside[:, 0] = 0
    dependents, own = slice(1, size), np.arange(1, size)
    head = placed[:, :, 0]
    found[:, 1, :size, 0] += head @ inside
    found[:, 1, 0, :size] += head @ outside
    found[:, 2, :size, dependents] += inside[~headed].T @ placed[:, ~headed, 1:]
    found[:, 3, :size, :size] += (inside.T[None] * head[:, None, :]) @ outside
    found[:, 4, dependents, :size] += placed[:, headed, 1:].transpose(0, 2, 1) @ outside[headed]
    found[:, 4, own, own] = 0


@dataclass
class Group:
    """The families of one size, each kind of family once.

    families (F, n): labels, the head first; features (F, slots, 3): index of each slot's features;
    observed (F, slots): sums over what was seen; counts (F,): how often.
    """

    families: np.ndarray
    features: np.ndarray
    observed: np.ndarray
    counts: np.ndarray

    def loss(self, weights: np.ndarray, gradient: np.ndarray) -> float:
        """Negative log-likelihood; adds its gradient."""
        size, total = self.families.shape[1], 0.0
        kind, one, other = slots(size).T
        for rows in chunks(*self.families.shape):
            features, observed, counts = self.features[rows], self.observed[rows], self.counts[rows]
            at = weights[features].sum(-1)
            values = np.zeros((len(at), len(KINDS), size + 2, size + 2))
            values[:, kind, one, other] = at
            logs, often = expected(values, self.families[rows])
            slope = often[:, kind, one, other] * counts[:, None] - observed
            for level in range(len(LEVELS)):
                index = features[:, :, level].ravel()
                gradient += np.bincount(index, slope.ravel(), minlength=len(gradient))
            total += float(logs @ counts - (at * observed).sum())
        return total


def group(families: np.ndarray) -> Group:
    """The group of families (F, n), with feature codes in place of indices."""
    found = slots(families.shape[1])
    places = np.argsort(families, axis=1, kind="stable")  # of each item
    canonical = np.take_along_axis(families, places, 1)
    unique, of_family = np.unique(canonical, axis=0, return_inverse=True)
    observed = np.zeros((len(unique), len(found)))
    np.add.at(observed, of_family, _observed(places, found))
    counts = np.bincount(of_family, minlength=len(unique)).astype(np.float64)
    return Group(unique, _codes(unique, found), observed, counts)


def _observed(places: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Whether each slot is filled, (F, slots); places (F, n) of the items."""
    size = places.shape[1]
    kinds, one, other = found.T
    bordered = np.pad(places, ((0, 0), (0, 2)))
    bordered[:, size], bordered[:, size + 1] = -1, size
    left, right, head = bordered[:, one], bordered[:, other], places[:, :1]
    sides = (left < head).astype(np.int64) + (right < head)  # of the head: 2, both before it
    rest = np.array([KINDS.index(kind) for kind in ("after", "across", "before")])[sides]
    kind = np.where((one == 0) | (other == 0), KINDS.index("head"), rest)
    return np.where(kinds == 0, right == left + 1, (left < right) & (kind == kinds))


def _codes(unique: np.ndarray, found: np.ndarray) -> np.ndarray:
    """A number for each feature of each slot, (F, slots, 3)."""
    bordered = np.pad(unique, ((0, 0), (0, 2)))  # the label of the opening border is 0
    bordered[:, -1] = 1
    one, other = bordered[:, found[:, 1]], bordered[:, found[:, 2]]
    kinds = found[:, 0]
    levels = [(one, other), (TAG_OF[one], TAG_OF[other]), (NAME_OF[one], NAME_OF[other])]
    codes = [
        ((level * len(KINDS) + kinds) * LABELS + a) * LABELS + b
        for level, (a, b) in enumerate(levels)
    ]
    return np.stack(codes, axis=-1)


def train(
    families: Families, held_out: Families, *, penalties: list[float], iterations: int
) -> tuple[dict[str, Any], float, float]:
    """Weights as `ordering.from_weights` reads them, the penalty, and the held-out log-likelihood.

    penalties: strengths of L2, of which the one is taken that, learning from small families, is
    best on held-out ones.
    """
    from scipy.optimize import minimize

    groups = [group(rows) for rows in families.values()]
    codes, index = np.unique(
        np.concatenate([one.features.ravel() for one in groups]), return_inverse=True
    )
    ends = np.cumsum([one.features.size for one in groups])
    for one, part in zip(groups, np.split(index, ends[:-1]), strict=True):
        one.features = part.reshape(one.features.shape)

    def fitted(start: np.ndarray, penalty: float, chosen: list[Group]) -> np.ndarray:
        def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
            gradient = penalty * weights
            value = 0.5 * penalty * float(weights @ weights)
            return value + sum(one.loss(weights, gradient) for one in chosen), gradient

        options = {"maxiter": iterations}
        made = minimize(loss, start, method="L-BFGS-B", jac=True, options=options)
        return np.asarray(made.x)

    def valued(weights: np.ndarray) -> tuple[dict[str, Any], float]:
        named = named_weights(codes, weights)
        return named, per_family(held_out, partial(log_likelihood, from_weights(named)))

    few = [one for one in groups if one.families.shape[1] <= SMALL] or groups
    weights, tried = np.zeros(len(codes)), []
    for penalty in sorted(penalties, reverse=True):  # the smoothest first: a start for the next
        weights = fitted(weights, penalty, few)
        tried.append((*valued(weights), penalty, weights))
    named, value, penalty, weights = max(tried, key=lambda one: one[1])
    if len(few) < len(groups):
        named, value = valued(fitted(weights, penalty, groups))
    return named, penalty, value


def per_family(families: Families, measure: Any) -> float:
    """The mean of a measure over all families."""
    return float(np.mean(np.concatenate([measure(rows) for rows in families.values()])))


def named_weights(codes: np.ndarray, weights: np.ndarray) -> dict[str, dict[str, dict[str, float]]]:
    """{kind: {level: {"a b": weight}}}; weights that round to zero are left out."""
    found: dict[str, dict[str, dict[str, float]]] = {k: {v: {} for v in LEVELS} for k in KINDS}
    names = [[label_name(n) for n in range(LABELS)], TAGS, NAMES]
    rounded = np.round(weights, DIGITS)
    for code, weight in zip(
        codes[rounded != 0].tolist(), rounded[rounded != 0].tolist(), strict=True
    ):
        pair, other = divmod(code, LABELS)
        kind, one = divmod(pair, LABELS)
        level, kind = divmod(kind, len(KINDS))
        found[KINDS[kind]][LEVELS[level]][f"{names[level][one]} {names[level][other]}"] = weight
    return found
