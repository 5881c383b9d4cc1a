"""Fine-tuning on a task and predicting with the result (section 3.3, Appendix F)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from twinlang import instances as rows
from twinlang.batching import WIDTH
from twinlang.cli import UserError
from twinlang.devices import Engine
from twinlang.instances import Instance
from twinlang.model import Classifier, Shape, cross_entropy
from twinlang.optim import Schedule
from twinlang.sentences import Sentences
from twinlang.training import MicroBatch, train

# Rows times length of a forward pass in evaluation: what a CPU's cache holds, what fills a GPU.
PLACES = {"cpu": 1024, "other": 16384}


def classifier(
    recipe: dict[str, Any], task: Any, settings: dict[str, Any], seed: int
) -> Classifier:
    """A classifier of the recipe's shape with a new head; dropout as the task's settings say.

    Raises:
        UserError: the model has fewer positions than the task's rows.
    """
    dropout = settings["dropout"]
    shape = Shape(**{**recipe["model"], "dropout": dropout, "attention_dropout": dropout})
    check_length(settings, shape)
    torch.manual_seed(seed)
    return Classifier(shape, head=task.HEAD, labels=len(task.LABELS))


def check_length(settings: dict[str, Any], shape: Shape) -> None:
    """Refuses rows longer than an (imported) model reads; they are padded to a multiple of 8."""
    if -(-settings["max_length"] // WIDTH) * WIDTH > shape.positions:
        raise UserError(
            f"max_length of the task, {settings['max_length']} (padded to a multiple of {WIDTH}), "
            f"is more than the model's {shape.positions} positions; make it smaller"
        )


def finetune(
    model: Classifier,
    *,
    task: Any,
    settings: dict[str, Any],
    data: Sentences,
    records: Sequence[dict[str, Any]],
    seed: int,
    engine: Engine,
) -> None:
    """Fine-tunes a classifier in place; with `freeze_embeddings` the piece and position
    embeddings stay, so that the twin's rows stay where they were beside the original's."""
    shown = rows.instances(data, max_length=settings["max_length"], stride=settings.get("stride"))
    wanted = targets_of(task, data, records)
    if settings["head_bias"] == "prior":
        start_at_prior(model, shown, wanted)
    frozen = [model.encoder.pieces, model.encoder.positions, model.encoder.norm]
    for module in frozen:
        module.requires_grad_(not settings["freeze_embeddings"])
    count = -(-len(shown) // settings["batch"]) * settings["epochs"]
    schedule = Schedule(
        steps=count,
        learning_rate=settings["learning_rate"],
        warmup=_warmup(settings["warmup"], count),
        weight_decay=settings["weight_decay"],
    )

    def steps(_done: int) -> Iterator[list[MicroBatch]]:  # a fine-tuning is never resumed
        batch, epochs = settings["batch"], settings["epochs"]
        return rows.steps_of(
            shown, wanted, batch=batch, epochs=epochs, seed=seed, places=engine.micro_batch
        )

    loss = LOSSES[task.HEAD]
    train(model, steps=steps, loss=loss, schedule=schedule, seed=seed, engine=engine)


def start_at_prior(model: Classifier, shown: list[Instance], wanted: rows.Targets) -> None:
    """Sets the head's bias to the log share of each class in the training data, in place.

    Otherwise a fine-tuning learns these shares through whatever is constant in its inputs, above
    all the language; on the twin that constant has the other sign, and rare classes win.
    """
    if model.head == "span":
        return
    time = max(len(instance.ids) for instance in shown)
    targets, _ = wanted(shown, time)
    counts = np.bincount(targets[targets != rows.IGNORED], minlength=len(model.classify.bias))
    shares = (counts + 1) / (counts.sum() + len(counts))
    with torch.no_grad():
        model.classify.bias.copy_(torch.from_numpy(np.log(shares)))


def _warmup(warmup: float, steps: int) -> int:
    """Warm-up in steps; a number below 1 is a share of all steps."""
    return round(warmup * steps) if warmup < 1 else int(warmup)


def targets_of(task: Any, data: Sentences, records: Sequence[dict[str, Any]]) -> rows.Targets:
    """How a task's targets are looked up."""
    if task.HEAD == "tokens":
        labels = data.columns["labels"].copy()
        if "twin" in data.metadata and hasattr(task, "rewritten"):
            labelled = np.flatnonzero(labels != rows.IGNORED)
            sentence = np.searchsorted(data.offsets, labelled, side="right")
            labels[labelled] = task.rewritten(labels[labelled], sentence)
        return rows.label_targets(labels)
    if task.HEAD == "sequence":
        return rows.class_targets(np.array([task.LABELS.index(r["label"]) for r in records]))
    return rows.span_targets(data, records)


def _flat_loss(model: nn.Module, tensors: dict[str, Tensor | None]) -> Tensor:
    targets = tensors["targets"]
    assert targets is not None
    logits = model(tensors["ids"], tensors["lengths"], tensors["rows"])
    return cross_entropy(logits.flatten(0, -2), targets.flatten())


def _span_loss(model: nn.Module, tensors: dict[str, Tensor | None]) -> Tensor:
    """Cross-entropy of start and of end over the places of each row, logits (batch, time, 2)."""
    targets, lengths = tensors["targets"], tensors["lengths"]
    assert targets is not None
    logits = model(tensors["ids"], lengths, tensors["rows"]).float()
    if lengths is not None:
        outside = torch.arange(logits.shape[1], device=logits.device)[None] >= lengths[:, None]
        logits = logits.masked_fill(outside[:, :, None], -1e4)
    return cross_entropy(logits.transpose(1, 2).flatten(0, 1), targets.flatten())


LOSSES = {"tokens": _flat_loss, "sequence": _flat_loss, "span": _span_loss}


@torch.no_grad()  # XLA has no inference mode
def logits_of(
    model: nn.Module, shown: list[Instance], *, engine: Engine
) -> Iterator[tuple[Instance, np.ndarray]]:
    """Each instance with its logits, (time, labels) or (labels,), in batches of like length."""
    model.eval()
    order = sorted(range(len(shown)), key=lambda n: len(shown[n].ids))
    at, places = len(order), PLACES.get(engine.device, PLACES["other"])
    while at:
        longest = len(shown[order[at - 1]].ids)
        chosen = [shown[n] for n in order[max(0, at - max(1, places // longest)) : at]]
        at -= len(chosen)
        tensors = rows.tensors_of(chosen, None)
        with engine.autocast():
            ids, lengths = engine.send(tensors).values()
            logits = model(ids, lengths).float().cpu().numpy()[: len(chosen)]
        for instance, values in zip(chosen, logits, strict=True):
            yield instance, values[: len(instance.ids)] if values.ndim == 2 else values


def predict(
    model: nn.Module,
    *,
    task: Any,
    settings: dict[str, Any],
    data: Sentences,
    records: Sequence[dict[str, Any]],
    engine: Engine,
) -> list[dict[str, Any]]:
    """A prediction for each record, in the form that the metric's file of predictions has."""
    shown = rows.instances(data, max_length=settings["max_length"], stride=settings.get("stride"))
    if len({instance.item for instance in shown}) != len(records):
        raise UserError("records and encoded data are out of step; encode the task again")
    pairs = logits_of(model, shown, engine=engine)
    if task.HEAD == "tokens":
        return _tokens(task, data, records, pairs)
    if task.HEAD == "sequence":
        best = {i.item: int(values.argmax()) for i, values in pairs}
        return [
            {"id": r["id"], "gold": r["label"], "predicted": task.LABELS[best[n]]}
            for n, r in enumerate(records)
        ]
    from twinlang.spans import answers

    return answers(data, records, pairs, settings)


def _tokens(
    task: Any, data: Sentences, records: Sequence[dict[str, Any]], pairs: Any
) -> list[dict[str, Any]]:
    """Labels of the labelled pieces, in the order that the model read them.

    A labelled piece beyond `max_length` was never read; its prediction is `O` or `X`.
    """
    labels, words = data.columns["labels"], data.words
    best = np.full(len(labels), len(task.LABELS), dtype=np.int64)
    for instance, values in pairs:
        shown = instance.index >= 0
        best[instance.index[shown]] = values.argmax(axis=-1)[shown]
    unread = "O" if "O" in task.LABELS else "X"
    names = [*task.LABELS, unread]
    found = []
    for number, record in enumerate(records):
        mine = np.arange(data.offsets[number], data.offsets[number + 1])
        mine = mine[labels[mine] != rows.IGNORED]
        found.append(
            {
                "id": record["id"],
                "gold": [names[label] for label in labels[mine]],
                "predicted": [names[label] for label in best[mine]],
                "words": words[mine].tolist(),
            }
        )
    return found
