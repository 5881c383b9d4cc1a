"""Families: the nouns and verbs of a treebank with their dependents, as rows of labels."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np

from twinlang.ordering import CLASSES, FIRST, HEAD, label, label_name
from twinlang.sources.records import Tree
from twinlang.trees import relation

Families = dict[int, np.ndarray]  # by number of items n: labels (F, n) in the sentence's order


def families(trees: Iterable[Tree]) -> dict[str, Families]:
    """The families of each class of heads; a head without dependents has none."""
    found: dict[str, dict[int, list[list[int]]]] = {name: {} for name in CLASSES}
    of_upos = {upos: name for name, group in CLASSES.items() for upos in group}
    for tree in trees:
        labels = [label(u, relation(r)) for u, r in zip(tree.upos, tree.relations, strict=True)]
        members: dict[int, list[int]] = {}
        for word, head in enumerate(tree.heads):
            if head and tree.upos[head - 1] in of_upos:
                members.setdefault(head - 1, []).append(word)
        for head, dependents in members.items():
            upos = tree.upos[head]
            row = [
                label(upos, HEAD) if w == head else labels[w] for w in sorted([*dependents, head])
            ]
            found[of_upos[upos]].setdefault(len(row), []).append(row)
    return {name: _arrays(by_size) for name, by_size in found.items()}


def _arrays(by_size: dict[int, list[list[int]]]) -> Families:
    return {size: np.array(rows, dtype=np.int64) for size, rows in sorted(by_size.items())}


def count(found: Families) -> int:
    """How many families there are."""
    return sum(len(rows) for rows in found.values())


def at_most(found: Families, items: int) -> Families:
    """The families of at most so many items, the head included."""
    return {size: rows for size, rows in found.items() if size <= items}


def labels(found: Families) -> dict[str, int]:
    """How often each label of a dependent occurs."""
    every = np.concatenate([array[array >= FIRST] for array in found.values()])
    numbers, counts = np.unique(every, return_counts=True)
    return {label_name(n): c for n, c in zip(numbers.tolist(), counts.tolist(), strict=True)}


def rows(found: Families) -> list[list[int]]:
    """All families as lists."""
    return list(chain.from_iterable(array.tolist() for array in found.values()))
