"""Instances: what a fine-tuned model reads, `<s> A </s></s> B </s>`, built from encoded sentences.

Every place of an instance knows the piece it shows (`index`), so that labels are looked up where a
transform has put them, and predictions are read back to the pieces and their words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from twinlang.batching import WIDTH, plan
from twinlang.pieces import END, PAD, START
from twinlang.sentences import Sentences
from twinlang.tasks import IGNORED
from twinlang.training import MicroBatch

SPECIAL = -1  # index of a place that shows no piece of the data


@dataclass(frozen=True)
class Instance:
    """One input row. ids, index (time,): piece ids, and flat indices into the sentences' columns.

    item: number of its record; several instances of one item are windows of a long context.
    """

    item: int
    ids: np.ndarray
    index: np.ndarray


def instances(data: Sentences, *, max_length: int, stride: int | None = None) -> list[Instance]:
    """Instances of at most `max_length` places; nothing is put between the sentences of a part.

    A pair that is too long loses pieces of its longer part (the paper's code: `longest_first`);
    with `stride`, part 1 is shown in windows that overlap by `stride` pieces instead.
    """
    found: list[Instance] = []
    bounds = np.flatnonzero(np.diff(data.items.astype(np.int64))) + 1
    for rows in np.split(np.arange(len(data)), bounds):
        parts: list[list[np.ndarray]] = [[], []]
        for row in rows:
            parts[data.parts[row]].append(np.arange(data.offsets[row], data.offsets[row + 1]))
        first, second = (np.concatenate(p) if p else None for p in parts)
        item = int(data.items[rows[0]])
        first = first if first is not None else np.empty(0, dtype=np.int64)
        for pair in _fitted(first, second, max_length, stride):
            found.append(_instance(data, item, *pair))
    return found


def _fitted(
    first: np.ndarray, second: np.ndarray | None, longest: int, stride: int | None
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    if second is None:
        yield first[: longest - 2], None
        return
    room = longest - 4
    if stride is None:
        excess = max(0, len(first) + len(second) - room)
        gap = len(first) - len(second)
        cut = min(excess, max(0, gap)) if gap > 0 else 0
        other = min(excess, max(0, -gap)) if gap < 0 else 0
        rest = excess - cut - other
        cut, other = cut + (rest + 1) // 2, other + rest // 2
        yield first[: len(first) - cut], second[: len(second) - other]
        return
    first = first[: room // 2]
    window = room - len(first)
    overlap = min(stride, window // 2)  # a long question leaves little room
    for start in range(0, max(1, len(second) - overlap), window - overlap):
        yield first, second[start : start + window]


def _instance(data: Sentences, item: int, first: np.ndarray, second: np.ndarray | None) -> Instance:
    pieces = data.pieces
    none, start, end = [SPECIAL], [START], [END]
    if second is None:
        ids = np.concatenate([start, pieces[first], end])
        return Instance(item, ids, np.concatenate([none, first, none]))
    ids = np.concatenate([start, pieces[first], end, end, pieces[second], end])
    return Instance(item, ids, np.concatenate([none, first, none, none, second, none]))


def padded(chosen: Sequence[Instance]) -> tuple[np.ndarray, np.ndarray]:
    """ids (batch, time) int64 and lengths (batch,) of instances."""
    lengths = np.array([len(instance.ids) for instance in chosen])
    ids = np.full((len(chosen), -(-int(lengths.max()) // WIDTH) * WIDTH), PAD, dtype=np.int64)
    for row, instance in enumerate(chosen):
        ids[row, : len(instance.ids)] = instance.ids
    return ids, lengths


def tensors_of(chosen: Sequence[Instance], targets: np.ndarray | None) -> dict[str, Tensor | None]:
    """The tensors of a forward pass."""
    ids, lengths = padded(chosen)
    found: dict[str, Tensor | None] = {
        "ids": torch.from_numpy(ids),
        "lengths": torch.from_numpy(lengths) if (lengths < ids.shape[1]).any() else None,
    }
    if targets is not None:
        found["targets"] = torch.from_numpy(targets)
    return found


Targets = Callable[[Sequence[Instance], int], tuple[np.ndarray, int]]


def steps_of(
    data: list[Instance], targets: Targets, *, batch: int, epochs: int, seed: int, places: int
) -> Iterator[list[MicroBatch]]:
    """The steps of a fine-tuning: `batch` instances each, of like length, each epoch anew.

    targets: (instances, time) -> targets of a forward pass, and how many are counted.
    places: rows times padded length of a micro-batch at most; 0 for no limit.
    """
    lengths = np.array([len(instance.ids) for instance in data])
    for epoch in range(epochs):
        shuffled = plan(lengths, places=1 << 60, seed=[seed, epoch], most=batch)
        for rows in shuffled:
            longest = -(-int(lengths[rows].max()) // WIDTH) * WIDTH
            size = max(1, places // longest) if places else len(rows)
            step = []
            for first in range(0, len(rows), size):
                chosen = [data[row] for row in rows[first : first + size]]
                time = -(-max(len(i.ids) for i in chosen) // WIDTH) * WIDTH
                wanted, counted = targets(chosen, time)
                tensors = tensors_of(chosen, wanted)
                tensors["rows"] = torch.arange(first, first + len(chosen))
                step.append(MicroBatch(tensors, counted, sum(len(i.ids) for i in chosen)))
            yield step


def label_targets(labels: np.ndarray) -> Targets:
    """Targets of token tasks: the label that travelled with each piece, (batch, time)."""

    def targets(chosen: Sequence[Instance], time: int) -> tuple[np.ndarray, int]:
        wanted = np.full((len(chosen), time), IGNORED, dtype=np.int64)
        for row, instance in enumerate(chosen):
            shown = instance.index >= 0
            wanted[row, : len(shown)][shown] = labels[instance.index[shown]]
        return wanted, int((wanted != IGNORED).sum())

    return targets


def class_targets(classes: np.ndarray) -> Targets:
    """Targets of row tasks: the class of each item, (batch,)."""

    def targets(chosen: Sequence[Instance], time: int) -> tuple[np.ndarray, int]:
        wanted = np.array([classes[instance.item] for instance in chosen], dtype=np.int64)
        return wanted, len(wanted)

    return targets


def span_targets(data: Sentences, records: Sequence[dict[str, Any]]) -> Targets:
    """Targets of span tasks, (batch, 2): places of the answer's first and last piece in the row.

    A window without the whole answer points at its <s>, as in the usual SQuAD recipe; so does an
    answer that a twin has torn apart because it runs over the end of a sentence.
    """
    starts, ends = data.columns["starts"], data.columns["ends"]

    def targets(chosen: Sequence[Instance], time: int) -> tuple[np.ndarray, int]:
        wanted = np.zeros((len(chosen), 2), dtype=np.int64)
        for row, instance in enumerate(chosen):
            answer = records[instance.item]["answers"][0]
            first, last = answer["start"], answer["start"] + len(answer["text"])
            index = np.maximum(instance.index, 0)
            shown = (instance.index >= 0) & (starts[index] >= 0)
            inside = np.flatnonzero(shown & (starts[index] < last) & (ends[index] > first))
            if len(inside) and _readable(starts, ends, instance.index, inside, (first, last)):
                wanted[row] = inside[0], inside[-1]
        return wanted, 2 * len(wanted)

    return targets


def _readable(
    starts: np.ndarray,
    ends: np.ndarray,
    index: np.ndarray,
    inside: np.ndarray,
    answer: tuple[int, int],
) -> bool:
    """Whether the run of places from the first to the last of `inside` shows all characters of the
    answer (start, end), and none beyond those of the pieces `inside`."""
    mine, run = index[inside], index[inside[0] : inside[-1] + 1]
    low, high = starts[mine].min(), ends[mine].max()
    whole = low <= answer[0] and high >= answer[1]
    return bool(whole and starts[run].min() == low and ends[run].max() == high)
