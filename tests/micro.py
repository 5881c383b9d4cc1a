"""A micro study: made-up sentences, a 300-piece tokenizer, a model of one layer and width 16."""

from __future__ import annotations

import json
import sys
from functools import cached_property
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from twinlang import tokenizer
from twinlang.cli import run, write_json, write_lines
from twinlang.sentences import Sentences

VOCABULARY = 300
PEOPLE = [("Ana", "Lee"), ("Omar",), ("Ida", "Berg"), ("Ravi",)]
VERBS = ["saw", "painted", "sold", "left"]
THINGS = [("old", "boat"), ("red", "lamp"), ("small", "horse")]
TOWNS = ["Rome", "Lima", "Oslo"]
MODEL = {
    **{"layers": 1, "heads": 1, "hidden": 16, "feed_forward": 32, "positions": 128},
    **{"dropout": 0.0, "attention_dropout": 0.0, "initializer_range": 0.02, "layer_norm_eps": 1e-5},
}
PRETRAIN = {
    **{"steps": 12, "tokens": 512, "learning_rate": 0.01, "warmup": 2, "betas": [0.9, 0.98]},
    **{"epsilon": 1e-8, "weight_decay": 0.01, "clip": 1.0, "mask": 0.15, "mask_token": 0.8},
    **{"mask_random": 0.1, "random_from": "own", "pack": False, "row": 64},
    "short_first": {"steps": 0.5, "length": 32},
}
SETTINGS = {
    **{"learning_rate": 0.01, "epochs": 1, "batch": 8, "max_length": 96, "warmup": 2},
    **{"weight_decay": 0.01, "dropout": 0.1, "freeze_embeddings": True, "score": "runs"},
    **{"stride": 16, "longest_answer": 30, "swap": True, "head_bias": "zero"},
}


def facts() -> list[tuple[tuple[str, ...], str, tuple[str, str], str]]:
    """Who did what to which thing in which town: 144 of them, in a fixed mixed order."""
    every = list(product(PEOPLE, VERBS, THINGS, TOWNS))
    return [every[n * 41 % len(every)] for n in range(len(every))]


def corpus() -> list[str]:
    """Sentences of 5 to 8 words."""
    return [
        f"{' '.join(who)} {did} the {' '.join(what)} in {town}."
        if number % 3
        else f"{' '.join(who)} {did} the {what[1]}."
        for number, (who, did, what, town) in enumerate(facts())
    ]


def items(task: str, count: int, *, skip: int = 0) -> list[dict[str, Any]]:
    """Records of a task, as the sources yield them."""
    chosen = facts()[skip : skip + count]
    return [_record(task, str(n + skip), *fact) for n, fact in enumerate(chosen)]


def _record(task: str, name: str, who: Any, did: str, what: Any, town: str) -> dict[str, Any]:
    person, thing = " ".join(who), " ".join(what)
    sentence = f"{person} {did} the {thing} in {town}."
    tail = ["the", *what, "in", town, "."]
    if task == "pos":
        labels = ["PROPN"] * len(who) + ["VERB", "DET", "ADJ", "NOUN", "ADP", "PROPN", "PUNCT"]
        return {"id": name, "words": [*who, did, *tail], "labels": labels}
    if task == "ner":
        labels = ["B-PER", "I-PER"][: len(who)] + ["O"] * 5 + ["B-LOC", "O"]
        return {"id": name, "words": [*who, did, *tail], "labels": labels}
    if task == "nli":
        label = ("entailment", "neutral", "contradiction")[int(name) % 3]
        other = (f"{person} {did} it.", f"{person} was tall.", f"No one {did} the {thing}.")
        hypothesis = other[int(name) % 3]
        return {"id": name, "premise": sentence, "hypothesis": hypothesis, "label": label}
    if task == "qa":
        context = f"It rained. {sentence} All slept."
        answer = {"text": f"the {thing}", "start": context.index(f"the {thing}")}
        question = f"What was {did} in {town}?"
        return {"id": name, "context": context, "question": question, "answers": [answer]}
    return {"id": name, "sentence": sentence, "translation": sentence}


def data_of(
    lengths: list[list[int]], *, keys: list[int] | None = None, vocabulary: int = 50
) -> Any:
    """Sentences given as lists of words, each its number of pieces.

    Beside pieces and words they carry `mark` (N,), another number for each piece of all.
    """
    sizes = np.array([sum(words) for words in lengths], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    total = int(offsets[-1])
    words = [n for words in lengths for n, size in enumerate(words) for _ in range(size)]
    count = len(lengths)
    return Sentences(
        offsets=offsets,
        keys=np.array(keys if keys is not None else range(count), dtype=np.uint64),
        items=np.arange(count, dtype=np.uint32),
        parts=np.zeros(count, dtype=np.uint8),
        columns={
            "pieces": (5 + np.arange(total) * 7 % (vocabulary - 5)).astype(np.uint32),
            "words": np.array(words, dtype=np.uint16),
            "mark": np.arange(total, dtype=np.int32),
        },
        metadata={"vocabulary": vocabulary},
    )


def step(name: str, **flags: Any) -> None:
    """Runs a step in this process."""
    import_module(f"twinlang.steps.{name}").main(arguments(**flags))


def arguments(**flags: Any) -> list[str]:
    """Flags of a step; what is no text or path is given as JSON."""
    found = []
    for name, value in flags.items():
        text = str(value) if isinstance(value, str | Path) else json.dumps(value)
        found += [f"--{name.replace('_', '-')}", text]
    return found


def as_process(name: str, flags: list[str], errors: str) -> None:
    """Runs a step as a command would, to its exit status: the target of a child process.

    It writes a line of its log for each step, and its errors to a file.
    """
    from twinlang import journal

    sys.stderr = open(errors, "w", encoding="utf-8")  # noqa: SIM115, lives as long as the process
    journal.LOG_SECONDS = 0.0
    main = import_module(f"twinlang.steps.{name}").main
    run(lambda _: main(flags))


def recipe(twin: list, *, seed: int = 0, **pretrain: Any) -> dict[str, Any]:
    """Settings of a recipe, before the tokenizer's size is known."""
    settings = {**PRETRAIN, **pretrain}
    return {"model": MODEL, "pretrain": settings, "twin": twin, "twin_seed": 0, "seed": seed}


class Study:
    """Files of a micro study in a folder, each made by its step when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def text(self) -> Path:
        path = self.folder / "corpus.txt"
        path.write_text("".join(line + "\n" for line in corpus()), encoding="utf-8")
        return path

    @cached_property
    def tokenizer(self) -> Path:
        path = self.folder / "tokenizer.json"
        step("train_tokenizer", corpus=self.text, vocabulary=VOCABULARY, output=path)
        return path

    @cached_property
    def encoder(self) -> tokenizer.Encoder:
        return tokenizer.Encoder(self.tokenizer)

    def corpus(self, twin: list) -> Path:
        """The encoded corpus of a twin, or of orig where it has no step."""
        orig = self.folder / "orig/corpus.arrow"
        if not orig.exists():
            flags = {"corpus": self.text, "tokenizer": self.tokenizer, "dataset": "en/main/a"}
            step("encode_corpus", **flags, output=orig)
        return self._derived(orig, twin)

    def items(self, task: str, split: str) -> Path:
        path = self.folder / f"tasks/{task}/{split}.jsonl"
        if not path.exists():
            count, skip = (24, 0) if split == "train" else (12, 24)
            write_lines(path, items(task, count, skip=skip))
        return path

    def task(self, task: str, split: str, twin: list) -> Path:
        """An encoded task in a twin, or in orig where it has no step."""
        orig = self.folder / f"orig/{task}-{split}.arrow"
        if not orig.exists():
            flags = {"items": self.items(task, split), "task": task, "lang": "en", "output": orig}
            dataset = f"en/{task}/{split}"
            step("encode_task", **flags, tokenizer=self.tokenizer, dataset=dataset)
        return self._derived(orig, twin)

    def _derived(self, orig: Path, twin: list) -> Path:
        path = self.folder / (json.dumps(twin).strip("[]") or "orig") / orig.name
        if not path.exists():
            step("derive", input=orig, steps=twin, seed=0, output=path)
        return path

    def recipe(self, twin: list) -> Path:
        path = self.folder / (json.dumps(twin).strip("[]") or "orig") / "recipe.json"
        if not path.exists():
            flags = {"settings": recipe(twin), "tokenizer": self.tokenizer}
            step("write_recipe", **flags, output=path)
        return path

    def model(self, twin: list) -> Path:
        """A model pre-trained on orig and the twin, or on orig alone."""
        path = self.recipe(twin).with_name("model.safetensors")
        if not path.exists():
            flags = {"recipe": self.recipe(twin), "orig": self.corpus([])}
            if twin:
                flags["deriv"] = self.corpus(twin)
            step("pretrain", **flags, model=path, journal=path.with_name("train.jsonl"))
        return path

    def copied_recipe(self, folder: Path, twin: list, **pretrain: Any) -> Path:
        """A recipe of its own in another folder, with other pre-training settings."""
        found = {**recipe(twin, **pretrain), "vocabulary": VOCABULARY}
        found["model"] = {
            **MODEL,
            "rows": json.loads(self.recipe(twin).read_text())["model"]["rows"],
        }
        write_json(folder / "recipe.json", found)
        return folder / "recipe.json"
