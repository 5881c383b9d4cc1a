"""Speed of fine-tuning and of evaluation, in real pieces a second, against the usual loop.

Tagging (a label a word) and classification of sentences of natural lengths, 32 a step. Ours sorts
them into buckets; the baseline pads to 128, or to the longest of its batch.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from twinlang import devices, instances
from twinlang.bench import _work as work
from twinlang.devices import Engine
from twinlang.finetuning import LOSSES, logits_of
from twinlang.model import Classifier
from twinlang.pieces import END, START

BATCH, COUNT = 32, 640
LABELS = {"tokens": 17, "sequence": 3}
NAMES = {
    "tokens": "RobertaForTokenClassification",
    "sequence": "RobertaForSequenceClassification",
}


def add_flags(flags: argparse.ArgumentParser) -> None:
    work.add_flags(flags)
    flags.add_argument("--heads", nargs="+", choices=list(LABELS), default=list(LABELS))


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a model, head, activity (train, evaluate) and baseline."""
    engine, rows = devices.prepare(arguments), []
    turns = {"repeat": arguments.repeat, "steps": arguments.steps, "device": engine.device}
    for name in arguments.models:
        for head in arguments.heads:
            for activity, ours, usual in (
                ("train", training, usual_training),
                ("evaluate", evaluation, usual_evaluation),
            ):
                every = {
                    f"transformers {precision} {text}": usual(name, head, engine, precision, length)
                    for precision in ("fp32", "bf16")
                    for text, length in (("padded to 128", 128), ("padded to longest", 0))
                }
                step = ours(name, head, engine)
                memory = work.peak_mib(ours, name, head, engine)
                for baseline, mine, theirs in work.compared(step, every, **turns):
                    rows.append(
                        {
                            "model": name,
                            "head": head,
                            "activity": activity,
                            "path": f"{engine.path} {engine.precision}",
                            "pieces_per_second": mine,
                            "baseline": baseline,
                            "baseline_pieces_per_second": theirs,
                            "ratio": mine / theirs,
                            "peak_mib": memory,
                        }
                    )
    return rows


def model_of(name: str, head: str) -> Classifier:
    """A classifier with the paper's dropout in fine-tuning."""
    shape = replace(work.SHAPES[name], dropout=0.1, attention_dropout=0.1)
    return Classifier(shape, head=head, labels=LABELS[head])


def shown(name: str) -> list[instances.Instance]:
    data = work.sentences(work.SHAPES[name].rows, COUNT)
    return instances.instances(data, max_length=128)


def training(name: str, head: str, engine: Engine) -> work.Step:
    """A step of our fine-tuning."""
    rows, labels = shown(name), LABELS[head]
    if head == "tokens":
        size = 1 + max(int(instance.index.max()) for instance in rows)
        targets = instances.label_targets(np.arange(size) % labels)
    else:
        targets = instances.class_targets(np.arange(len(rows)) % labels)
    steps = instances.steps_of(
        rows, targets, batch=BATCH, epochs=1, seed=0, places=engine.micro_batch
    )
    return work.ours(model_of(name, head), LOSSES[head], engine, work.endless(list(steps)))


def evaluation(name: str, head: str, engine: Engine) -> work.Step:
    """All instances once, as a step."""
    model, rows = engine.place(model_of(name, head)), shown(name)
    pieces = sum(len(instance.ids) for instance in rows)

    def step() -> int:
        for _ in logits_of(model, rows, engine=engine):
            pass
        return pieces

    return step


def usual_batches(name: str, head: str, length: int) -> Iterator[dict[str, Any]]:
    """The same sentences in batches of 32 as they come."""
    data, labels = work.sentences(work.SHAPES[name].rows, COUNT), LABELS[head]
    for first in range(0, COUNT, BATCH):
        lists = [
            np.concatenate([[START], data.take(slice(n, n + 1)).pieces[:126], [END]])
            for n in range(first, first + BATCH)
        ]
        batch = work.padded(lists, lambda ids: ids % labels, length)  # noqa: B023, used at once
        if head == "sequence":
            batch["labels"] = torch.arange(BATCH) % labels
        yield batch


def usual_training(name: str, head: str, engine: Engine, precision: str, length: int) -> work.Step:
    batches = work.endless(list(usual_batches(name, head, length)))
    plain = Engine(device=engine.device, precision=precision)
    return work.usual(NAMES[head], work.SHAPES[name], plain, batches)


def usual_evaluation(
    name: str, head: str, engine: Engine, precision: str, length: int
) -> work.Step:
    """All sentences once through the library's model, as a step."""
    plain = Engine(device=engine.device, precision=precision)
    forward = work.usual_model(NAMES[head], work.SHAPES[name], plain)
    batches = list(usual_batches(name, head, length))

    @torch.inference_mode()
    def step() -> int:
        for batch in batches:
            with plain.autocast():
                forward(**{key: value.to(plain.device) for key, value in batch.items()})
        return sum(int(batch["attention_mask"].sum()) for batch in batches)

    return step
