"""Forests: the trees of many sentences as flat arrays, and their words laid out in a new order.

A tree is laid out family by family: a head and the subtrees of its dependents, each whole, in some
order. So non-projective trees come out projective, and nothing else is asked of a tree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinlang.cli import UserError
from twinlang.sentences import Sentences
from twinlang.trees import COLUMNS


@dataclass(frozen=True)
class Forest:
    """V nodes of S sentences, numbered through, and E = 2 V places in families.

    Nodes (V,): heads (a node, or -1), upos, relations, sentence, numbers (within the sentence),
    weights (pieces). Families: V of the nodes, then S of the sentences, whose members are roots;
    each lists its head and dependents as they stand: members, families (E,), sorted by family and
    then by the first piece; `starts` (V + S + 1,) where each begins.
    """

    heads: np.ndarray
    upos: np.ndarray
    relations: np.ndarray
    sentence: np.ndarray
    numbers: np.ndarray
    weights: np.ndarray
    of_piece: np.ndarray
    members: np.ndarray
    families: np.ndarray
    starts: np.ndarray

    def slots(self) -> np.ndarray:
        """The place of each member in its family, (E,)."""
        return np.arange(len(self.members)) - self.starts[self.families]


def forest(sentences: Sentences) -> Forest:
    """The trees that sentences carry.

    Raises:
        UserError: they carry none.
    """
    missing = [name for name in COLUMNS if name not in sentences.columns]
    if missing:
        raise UserError(
            f"these sentences carry no trees (no column {missing[0]}); encode them with --trees"
        )
    numbers = sentences.columns["nodes"].astype(np.int64)
    sizes = np.zeros(len(sentences), dtype=np.int64)
    filled = np.flatnonzero(sentences.lengths)
    if len(filled):
        sizes[filled] = np.maximum.reduceat(numbers, sentences.offsets[:-1][filled]) + 1
    first = np.cumsum(sizes) - sizes  # node of each sentence
    shift = np.repeat(first, sentences.lengths)
    of_piece, count = numbers + shift, int(sizes.sum())

    def of_node(name: str, default: int) -> np.ndarray:
        values = np.full(count, default, dtype=np.int64)
        values[of_piece] = sentences.columns[name]
        return values

    heads = of_node("heads", -1)
    sentence = np.repeat(np.arange(len(sentences)), sizes)
    heads = np.where(heads < 0, -1, heads + first[sentence])
    ranks = np.full(count, len(numbers), dtype=np.int64)
    ranks[of_piece[::-1]] = np.arange(len(numbers))[::-1]  # the first piece is written last
    nodes = np.arange(count)
    families = np.concatenate([nodes, np.where(heads < 0, count + sentence, heads)])
    order = np.argsort(families * (len(numbers) + 1) + np.tile(ranks, 2), kind="stable")
    families = families[order]
    return Forest(
        heads=heads,
        upos=of_node("upos", 0),
        relations=of_node("relations", 0),
        sentence=sentence,
        numbers=nodes - first[sentence],
        weights=np.bincount(of_piece, minlength=count),
        of_piece=of_piece,
        members=np.tile(nodes, 2)[order],
        families=families,
        starts=np.searchsorted(families, np.arange(count + len(sentences) + 1)),
    )


def levels(heads: np.ndarray) -> list[np.ndarray]:
    """The nodes of each depth, roots first."""
    depth = np.where(heads < 0, 0, -1)
    found = [np.flatnonzero(depth == 0)]
    waiting = np.flatnonzero(depth < 0)
    while len(waiting):
        reached = depth[heads[waiting]] >= 0
        assert reached.any(), "trees have no cycles: their reader refuses them"
        found.append(waiting[reached])
        depth[waiting[reached]] = 1
        waiting = waiting[~reached]
    return found


def projective(trees: Forest) -> np.ndarray:
    """Whether each sentence's tree has no crossing arcs: every subtree is a run of words, (S,)."""
    low, high, size = trees.numbers.copy(), trees.numbers.copy(), np.ones_like(trees.numbers)
    for nodes in reversed(levels(trees.heads)[1:]):
        heads = trees.heads[nodes]
        np.minimum.at(low, heads, low[nodes])
        np.maximum.at(high, heads, high[nodes])
        np.add.at(size, heads, size[nodes])
    return _none(trees, high - low + 1 != size)


def at_most(trees: Forest, dependents: int) -> np.ndarray:
    """Whether no word of each sentence has more dependents, (S,)."""
    sizes = np.diff(trees.starts)[: len(trees.heads)]
    return _none(trees, sizes - 1 > dependents)


def _none(trees: Forest, nodes: np.ndarray) -> np.ndarray:
    """Whether no node of each sentence is marked."""
    count = len(trees.starts) - 1 - len(trees.heads)
    return np.bincount(trees.sentence[nodes], minlength=count) == 0


def laid_out(trees: Forest, slots: np.ndarray) -> np.ndarray:
    """Positions (N,) of the pieces when each member takes the place `slots` (E,) in its family."""
    by_depth, count = levels(trees.heads), len(trees.heads)
    spans = trees.weights.astype(np.int64)
    for nodes in reversed(by_depth[1:]):
        np.add.at(spans, trees.heads[nodes], spans[nodes])
    own = trees.families == trees.members  # a head's place in its own family
    widths = np.where(own, trees.weights[trees.members], spans[trees.members])
    target = trees.starts[trees.families] + slots
    laid = np.empty(len(widths), dtype=np.int64)
    laid[target] = widths
    before = np.cumsum(laid) - laid
    offsets = (before - before[trees.starts[trees.families]])[target]  # within its family
    as_head, as_member = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    as_head[trees.members[own]] = offsets[own]
    as_member[trees.members[~own]] = offsets[~own]
    roots = by_depth[0]
    lengths = np.bincount(trees.sentence, trees.weights).astype(np.int64)
    begin = np.empty(count, dtype=np.int64)  # of a node's whole span
    begin[roots] = (np.cumsum(lengths) - lengths)[trees.sentence[roots]] + as_member[roots]
    for nodes in by_depth[1:]:
        begin[nodes] = begin[trees.heads[nodes]] + as_member[nodes]
    by_node = np.argsort(trees.of_piece, kind="stable")
    sizes = trees.weights
    inside = np.arange(len(by_node)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = np.repeat(begin + as_head, sizes) + inside
    positions = np.empty(len(by_node), dtype=np.int64)
    positions[places] = by_node
    return positions
