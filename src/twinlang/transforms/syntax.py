"""Syntax: the dependents of nouns and verbs in another language's order (section 3.2).

Each noun and verb of a tree draws an order of itself and its dependents from ordering models that
were trained on treebanks, after Wang and Eisner (2016); whole subtrees move. Heads of other parts
of speech keep the order of their dependents.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from twinlang import ordering
from twinlang.cli import UserError
from twinlang.drawing import Drawer
from twinlang.forest import Forest, at_most, forest, laid_out
from twinlang.forest import projective as is_projective
from twinlang.ordering import CLASSES, FIRST, HEAD
from twinlang.readers.forms import UPOS
from twinlang.sentences import GOLDEN, Sentences, splitmix
from twinlang.trees import RELATIONS

KEEPS_SPANS = False
TREES = True  # reads the columns of a tree
FILES = {"nouns": "ordering", "verbs": "ordering", "own": "ordering"}  # parameter: folder
VALUES = {
    "share": {"type": "number", "minimum": 0, "maximum": 1},
    "unseen": {"enum": ["own", "mix"]},
    "draw": {"enum": ["sample", "best"]},
    "punctuation": {"enum": ["moves", "stays"]},
    "equals": {"enum": ["keep", "shuffle"]},
    "dependents": {"type": "integer", "minimum": 0},
    "projective": {"type": "boolean"},
}
FROM_LANGUAGE = {"nouns": "syntax_target", "verbs": "syntax_target", "own": "code"}

_PUNCT = UPOS.index("PUNCT")
_CLASS = np.full(len(UPOS), -1)
_HEAD_LABEL = np.zeros(len(UPOS), dtype=np.int64)
for _number, _group in enumerate(CLASSES.values()):
    for _upos in _group:
        _CLASS[UPOS.index(_upos)] = _number
        _HEAD_LABEL[UPOS.index(_upos)] = ordering.label(_upos, HEAD)


def order(
    sentences: Sentences,
    *,
    seed: int,
    files: Mapping[str, str],
    nouns: str,
    verbs: str,
    own: str,
    share: float = 0.99,
    unseen: str = "own",
    draw: str = "sample",
    punctuation: str = "moves",
    equals: str = "keep",
    dependents: int = 0,
    projective: bool = False,
) -> np.ndarray:
    """Positions of the words in their new order, (N,) int64.

    nouns, verbs: languages whose order they take; own: the language of the sentences, whose model
    has the weight 1 - share, and with `unseen: own` (else `mix`) all of the weight where a
    dependent is of a kind that the other language has not. draw: `sample`, or `best` for the
    likeliest order. punctuation: `moves`, or `stays` at its place in its family. equals: whether
    dependents of one label `keep` their order or are a `shuffle`. dependents, projective: the
    published filters, which sentences must pass to be re-ordered (`keep`). Draws depend on the
    sentence's key, the node and the seed.

    Raises:
        UserError: no trees, an unknown value, or a model that is not among the files.
    """
    _check("unseen", unseen, ("own", "mix"))
    _check("draw", draw, ("sample", "best"))
    _check("punctuation", punctuation, ("moves", "stays"))
    _check("equals", equals, ("keep", "shuffle"))
    trees = forest(sentences)
    slots = trees.slots()
    noise = splitmix(sentences.keys + np.uint64((seed + 1) * int(GOLDEN) % (1 << 64)))
    passing = _passing(trees, dependents=dependents, projective=projective)
    chosen = np.where(passing[trees.sentence], _CLASS[trees.upos], -1)
    for number, (name, target) in enumerate(zip(CLASSES, (nouns, verbs), strict=True)):
        drawer = _drawer(
            name, _path(files, target), _path(files, own), share, unseen == "own", draw == "best"
        )
        heads = chosen == number
        moving = np.append(heads, np.zeros(len(sentences), dtype=bool))[trees.families]
        if punctuation == "stays":
            moving &= (trees.upos[trees.members] != _PUNCT) | (trees.members == trees.families)
        _reorder(trees, slots, np.flatnonzero(moving), drawer, noise, shuffle=equals == "shuffle")
    found = laid_out(trees, slots)
    if passing.all():
        return found
    pieces = np.repeat(passing, sentences.lengths)  # a crossing tree would be laid out anew
    return np.where(pieces, found, np.arange(len(found)))


def keep(
    sentences: Sentences, *, dependents: int = 0, projective: bool = False, **_: Any
) -> np.ndarray:
    """Whether each sentence passes the published filters, (S,): no head of more dependents (0: any
    number), and no crossing arcs where `projective` demands it."""
    return _passing(forest(sentences), dependents=dependents, projective=projective)


def _passing(trees: Forest, *, dependents: int, projective: bool) -> np.ndarray:
    found = at_most(trees, dependents or len(trees.heads))
    return found & is_projective(trees) if projective else found


def _reorder(
    trees: Forest,
    slots: np.ndarray,
    moving: np.ndarray,
    drawer: Drawer,
    noise: np.ndarray,
    *,
    shuffle: bool,
) -> None:
    """Gives the moving places of families, (M,) and in sequence, to their members anew."""
    members, heads = trees.members[moving], trees.families[moving]
    labels = FIRST + trees.upos[members] * len(RELATIONS) + trees.relations[members]
    labels = np.where(members == heads, _HEAD_LABEL[trees.upos[members]], labels)
    begins = np.flatnonzero(np.diff(heads, prepend=-1))
    sizes = np.diff(np.append(begins, len(heads)))
    for size in np.unique(sizes[sizes > 1]):
        rows = begins[sizes == size]
        at = rows[:, None] + np.arange(size)
        random = _uniform(noise, trees, heads[rows], int(size))
        keys = labels[at] * (1 << 32)
        if shuffle:
            keys += (_uniform(noise, trees, heads[rows], int(size), stream=1) * 2**32).astype(
                np.int64
            )
        sort = np.argsort(keys, axis=1, kind="stable")
        items = np.take_along_axis(at, sort, 1)
        found = drawer.draw(labels[items], random)
        slots[moving[np.take_along_axis(items, found, 1)]] = slots[moving[at]].copy()


def _uniform(
    noise: np.ndarray, trees: Forest, heads: np.ndarray, size: int, *, stream: int = 0
) -> np.ndarray:
    """Numbers in [0, 1), (heads, size), by sentence, node and place."""
    counter = (trees.numbers[heads, None] * 2 + stream + 1) * (1 << 20) + np.arange(size)
    bits = splitmix(noise[trees.sentence[heads], None] + counter.astype(np.uint64) * GOLDEN)
    return (bits >> np.uint64(11)) * 2.0**-53


@cache
def _drawer(name: str, target: str, own: str, share: float, fall_back: bool, best: bool) -> Drawer:
    """The drawer of a class of heads; one a process, so that what it has summed is used again."""
    model = ordering.read(target)[name]
    mixed = model.mixed(ordering.read(own)[name], share, fall_back=fall_back)
    return Drawer(mixed, best=best)


def _path(files: Mapping[str, str], language: str) -> str:
    if language not in files:
        raise UserError(f"syntax: there is no ordering model of '{language}'; give it with --files")
    return files[language]


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UserError(f"syntax: {name}: {value} is not known; choose {' or '.join(known)}")
