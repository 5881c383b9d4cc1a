"""Training of the ordering model: conditional likelihood of the orders of a treebank.

The orders of a family are scored all at once. Each is a row of zeros and ones over the slots that
its items could fill (which pair stands next to each other, which on one side of the head ...), and
a slot's value is the sum of the weights of its three features. So the scores of all orders of F
families are one product (F, slots) x (slots, n!), and its transpose gives the gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from itertools import permutations
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
    from_weights,
    label_name,
    log_likelihood,
)

DIGITS = 5  # of a weight in its file


@cache
def slots(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Slots of n items (slots, 3): kind and two items (-1, -2: borders); orders (n!, slots)."""
    head, dependents = 0, range(1, size)
    found = [(0, i, j) for i in range(size) for j in range(size) if i != j]
    found += [(0, -1, i) for i in range(size)] + [(0, i, -2) for i in range(size)]
    found += [(1, head, i) for i in dependents] + [(1, i, head) for i in dependents]
    found += [(k, i, j) for k in (2, 3, 4) for i in dependents for j in dependents if i != j]
    index = {slot: number for number, slot in enumerate(found)}
    orders = np.zeros((len(list(permutations(range(size)))), len(found)))
    for row, order in enumerate(permutations(range(size))):
        place = order.index(head)
        for i, one in enumerate(order):
            for j in range(i + 1, size):
                kind = 1 if place in (i, j) else 2 if place > j else 4 if place < i else 3
                orders[row, index[kind, one, order[j]]] = 1
        for pair in zip((-1, *order), (*order, -2), strict=True):
            orders[row, index[0, *pair]] = 1
    return np.array(found), orders


@dataclass
class Group:
    """The families of one size, each kind of family once.

    features (F, slots, 3): index of each slot's features; orders (n!, slots); observed (F, slots):
    sums over what was seen; counts (F,): how often.
    """

    features: np.ndarray
    orders: np.ndarray
    observed: np.ndarray
    counts: np.ndarray

    def loss(self, weights: np.ndarray, gradient: np.ndarray) -> float:
        """Negative log-likelihood; adds its gradient."""
        values = weights[self.features].sum(-1)
        scores = values @ self.orders.T
        high = scores.max(1, keepdims=True)
        np.exp(scores - high, out=scores)
        total = scores.sum(1, keepdims=True)
        scores *= self.counts[:, None] / total
        slope = scores @ self.orders - self.observed
        for level in range(len(LEVELS)):
            index = self.features[:, :, level].ravel()
            gradient += np.bincount(index, slope.ravel(), minlength=len(gradient))
        logs = (np.log(total) + high)[:, 0] @ self.counts
        return float(logs - (values * self.observed).sum())


def group(families: np.ndarray) -> Group:
    """The group of families (F, n), with feature codes in place of indices."""
    size = families.shape[1]
    found, orders = slots(size)
    places = np.argsort(families, axis=1, kind="stable")  # of each item
    canonical = np.take_along_axis(families, places, 1)
    items = np.argsort(places, axis=1)  # the item at each place of the sentence
    every = np.array(list(permutations(range(size)))) @ size ** np.arange(size)
    ranked = np.argsort(every)
    row = ranked[np.searchsorted(every[ranked], items @ size ** np.arange(size))]
    unique, of_family = np.unique(canonical, axis=0, return_inverse=True)
    observed = np.zeros((len(unique), len(found)))
    np.add.at(observed, of_family, orders[row])
    counts = np.bincount(of_family, minlength=len(unique)).astype(np.float64)
    return Group(_codes(unique, found), orders, observed, counts)


def _codes(unique: np.ndarray, found: np.ndarray) -> np.ndarray:
    """A number for each feature of each slot, (F, slots, 3)."""
    bordered = np.pad(unique, ((0, 0), (0, 2)))
    bordered[:, -2] = 1  # item -2 is the closing border, -1 the opening one
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

    penalties: strengths of L2, of which the one is taken that is best on held-out families.
    """
    from scipy.optimize import minimize

    groups = [group(rows) for rows in families.values()]
    codes, index = np.unique(
        np.concatenate([one.features.ravel() for one in groups]), return_inverse=True
    )
    ends = np.cumsum([one.features.size for one in groups])
    for one, part in zip(groups, np.split(index, ends[:-1]), strict=True):
        one.features = part.reshape(one.features.shape)

    def loss(weights: np.ndarray, penalty: float) -> tuple[float, np.ndarray]:
        gradient = penalty * weights
        value = 0.5 * penalty * float(weights @ weights)
        return value + sum(one.loss(weights, gradient) for one in groups), gradient

    weights, best = np.zeros(len(codes)), None
    for penalty in sorted(penalties, reverse=True):  # the smoothest first: a start for the next
        options = {"maxiter": iterations}
        made = minimize(loss, weights, (penalty,), method="L-BFGS-B", jac=True, options=options)
        weights = made.x
        named = named_weights(codes, weights)
        value = per_family(held_out, partial(log_likelihood, from_weights(named)))
        if best is None or value > best[2]:
            best = named, penalty, value
    assert best is not None
    return best


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
