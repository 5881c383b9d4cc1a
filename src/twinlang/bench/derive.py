"""Speed of deriving twins, in million pieces a second on one thread.

Sentences of natural lengths (log-normal, about 20 pieces) are derived as the step `derive` does
it, a record batch at a time with all their columns, but without files. The baseline is what one
writes first: a Python loop over the sentences.
"""

from __future__ import annotations

import argparse
import random
import statistics
import timeit
import tracemalloc
from collections.abc import Callable
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from twinlang import transforms
from twinlang.sentences import BATCH, Sentences

VOCABULARY = 32000
SPECIALS = 5

Lists = list[list[int]]


def add_flags(flags: argparse.ArgumentParser) -> None:
    flags.add_argument("--sentences", type=int, default=100_000)


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a twin: speed, the baseline and its speed, their ratio, memory beside the input."""
    data = corpus(arguments.sentences)
    batches = [data.take(slice(n, n + BATCH)) for n in range(0, len(data), BATCH)]
    chosen = cases(lists(data, "pieces"), lists(data, "words"))
    rows = []
    for name, (steps, baseline, plain) in chosen.items():
        ours = partial(derive, batches, steps)
        times = [(seconds(ours), seconds(plain)) for _ in range(arguments.repeat)]
        mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
        rows.append(
            {
                "twin": name,
                "million_pieces_per_second": len(data.pieces) / mine / 1e6,
                "baseline": baseline,
                "baseline_million_pieces_per_second": len(data.pieces) / theirs / 1e6,
                "ratio": theirs / mine,
                "peak_mib": peak(ours) / 2**20,
            }
        )
    return rows


def corpus(count: int) -> Sentences:
    """`count` sentences of random pieces, fixed by a seed; a word has 1.5 pieces on average."""
    generator = np.random.default_rng(0)
    lengths = np.clip(generator.lognormal(2.9, 0.5, count).astype(np.int64), 1, 510)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    begins = generator.random(offsets[-1]) < 2 / 3
    begins[offsets[:-1]] = True
    number = np.cumsum(begins)
    words = number - np.repeat(number[offsets[:-1]], lengths)
    pieces = generator.integers(SPECIALS, VOCABULARY, offsets[-1], dtype=np.uint32)
    return Sentences(
        offsets=offsets,
        keys=np.arange(count, dtype=np.uint64),
        items=np.arange(count, dtype=np.uint32),
        parts=np.zeros(count, dtype=np.uint8),
        columns={"pieces": pieces, "words": words.astype(np.uint16)},
    )


def lists(data: Sentences, column: str) -> Lists:
    """A column as one list a sentence, which is what the baselines work on."""
    values, bounds = data.columns[column].tolist(), data.offsets.tolist()
    return [values[a:b] for a, b in zip(bounds, bounds[1:], strict=False)]


def cases(pieces: Lists, words: Lists) -> dict[str, tuple[list, str, Callable[[], Any]]]:
    """By twin: its steps, the name of the baseline, and the baseline over sentences as lists."""
    pairs = list(zip(pieces, words, strict=True))
    by_word: dict[str, Any] = {"unit": "word"}

    def shuffled(sentence: list[Any]) -> list[Any]:
        return random.sample(sentence, len(sentence))

    return {
        "inversion": (
            ["inversion"],
            "list(reversed(s))",
            lambda: [list(reversed(s)) for s in pieces],
        ),
        "permutation": (
            ["permutation"],
            "random.sample(s, len(s))",
            lambda: [shuffled(s) for s in pieces],
        ),
        "transliteration": (
            ["transliteration"],
            "[i + V if i > 4 else i for i in s]",
            lambda: [[i + VOCABULARY if i > 4 else i for i in s] for s in pieces],
        ),
        "inversion of words": (
            [{"inversion": by_word}],
            "groupby word, reversed",
            lambda: [joined(list(reversed(grouped(*pair)))) for pair in pairs],
        ),
        "permutation of words": (
            [{"permutation": by_word}],
            "groupby word, random.sample",
            lambda: [joined(shuffled(grouped(*pair))) for pair in pairs],
        ),
    }


def grouped(pieces: list[int], words: list[int]) -> Lists:
    """The pieces of each word."""
    every = zip(words, pieces, strict=True)
    return [[piece for _, piece in run] for _, run in groupby(every, lambda pair: pair[0])]


def joined(words: Lists) -> list[int]:
    return [piece for word in words for piece in word]


def derive(batches: list[Sentences], steps: list) -> None:
    for batch in batches:
        transforms.apply(batch, steps, vocabulary=VOCABULARY, seed=0)


def seconds(call: Callable[[], Any]) -> float:
    """Time of one call, without the garbage collector, which would punish the baseline's lists."""
    return timeit.timeit(call, number=1)


def peak(call: Callable[[], Any]) -> int:
    """Most bytes that a call held at once, beside what was there before (an untimed run)."""
    tracemalloc.start()
    call()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most
