"""Orders drawn from an ordering model: exactly where sums over all orders fit, else by a chain."""

from __future__ import annotations

from functools import cache

import numpy as np

from twinlang.ordering import EXACT, Ordering, chunks

ROOM = 1 << 24  # numbers that a drawer keeps of one size of families (64 MB)
SWEEPS = 30  # moves of each item of a family that is too large to be summed


class Drawer:
    """Draws orders of families; what was summed once is kept, for equal families come again."""

    def __init__(self, model: Ordering, *, best: bool = False) -> None:
        self.model, self.best = model, best
        self._kept: dict[int, _Kept] = {}

    def draw(self, families: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Orders (F, n): which item stands at each place.

        families (F, n): labels, the head first, then sorted; noise (F, n): uniform in [0, 1). With
        `best` the likeliest order, else a draw from the distribution.
        """
        count, size = families.shape
        if size > EXACT:
            pairs = zip(families, noise, strict=True)
            return np.array([chain(self.model, *pair, best=self.best) for pair in pairs])
        kept = self._kept.setdefault(size, _Kept(size))
        found = np.empty((count, size), dtype=np.int64)
        unique, of_family = _unique(families)
        for rows in chunks(len(unique), size):
            places = kept.places(self.model, unique[rows], best=self.best)
            chosen = np.flatnonzero((of_family >= rows.start) & (of_family < rows.stop))
            of_chunk = places[of_family[chosen] - rows.start]
            found[chosen] = kept.draw(of_chunk, None if self.best else noise[chosen])
        return found


class _Kept:
    """The sums of families of n items, in single precision, in arrays that grow; the largest weight
    of an item after each set is 1."""

    def __init__(self, size: int) -> None:
        self.index: dict[bytes, int] = {}
        self.items = np.empty((0, 1 << size, size), dtype=np.float32)
        self.last = np.empty((0, size + 1, size), dtype=np.float32)

    def places(self, model: Ordering, families: np.ndarray, *, best: bool) -> np.ndarray:
        """Where the sums of families (F, n) lie; those that are new are made."""
        if self.items[0:1].size * len(self.index) > ROOM:
            self.index.clear()
        keys = [row.tobytes() for row in families]
        new = [number for number, key in enumerate(keys) if key not in self.index]
        if new:
            made = model.sums(families[new], best=best)
            high = np.maximum(made.onward.max(2, keepdims=True), np.finfo(np.float64).tiny)
            start, end = len(self.index), len(self.index) + len(new)
            if end > len(self.items):
                self.items = _grown(self.items, end)
                self.last = _grown(self.last, end)
            self.items[start:end], self.last[start:end] = made.onward / high, made.last
            for number, row in enumerate(new, start):
                self.index[keys[row]] = number
        return np.array([self.index[key] for key in keys])

    def draw(self, rows: np.ndarray, noise: np.ndarray | None) -> np.ndarray:
        """Orders (R, n) of the families at `rows`; None takes the likeliest item at each step."""
        size = self.items.shape[2]
        found = np.empty((len(rows), size), dtype=np.int64)
        placed, last = np.zeros(len(rows), dtype=np.int64), np.full(len(rows), size)
        for place in range(size):
            weights = self.items[rows, placed] * self.last[rows, last]
            if noise is None:
                last = weights.argmax(1)
            else:
                sums = weights.cumsum(1, dtype=np.float64)
                last = (sums <= noise[:, place, None] * sums[:, -1:]).sum(1)
            found[:, place] = last
            placed |= 1 << last
        return found


def _grown(array: np.ndarray, needed: int) -> np.ndarray:
    larger = np.empty((max(needed, 2 * len(array)), *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger


def _unique(families: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different rows, and which of them each row is."""
    rows = np.ascontiguousarray(families)
    whole = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))[:, 0]
    _, first, inverse = np.unique(whole, return_index=True, return_inverse=True)
    return rows[first], inverse


def chain(model: Ordering, family: np.ndarray, noise: np.ndarray, *, best: bool) -> np.ndarray:
    """An order (n,) of one family by a Metropolis chain that moves one item to another place.

    Its randomness comes from the first number of `noise`. With `best`, the likeliest order it met.
    """
    size, values = len(family), model.values(family[None])[0]
    generator = np.random.Generator(np.random.Philox(int(noise[0] * (1 << 53))))
    moves = generator.integers(size, size=(SWEEPS * size, 2)).tolist()
    chances = np.log(generator.random(len(moves))).tolist()
    equals = (np.flatnonzero(family[1:] == family[:-1])).tolist()
    found = list(range(size))
    score = _score(values, found)
    top, top_score = found, score
    for (source, target), chance in zip(moves, chances, strict=True):
        moved = found.copy()
        moved.insert(target, moved.pop(source))
        if any(moved.index(item) > moved.index(item + 1) for item in equals):
            continue  # equal labels keep the order of the sentence
        other = _score(values, moved)
        if chance < other - score:
            found, score = moved, other
            if score > top_score:
                top, top_score = found, score
    return np.array(top if best else found)


def _score(values: np.ndarray, order: list[int]) -> float:
    """w . f of an order, from the values of pairs (kinds, n + 2, n + 2)."""
    size = len(order)
    placed = np.array([size, *order, size + 1])
    one, other, kinds = _all_pairs(size)
    pairs = values[kinds[order.index(0)], placed[one], placed[other]].sum()
    return float(pairs + values[0, placed[:-1], placed[1:]].sum())


@cache
def _all_pairs(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places of the pairs of n items, and of what kind each is by the place of the head."""
    one, other = np.triu_indices(size, 1)
    heads = np.arange(size)[:, None]
    kinds = np.select([(one == heads) | (other == heads), other < heads, one > heads], [1, 2, 4], 3)
    return one + 1, other + 1, kinds
