"""Made-up trees and ordering models, for tests of what needs them."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from twinlang import modules
from twinlang.cli import write_json
from twinlang.ordering import KINDS, NAMES, TAGS
from twinlang.readers.forms import UPOS
from twinlang.sentences import Sentences
from twinlang.sources.records import Tree
from twinlang.trees import RELATIONS

SYNTAX = {"nouns": "fr", "verbs": "hi", "own": "en"}


def step_of(name: str, **parameters: Any) -> Any:
    """A transform as a step; one that reads languages gets some."""
    if modules.defines("transforms", name, "FROM_LANGUAGE"):
        parameters = {**SYNTAX, **parameters}
    return {name: parameters} if parameters else name


def weights(seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """Random weights of UPOS and of relations."""
    draw = np.random.default_rng(seed)

    def table(names: list[str]) -> dict[str, float]:
        values = draw.normal(size=(len(names), len(names))).round(3)
        return {f"{a} {b}": values[i, j] for i, a in enumerate(names) for j, b in enumerate(names)}

    return {kind: {"joint": {}, "upos": table(TAGS), "relation": table(NAMES)} for kind in KINDS}


@cache
def models() -> list[str]:
    """Files of made-up models of three languages."""
    folder = Path(tempfile.mkdtemp(prefix="twinlang-models-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for seed, lang in enumerate(("en", "fr", "hi")):
        classes = {
            name: {"labels": {}, "weights": weights(2 * seed + n)}
            for n, name in enumerate(("nouns", "verbs"))
        }
        write_json(folder / f"{lang}.json", {"language": lang, "models": classes})
    return [str(path) for path in sorted(folder.iterdir())]


def random_tree(words: list[str], seed: int, *, heads: list[str] = UPOS) -> Tree:
    """A random tree over words, whose UPOS are drawn from `heads`."""
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(words)).tolist()
    found = [0] * len(words)
    for number, word in enumerate(order[1:], 1):
        found[word] = order[int(draw.integers(number))] + 1
    upos = [heads[n] for n in draw.integers(len(heads), size=len(words))]
    names = [RELATIONS[n] for n in draw.integers(len(RELATIONS), size=len(words))]
    return Tree(words, upos, found, names, text=" ".join(words))


def with_trees(data: Sentences) -> Sentences:
    """Sentences with random trees over their words, by their keys; nouns and verbs abound."""
    columns: dict[str, list[int]] = {"nodes": [], "heads": [], "upos": [], "relations": []}
    for number in range(len(data)):
        words = data.words[data.offsets[number] : data.offsets[number + 1]].tolist()
        seen = sorted(set(words))
        tree = random_tree(
            list(map(str, seen)), int(data.keys[number]), heads=["NOUN", "VERB", "ADJ"]
        )
        for word in words:
            node = seen.index(word)
            columns["nodes"].append(node)
            columns["heads"].append(tree.heads[node] - 1)
            columns["upos"].append(UPOS.index(tree.upos[node]))
            columns["relations"].append(RELATIONS.index(tree.relations[node]))
    arrays = {name: np.array(values, dtype=np.int32) for name, values in columns.items()}
    return replace(data, columns={**data.columns, **arrays})
