"""The ordering model: how likely each order of a head and its dependents is in a language.

Wang and Eisner (2016) describe it: p(order) is proportional to exp(w . f(order)), one model for
nouns and one for verbs, over the features below; no words, so equal families share a distribution.
- adjacent pairs, the family's borders included;
- ordered pairs: any with the head, and of dependents by side, both before it, on either side, both
  after it;
each for UPOS and relation together, for UPOS alone and for the relation alone. Here they are summed
into one dense table a kind of pair, (labels, labels). All of them look at pairs, so sums over the
n! orders are done exactly over the 2**n sets of items placed so far and the one placed last.

A family is (n,) label ids, the head first, then its dependents sorted; equal labels keep the order
that they have in the sentence, so an order is one of labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from twinlang.cli import UserError, read_json
from twinlang.readers.forms import UPOS
from twinlang.trees import RELATIONS

KINDS = ("adjacent", "head", "before", "across", "after")  # which pair of items a feature looks at
LEVELS = ("joint", "upos", "relation")
CLASSES = {"nouns": ("NOUN", "PROPN", "PRON"), "verbs": ("VERB",)}  # UPOS of the heads
HEAD, OPEN, CLOSE = "@", "<", ">"
# Labels: the borders, the heads (sorted before all dependents), UPOS x relation.
HEADS = [upos for group in CLASSES.values() for upos in group]
TAGS = [OPEN, CLOSE, *(HEAD + upos for upos in HEADS), *UPOS]
NAMES = [OPEN, CLOSE, HEAD, *RELATIONS]
FIRST = 2 + len(HEADS)  # label of the first dependent
LABELS = FIRST + len(UPOS) * len(RELATIONS)
EXACT = 13  # items of the largest family that is summed exactly: the head and 12 dependents
# A model knows a label that it has met so often, and as so large a share of dependents: 62 French
# compounds among 60,000 say nothing about what English ones stand beside.
SEEN, SHARE = 10, 0.002
ROOM = 1 << 21  # numbers in each array of the sums of one call


def _parts() -> tuple[np.ndarray, np.ndarray]:
    """The tag and the name of each label, (labels,) each."""
    tags = np.concatenate([np.arange(FIRST), FIRST + np.arange(LABELS - FIRST) // len(RELATIONS)])
    names = np.concatenate(
        [[0, 1], [2] * len(HEADS), 3 + np.arange(LABELS - FIRST) % len(RELATIONS)]
    )
    return tags, names


TAG_OF, NAME_OF = _parts()


def label(upos: str, relation: str) -> int:
    """The label of a dependent; relation HEAD, of a head."""
    if relation == HEAD:
        return 2 + HEADS.index(upos)
    return FIRST + UPOS.index(upos) * len(RELATIONS) + RELATIONS.index(relation)


def label_name(number: int) -> str:
    """`UPOS/relation`, or the tag alone of a head or border."""
    tag = TAGS[TAG_OF[number]]
    return tag if number < FIRST else f"{tag}/{NAMES[NAME_OF[number]]}"


class Ordering:
    """The tables of one model, {kind: (labels, labels)}.

    known (labels,): whether it has met a label often enough to speak of it.
    """

    def __init__(self, tables: Mapping[str, np.ndarray], known: np.ndarray | None = None) -> None:
        self.tables = dict(tables)
        self.known = np.ones(LABELS, dtype=bool) if known is None else known

    def mixed(self, other: Ordering, share: float, *, fall_back: bool = False) -> Ordering:
        """This model with `share` of its weights and the rest of another's.

        fall_back: pairs with a label that this model does not know are the other's alone. Of such a
        pair of dependents only their order on one side of the head is kept, as a conditional
        probability: on which side the known one stands is for this model to say.
        """
        pairs = ((kind, self.tables[kind], other.tables[kind]) for kind in KINDS)
        mixed = {kind: share * a + (1 - share) * b for kind, a, b in pairs}
        if fall_back:
            foreign = ~(self.known[:, None] & self.known[None, :])
            dependents = np.arange(LABELS) >= FIRST
            apart = (self.known & dependents)[:, None] & ~self.known[None, :]
            apart |= apart.T
            for kind, table in mixed.items():
                own = other.tables[kind]
                sided = kind in ("before", "after")
                neutral = own - np.logaddexp(own, own.T) if sided else 0.0
                table[foreign] = np.where(apart, neutral, own)[foreign]
        return Ordering(mixed, self.known)

    def sums(self, families: np.ndarray, *, best: bool = False) -> Sums:
        """The sums of families (F, n), which all have n items."""
        return Sums(self.values(families), families, best=best)

    def values(self, families: np.ndarray) -> np.ndarray:
        """What each pair of items adds, (F, kinds, n + 2, n + 2); the last two are the borders."""
        bordered = np.pad(families, ((0, 0), (0, 2)))  # the label of the opening border is 0
        bordered[:, -1] = 1
        pair = bordered[:, :, None], bordered[:, None, :]
        return np.stack([self.tables[kind][pair] for kind in KINDS], axis=1)

    def scores(self, families: np.ndarray) -> np.ndarray:
        """w . f of families as they stand, (F,): labels (F, n) in the order of the sentence."""
        count, size = families.shape
        rows = np.arange(count)
        places = (families < FIRST).argmax(1)  # of the head
        total = np.zeros(count)
        for i in range(size):
            for j in range(i + 1, size):
                kind = np.select(
                    [(places == i) | (places == j), places > j, places < i], [1, 2, 4], 3
                )
                stack = np.stack([self.tables[k][families[:, i], families[:, j]] for k in KINDS])
                total += stack[kind, rows]
        bordered = np.pad(families, ((0, 0), (1, 1)))
        bordered[:, -1] = 1
        return total + self.tables["adjacent"][bordered[:, :-1], bordered[:, 1:]].sum(1)


class Sums:
    """Sums over all orders of F families of n items each, and over all ends of a begun order.

    values (F, kinds, n + 2, n + 2): of pairs of items; item n is the opening border, n + 1 the
    closing one. families (F, n): labels.

    gains[F, S, x]: weight of placing x when the set S stands already, but for its neighbour;
    last[F, l, x]: weight of x right after l (row n: at the opening border); closing[F, l];
    after[F, S, l]: of all that can follow once S stands and l is its last;
    onward[F, S, x]: gain of x with all that can follow; total (F,): logarithm of all orders' sum.
    Weights of one number of placed items are scaled so that the largest gain of a family is 1, so
    that sums are products of matrices. With `best` the largest term stands for each sum.
    """

    def __init__(self, values: np.ndarray, families: np.ndarray, *, best: bool = False) -> None:
        count, size = families.shape
        inside, items = sets(size), np.arange(size)
        members = inside.sum(1)
        self.levels = [np.flatnonzero(members == number) for number in range(size)]
        tables = {kind: values[:, k, :size, :size] for k, kind in enumerate(KINDS)}
        self.gains = _gains(tables, families)
        scale = np.zeros(count)
        for chosen in self.levels:
            high = self.gains[:, chosen].max((1, 2))
            self.gains[:, chosen] -= high[:, None, None]
            scale += high
        self.gains = np.exp(self.gains, out=self.gains)
        self.last, high = _scaled(values[:, 0, : size + 1, :size])
        scale += size * high
        self.closing, high = _scaled(values[:, 0, :size, size + 1])
        scale += high
        self.after = np.zeros((count, 1 << size, size + 1))
        self.after[:, -1, :size] = self.closing
        self.onward = np.zeros_like(self.gains)
        for chosen in reversed(self.levels):
            following = chosen[:, None] | 1 << items
            onward = self.gains[:, chosen] * self.after[:, following, items]
            self.onward[:, chosen] = onward
            if best:
                self.after[:, chosen] = (onward[:, :, None] * self.last[:, None]).max(-1)
            else:
                self.after[:, chosen] = onward @ self.last.transpose(0, 2, 1)
        self.total = np.log(self.after[:, 0, size]) + scale


def _scaled(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """exp of values (F, ...), the largest of each family 1; and the logarithm of what it was."""
    high = values.max(tuple(range(1, values.ndim)))
    return np.exp(values - high.reshape(-1, *[1] * (values.ndim - 1))), high


@cache
def sets(size: int) -> np.ndarray:
    """Whether each item is in each set, (2**n, n) float64; set S has the bits of S."""
    return (np.arange(1 << size)[:, None] >> np.arange(size) & 1).astype(np.float64)


def _gains(tables: dict[str, np.ndarray], families: np.ndarray) -> np.ndarray:
    """What each item adds when placed after a set, but for its neighbour, (F, 2**n, n).

    While the head (item 0) is not placed, an item meets those of the set, which stand before it.
    The head, when placed, parts the items: those of the set before it, all others after it. Then
    an item meets those that are still to come, which will stand after it.
    """
    count, size = families.shape
    inside = sets(size)
    outside = 1 - inside
    outside[:, 0] = 0
    dependents = inside.copy()
    dependents[:, 0] = 0
    diagonal = np.arange(size)
    for kind in KINDS[1:]:
        tables[kind] = tables[kind].copy()
        tables[kind][:, diagonal, diagonal] = 0
    gains = np.where(
        inside[None, :, :1] > 0,
        outside @ tables["after"].transpose(0, 2, 1),
        dependents @ tables["before"],
    )
    across = np.einsum("sa,fsa->fs", outside, dependents @ tables["across"])
    ahead = tables["head"][:, :, 0] @ dependents.T
    behind = tables["head"][:, 0, :] @ outside.T
    gains[:, :, 0] = across + ahead + behind
    gains[:, inside > 0] = -np.inf
    twins = np.zeros((count, size), dtype=bool)  # equal to the item before: may only follow it
    twins[:, 2:] = families[:, 2:] == families[:, 1:-1]
    early = np.pad(inside[:, :-1], ((0, 0), (1, 0))) == 0
    gains[twins[:, None, :] & early[None]] = -np.inf
    return gains


def chunks(count: int, size: int) -> Iterator[slice]:
    """Runs of `count` families of n items whose sums fit into ROOM."""
    step = max(1, ROOM // ((1 << size) * size))
    return (slice(n, n + step) for n in range(0, count, step))


def log_likelihood(model: Ordering, families: np.ndarray) -> np.ndarray:
    """log p of families (F, n) in the order that they have, (F,)."""
    scores = model.scores(families)
    canonical = np.sort(families, axis=1)
    totals = [model.sums(canonical[rows]).total for rows in chunks(*families.shape)]
    return scores - np.concatenate(totals)


# Files --------------------------------------------------------------------------------------------


@cache
def read(path: str) -> dict[str, Ordering]:
    """The models of a file, by class of heads.

    Raises:
        UserError: the file holds no ordering model.
    """
    found = read_json(path)
    try:
        return {name: _from_file(found["models"][name]) for name in CLASSES}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is no ordering model ({error}); delete it and run again") from None


def _from_file(found: dict[str, Any]) -> Ordering:
    numbers = [found["labels"].get(label_name(number), 0) for number in range(LABELS)]
    known = np.array(numbers) >= max(SEEN, SHARE * sum(numbers))
    known[:FIRST] = True
    return from_weights(found["weights"], known)


def from_weights(
    weights: dict[str, dict[str, dict[str, float]]], known: np.ndarray | None = None
) -> Ordering:
    """A model from {kind: {level: {"a b": weight}}}."""
    index = {
        "joint": {label_name(n): n for n in range(LABELS)},
        "upos": {name: n for n, name in enumerate(TAGS)},
        "relation": {name: n for n, name in enumerate(NAMES)},
    }
    of_label = {"joint": np.arange(LABELS), "upos": TAG_OF, "relation": NAME_OF}
    tables = {}
    for kind in KINDS:
        table = np.zeros((LABELS, LABELS))
        for level in LEVELS:
            names, places = index[level], of_label[level]
            small = np.zeros((len(names), len(names)))
            for pair, weight in weights[kind][level].items():
                one, other = pair.split(" ")
                small[names[one], names[other]] = weight
            table += small if level == "joint" else small[places[:, None], places[None, :]]
        tables[kind] = table
    return Ordering(tables, known)
