"""Speed of the syntax twin, in thousand sentences a second on one thread.

Built-in English is re-ordered by models of French that are learnt on the spot, a record batch at a
time, as the step `derive` does it but without files: cold, with nothing summed yet, and warm. The
baseline is what one writes first: a Python loop over the heads of a sentence, which draws from the
list of all orders of its family, kept once made; larger families than of six words stay.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from functools import partial
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import numpy as np

from twinlang import families as kin
from twinlang import transforms, word_order
from twinlang.bench.derive import peak, seconds
from twinlang.cli import write_json
from twinlang.ordering import CLASSES, HEAD, Ordering, label, read
from twinlang.sentences import BATCH, Sentences
from twinlang.sources import builtin
from twinlang.sources.records import Tree
from twinlang.steps.train_ordering import trained
from twinlang.transforms import syntax
from twinlang.trees import relation

SETTINGS = {"dependents": 5, "penalties": [1.0], "iterations": 50}
STEPS = [{"syntax": {"nouns": "fr", "verbs": "fr", "own": "en"}}]
LISTED = 6  # words of the largest family whose orders the baseline lists
VOCABULARY = 1 << 16


def add_flags(flags: argparse.ArgumentParser) -> None:
    flags.add_argument("--sentences", type=int, default=40_000)


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row cold and one warm: speed, the baseline's, their ratio, memory beside the input."""
    found = trees("en", arguments.sentences)
    data = word_order.encoded(found, "bench")
    batches = [data.take(slice(n, n + BATCH)) for n in range(0, len(data), BATCH)]
    with tempfile.TemporaryDirectory() as folder:
        files = [learnt(lang, Path(folder) / f"{lang}.json") for lang in ("en", "fr")]
        ours, plain = partial(derive, batches, files), Baseline(read(files[1]), found)
        rows = []
        for name in ("cold", "warm"):
            times = []
            for _ in range(arguments.repeat):
                if name == "cold":
                    syntax._drawer.cache_clear()
                    plain.known.clear()
                times.append((seconds(ours), seconds(plain)))
            mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
            rows.append(
                {
                    "syntax": name,
                    "thousand_sentences_per_second": len(found) / mine / 1e3,
                    "baseline": "random.choices a head",
                    "baseline_thousand_sentences_per_second": len(found) / theirs / 1e3,
                    "ratio": theirs / mine,
                    "peak_mib": peak(ours) / 2**20,
                }
            )
    return rows


def trees(lang: str, count: int, split: str = "a") -> list[Tree]:
    """Built-in trees."""
    settings = {"seed": 0, "sentences": count}
    return list(
        islice(builtin.trees(settings, lang=lang, domain="main", split=split, report={}), count)
    )


def learnt(lang: str, path: Path) -> str:
    """The file of a language's models, learnt from built-in trees."""
    seen, held_out = (kin.families(trees(lang, n, split)) for n, split in ((1000, "a"), (200, "b")))
    models = {name: trained(seen[name], held_out[name], SETTINGS) for name in CLASSES}
    write_json(path, {"language": lang, "models": models})
    return str(path)


def derive(batches: list[Sentences], files: list[str]) -> None:
    for batch in batches:
        transforms.apply(batch, STEPS, vocabulary=VOCABULARY, seed=0, files=files)


class Baseline:
    """Re-orders trees one head after the other."""

    def __init__(self, models: dict[str, Ordering], found: list[Tree]) -> None:
        self.models, self.trees = models, found
        self.known: dict[tuple[int, ...], tuple[list[tuple[int, ...]], list[float]]] = {}

    def __call__(self) -> None:
        for tree in self.trees:
            self.order(tree)

    def order(self, tree: Tree) -> list[int]:
        """The words of a tree in their new order."""
        members: dict[int, list[int]] = {}
        for word, head in enumerate(tree.heads):
            members.setdefault(head - 1, [head - 1] if head else []).append(word)

        def laid(head: int) -> list[int]:
            family = members.get(head, [head])
            for name, group in CLASSES.items():
                if tree.upos[head] in group and 1 < len(family) <= LISTED:
                    family = self.drawn(name, tree, head, family)
            return [w for one in family for w in ([one] if one == head else laid(one))]

        return laid(members[-1][0])

    def drawn(self, name: str, tree: Tree, head: int, family: list[int]) -> list[int]:
        items = sorted(
            (label(tree.upos[w], HEAD if w == head else relation(tree.relations[w])), w)
            for w in family
        )
        key = tuple(number for number, _ in items)
        if key not in self.known:
            orders = list(permutations(range(len(key))))
            scores = self.models[name].scores(np.array([[key[i] for i in o] for o in orders]))
            self.known[key] = (orders, np.exp(scores - scores.max()).tolist())
        (chosen,) = random.choices(*self.known[key])
        return [items[i][1] for i in chosen]
