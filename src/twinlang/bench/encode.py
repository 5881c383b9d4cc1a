"""Speed of encoding text, in million characters a second on one thread.

Lines of made-up words with Zipfian frequencies go through the step `encode_corpus` and the file
that it writes. The baseline is what one writes first: `tokenizer.encode` line by line, in a list.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from twinlang import tokenizer
from twinlang.steps import encode_corpus

LETTERS = {
    "Latin": "abcdefghijklmnopqrstuvwxyz",
    "Devanagari": "कखगघचछजझटठडढतथदधनपफबभमयरलवशसह",
    "Arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
}
FORMS = 20_000


def add_flags(flags: argparse.ArgumentParser) -> None:
    flags.add_argument("--lines", type=int, default=40_000)
    flags.add_argument("--vocabulary", type=int, default=4000)


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a script."""
    os.environ["TOKENIZERS_PARALLELISM"] = os.environ["RAYON_NUM_THREADS"] = "1"
    rows = []
    for script, letters in LETTERS.items():
        with tempfile.TemporaryDirectory() as folder:
            corpus, model = Path(folder) / "text.txt", Path(folder) / "tokenizer.json"
            lines = text(letters, arguments.lines)
            corpus.write_text("\n".join(lines) + "\n", encoding="utf-8")
            trained = tokenizer.train(iter(lines[:5000]), vocabulary=arguments.vocabulary)
            tokenizer.save(trained, model)
            mine, theirs = turns(corpus, model, lines, arguments.repeat)
        characters = sum(map(len, lines)) / 1e6
        rows.append(
            {
                "script": script,
                "million_characters_per_second": characters / mine,
                "baseline": "tokenizer.encode a line",
                "baseline_million_characters_per_second": characters / theirs,
                "ratio": theirs / mine,
            }
        )
    return rows


def turns(corpus: Path, model: Path, lines: list[str], repeat: int) -> tuple[float, float]:
    """Median seconds of the step and of the baseline, taken in turn."""
    flags = ["--corpus", str(corpus), "--tokenizer", str(model), "--dataset", "bench"]
    flags += ["--output", str(corpus.with_suffix(".arrow"))]
    plain = tokenizer.Tokenizer.from_file(str(model))

    def ours() -> None:
        encode_corpus.main(flags)

    def usual() -> None:
        [plain.encode(line, add_special_tokens=False).ids for line in lines]

    times = [(_seconds(ours), _seconds(usual)) for _ in range(repeat)]
    mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    return mine, theirs


def text(letters: str, count: int) -> list[str]:
    """Lines of about 15 words, drawn from FORMS made-up words by rank."""
    generator = np.random.default_rng(0)
    sizes = generator.integers(2, 10, FORMS)
    words = ["".join(generator.choice(list(letters), size)) for size in sizes]
    ranks = np.minimum(generator.zipf(1.2, size=count * 15) - 1, FORMS - 1)
    lengths = generator.integers(5, 26, count)
    bounds = np.minimum(np.cumsum(lengths), len(ranks))
    return [
        " ".join(words[n] for n in part) for part in np.split(ranks, bounds)[:count] if len(part)
    ]


def _seconds(call: Callable[[], Any]) -> float:
    return timeit.timeit(call, number=1)
