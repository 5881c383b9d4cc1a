"""Time and memory of the way from text to twins, as the text grows.

A generated text of so many megabytes (Zipfian word forms of a script, in documents with some
mark-up) goes through the steps clean_text, fetch_corpus, train_tokenizer, encode_corpus, derive and
three steps of pretrain, each a process of its own, as the workflow runs it (Linux). Half of the
documents make a corpus, so text and corpus differ in size by two. Trees, which a parser would make,
are made up: phrases of four words under a verb.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from twinlang import modules, trees
from twinlang.bench import syntax
from twinlang.bench.encode import LETTERS
from twinlang.cli import UserError
from twinlang.sources.records import Tree

STOPS = {"Latin": ".", "Devanagari": "।", "Arabic": "."}
CODES = {"Latin": "en", "Devanagari": "hi", "Arabic": "ar"}
PHRASE = (("ADP", "case"), ("DET", "det"), ("ADJ", "amod"), ("NOUN", "obl"))
DRAWN = 1 << 18  # words that are drawn at a time
WHOLE = {"source": "hub", "size": 1 << 60, "unit": "bytes"}  # never reached: all that there is
CLEANING = {"shortest": 1, "longest": 1000, "boundary": "sentence"}
RECIPE: dict[str, Any] = {
    **{"twin": ["transliteration"], "twin_seed": 0, "seed": 0},
    "model": {
        **{"layers": 2, "heads": 4, "hidden": 64, "feed_forward": 64, "positions": 512},
        **{"dropout": 0.0, "attention_dropout": 0.0, "initializer_range": 0.02},
        "layer_norm_eps": 1e-5,
    },
    "pretrain": {
        **{"steps": 3, "tokens": 8192, "learning_rate": 1e-4, "warmup": 1, "betas": [0.9, 0.999]},
        **{"epsilon": 1e-8, "weight_decay": 0.0, "clip": 1.0, "mask": 0.15, "mask_token": 0.8},
        **{"mask_random": 0.1, "random_from": "own", "pack": True, "row": 512},
        "short_first": {"steps": 0.0, "length": 512},
    },
}
# A process's own peak: what the system tells of a child begins with that of its parent.
CALL = """import sys
from twinlang.steps.{} import main
main(sys.argv[1:])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def add_flags(flags: argparse.ArgumentParser) -> None:
    flags.add_argument("--megabytes", type=float, nargs="+", default=[5, 50], help="of text")
    flags.add_argument("--script", choices=list(LETTERS), default="Latin")
    flags.add_argument("--forms", type=int, default=300_000, help="different words")
    flags.add_argument("--vocabulary", type=int, default=40_000, help="pieces")
    flags.add_argument("--folder", help="where files are made (a temporary one)")


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a size and step."""
    rows = []
    for size in arguments.megabytes:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            rows += list(_measured(size, Path(folder), arguments))
    return rows


def _measured(size: float, folder: Path, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    generate(folder, size, arguments.script, arguments.forms)
    for name, source, flags in steps(folder, arguments):
        seconds, peak = run(name.split()[0], flags)
        read = size if source.suffix == ".parquet" else source.stat().st_size / 1e6  # unpacked
        yield {
            "step": name,
            "megabytes": read,
            "seconds": seconds,
            "megabytes_per_second": read / seconds,
            "peak_mib": peak,
        }


def generate(folder: Path, megabytes: float, script: str, forms: int) -> None:
    """A Parquet file of documents, and its manifest, without ever holding them all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path, schema = folder / "text.parquet", pa.schema([("text", pa.string())])
    left = megabytes * 1e6
    with pq.ParquetWriter(path, schema) as writer:
        for documents in _documents(script, forms):
            kept = []
            for document in documents:
                left -= len(document.encode())
                kept.append(document)
                if left < 0:
                    break
            writer.write_table(pa.table({"text": kept}, schema=schema))
            if left < 0:
                break
    split: dict[str, Any] = {"id": "generated", "config": script, "revision": "0" * 40}
    split |= {"columns": {"text": "text"}, "files": [{"path": str(path), "name": path.name}]}
    split["licence"] = "none"
    (folder / "manifest.json").write_text(json.dumps({"text": split}), encoding="utf-8")


def _documents(script: str, forms: int) -> Iterator[list[str]]:
    """Documents without end: paragraphs of sentences, a heading and a line of a table in each."""
    generator = np.random.default_rng(0)
    letters, stop = list(LETTERS[script]), STOPS[script]
    sizes = generator.integers(2, 11, forms)
    drawn = "".join(generator.choice(letters, int(sizes.sum())).tolist())
    ends = np.cumsum(sizes).tolist()
    words = [drawn[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    chances = np.cumsum(1 / (np.arange(forms) + 2.7))
    while True:
        ranks = np.searchsorted(chances, generator.random(DRAWN) * chances[-1]).tolist()
        lengths = generator.integers(5, 30, DRAWN).tolist()
        sentences, start = [], 0
        for length in lengths:
            if start + length > DRAWN:
                break
            text = " ".join([words[rank] for rank in ranks[start : start + length]])
            sentences.append(text.capitalize() + stop)
            start += length
        lines = [" ".join(sentences[n : n + 5]) for n in range(0, len(sentences), 5)]
        yield [
            "\n".join([f"== {lines[n][:20]} ==", *lines[n : n + 6], "a | b | c | d"])
            for n in range(0, len(lines), 6)
        ]


Call = tuple[str, Path, dict[str, Any]]  # name of a step, the file whose size counts, its flags


def steps(folder: Path, arguments: argparse.Namespace) -> Iterator[Call]:
    """All steps; the files of each lead to the next."""
    lang, text, corpus = CODES[arguments.script], folder / "main/0.txt", folder / "a.txt"
    clean = {"settings": {**CLEANING, "script": arguments.script}, "shard": 0, "lang": lang}
    clean |= {"manifest": folder / "manifest.json", "output": text}
    yield (
        "clean_text",
        folder / "text.parquet",
        {**clean, "report": text.with_suffix(".report.json")},
    )
    fetch = {"settings": WHOLE, "files": text, "lang": lang, "domain": "main", "split": "a"}
    yield "fetch_corpus", text, {**fetch, "output": corpus, "report": folder / "a.report.json"}
    yield from deriving(folder, corpus, arguments.vocabulary)
    yield from training(folder)


def deriving(folder: Path, corpus: Path, vocabulary: int) -> Iterator[Call]:
    """From text to pieces, and from these to each twin."""
    model, orig = folder / "tokenizer.json", folder / "orig.arrow"
    learned = {"corpus": corpus, "vocabulary": vocabulary, "output": model}
    yield "train_tokenizer", corpus, learned
    encoded = {"corpus": corpus, "tokenizer": model, "dataset": "bench", "output": orig}
    yield "encode_corpus", corpus, encoded
    conllu, parsed = folder / "a.conllu", folder / "trees.arrow"
    parse(corpus, conllu)
    yield "encode_corpus trees", corpus, {**encoded, "trees": conllu, "output": parsed}
    orders = [syntax.learnt(lang, folder / f"{lang}.json") for lang in ("en", "fr")]
    for name in modules.names("transforms"):
        derived = {"input": orig, "steps": [name], "seed": 0, "output": folder / "deriv.arrow"}
        if modules.defines("transforms", name, "TREES"):
            derived |= {"input": parsed, "steps": syntax.STEPS, "files": orders}
        yield f"derive {name}", corpus, derived


def parse(corpus: Path, path: Path) -> None:
    """Trees of a corpus: its second word is a verb, each phrase of four others hangs on it."""
    with open(corpus, encoding="utf-8") as lines, open(path, "w", encoding="utf-8") as file:
        for line in lines:
            text = line.rstrip("\n")
            words = text.split()
            last = len(words) - 1
            tags = [PHRASE[n % 4] for n in range(last)] + [PHRASE[-1]]
            heads = [2 if n % 4 == 3 else min(n - n % 4 + 4, last + 1) for n in range(last)] + [2]
            root = min(1, last)
            tags[root], heads[root] = ("VERB", "root"), 0
            upos, relations = zip(*tags, strict=True)
            tree = Tree(words, list(upos), heads, list(relations), text=text)
            file.write(trees.conllu(tree))


def training(folder: Path) -> Iterator[Call]:
    """A model of orig and the last twin, transliteration, for as long as it takes to see."""
    model, recipe = folder / "tokenizer.json", folder / "recipe.json"
    yield "write_recipe", model, {"settings": RECIPE, "tokenizer": model, "output": recipe}
    text = {"orig": folder / "orig.arrow", "deriv": folder / "deriv.arrow"}
    files = {"model": folder / "model.safetensors", "journal": folder / "train.jsonl"}
    yield "pretrain", folder / "a.txt", {"recipe": recipe, **text, **files}


def run(step: str, flags: dict[str, Any]) -> tuple[float, float]:
    """Seconds and peak memory (MiB) of a step in a process of its own.

    Raises:
        UserError: it failed, with what it said.
    """
    told = [sys.executable, "-c", CALL.format(step)]
    for name, value in flags.items():
        given = value if name == "files" and isinstance(value, list) else [value]
        told += [f"--{name}"]
        told += [str(v) if isinstance(v, str | Path) else json.dumps(v) for v in given]
    started = time.perf_counter()
    done = subprocess.run(told, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{step} failed: {done.stderr.strip()}")
    return time.perf_counter() - started, float(done.stdout.split()[-1]) / 1024
