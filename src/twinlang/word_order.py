"""Word order of a treebank: on which side of its head a dependent stands, and how far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twinlang import sentences as form
from twinlang.forest import Forest
from twinlang.readers.forms import UPOS
from twinlang.sentences import Sentences
from twinlang.sources.records import Tree
from twinlang.trees import RELATIONS, by_word

NOMINAL = ("NOUN", "PROPN")


@dataclass(frozen=True)
class Share:
    """A share: of the dependents of a relation, kind and head, those that stand on one side."""

    name: str
    relation: str
    dependents: Sequence[str]
    heads: Sequence[str]
    after: bool = True


SHARES = (
    Share("objects after the verb", "obj", NOMINAL, ("VERB",)),
    Share("subjects after the verb", "nsubj", NOMINAL, ("VERB",)),
    Share("obliques after the verb", "obl", NOMINAL, ("VERB",)),
    Share("adjectives after the noun", "amod", ("ADJ",), ("NOUN",)),
    Share("adpositions before the noun", "case", ("ADP",), (*NOMINAL, "PRON"), after=False),
    Share("auxiliaries before the verb", "aux", ("AUX",), ("VERB",), after=False),
    Share("genitives after the noun", "nmod", NOMINAL, ("NOUN",)),
)
HEAD_INITIAL, LENGTH = "dependents after their head", "mean dependency length"


def encoded(trees: Iterable[Tree], name: str) -> Sentences:
    """Trees as sentences whose pieces are their words."""
    seed = form.dataset_key(name)

    def rows() -> Iterable[tuple[int, int, int, dict[str, Any]]]:
        for number, tree in enumerate(trees):
            index = list(range(len(tree.words)))
            columns = {"pieces": index, "words": index, **by_word(tree, index)}
            yield (seed + number) % (1 << 64), number, 0, columns

    return form.joined(list(form.build(rows(), {})))


def reordered(tree: Tree, order: Sequence[int]) -> Tree:
    """A tree whose word j is word order[j] (from 0) of another."""
    place = {word + 1: number for number, word in enumerate(order, 1)}
    return Tree(
        words=[tree.words[word] for word in order],
        upos=[tree.upos[word] for word in order],
        heads=[place.get(tree.heads[word], 0) for word in order],
        relations=[tree.relations[word] for word in order],
    )


def measures(trees: Forest) -> dict[str, tuple[float, int]]:
    """Each measure with how many dependents it counts; shares in percent, the length in words.

    Punctuation counts nowhere.
    """
    nodes = np.flatnonzero((trees.heads >= 0) & (trees.upos != UPOS.index("PUNCT")))
    heads = trees.heads[nodes]
    after = nodes > heads
    relation, upos, head = trees.relations[nodes], trees.upos[nodes], trees.upos[heads]
    found = {}
    for share in SHARES:
        counted = relation == RELATIONS.index(share.relation)
        counted &= np.isin(upos, [UPOS.index(name) for name in share.dependents])
        counted &= np.isin(head, [UPOS.index(name) for name in share.heads])
        found[share.name] = _percent(after[counted] == share.after)
    found[HEAD_INITIAL] = _percent(after)
    distance = np.abs(nodes - heads)
    found[LENGTH] = (float(distance.mean()) if len(nodes) else float("nan"), len(nodes))
    return found


def _percent(counted: np.ndarray) -> tuple[float, int]:
    return (100 * float(counted.mean()) if len(counted) else float("nan"), len(counted))
