"""Speed of pre-training, in real pieces a second, against the usual loop of `transformers`.

Equal lengths: rows of one length, all models see the same rows. Sentences: natural lengths, ours in
buckets, the baseline 32 sentences a batch, padded to 128 or to its longest. Baselines compute the
LM head at all places, with the library's attention, dropout and AdamW; `bf16` is autocast.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np

from twinlang import devices
from twinlang.batching import SentenceRows, plan
from twinlang.bench import _work as work
from twinlang.devices import Engine
from twinlang.masking import Masking
from twinlang.model import MaskedLM, Shape
from twinlang.pieces import END, FIRST, MASK, START
from twinlang.pretraining import masked_loss, micro_batches
from twinlang.sentences import Sentences
from twinlang.training import MicroBatch

MASKED = 0.15
LENGTHS = {"default": (16, 128)}  # equal lengths: pieces a row, rows a step; 128 by 16 for others
BATCHES = 24  # prepared before the clock starts, as asynchronous input would


def add_flags(flags: argparse.ArgumentParser) -> None:
    work.add_flags(flags)
    flags.add_argument("--data", nargs="+", choices=["equal", "sentences"], default=["equal"])


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a model, kind of data and baseline."""
    engine = devices.prepare(arguments)
    peak, rows = work.matmul_peak(engine), []
    for name in arguments.models:
        for data in arguments.data:
            step = our_step(name, data, engine)
            useful = work.flops(work.SHAPES[name], length=mean_length(name, data), masked=MASKED)
            memory = work.peak_mib(our_step, name, data, engine)
            turns = {"repeat": arguments.repeat, "steps": arguments.steps, "device": engine.device}
            for baseline, mine, theirs in work.compared(
                step, baselines(name, data, engine), **turns
            ):
                rows.append(
                    {
                        "model": name,
                        "data": data,
                        "path": f"{engine.path} {engine.precision}",
                        "pieces_per_second": mine,
                        "baseline": baseline,
                        "baseline_pieces_per_second": theirs,
                        "ratio": mine / theirs,
                        "share_of_matmul_peak": useful * mine / peak,
                        "peak_mib": memory,
                    }
                )
    return rows


def corpus_of(name: str, data: str) -> Sentences:
    """The sentences of a case: natural, or all of one length."""
    found = work.sentences(work.SHAPES[name].rows)
    if data == "sentences":
        return found
    length, count = LENGTHS.get(name, (128, 16))[0] - 2, len(found.pieces)
    size = count // length
    return Sentences(
        offsets=np.arange(size + 1) * length,
        keys=np.arange(size, dtype=np.uint64),
        items=np.arange(size, dtype=np.uint32),
        parts=np.zeros(size, dtype=np.uint8),
        columns={key: column[: size * length] for key, column in found.columns.items()},
    )


def mean_length(name: str, data: str) -> float:
    return float(corpus_of(name, data).lengths.mean()) + 2


def our_step(name: str, data: str, engine: Engine) -> work.Step:
    """A step of our engine on prepared micro-batches."""
    shape = work.SHAPES[name]
    loss_steps = work.endless(list(our_batches(shape, corpus_of(name, data), name, engine)))
    return work.ours(MaskedLM(shape), masked_loss, engine, loss_steps)


def our_batches(
    shape: Shape, data: Sentences, name: str, engine: Engine
) -> Iterator[list[MicroBatch]]:
    length, count = LENGTHS.get(name, (128, 16))
    rows = SentenceRows([[data]], longest=128)
    masking = Masking(MASKED, 0.8, 0.1, [np.arange(shape.rows, dtype=np.int64)])
    batches = plan(rows.lengths.astype(np.int64), places=length * count, seed=[0])[:BATCHES]
    for number, batch in enumerate(batches):
        yield micro_batches(rows, batch, masking, (0, number), engine)


def baselines(name: str, data: str, engine: Engine) -> dict[str, work.Step]:
    """The usual loop, in fp32 and in bf16, by the name of what is compared."""
    found = {}
    paddings = {"": 0} if data == "equal" else {" padded to 128": 128, " padded to longest": 0}
    for precision in ("fp32", "bf16"):
        for text, length in paddings.items():
            batches = work.endless(list(usual_batches(name, data, length)))
            plain = Engine(device=engine.device, precision=precision)
            step = work.usual("RobertaForMaskedLM", work.SHAPES[name], plain, batches)
            found[f"transformers {precision}{text}"] = step
    return found


def usual_batches(name: str, data: str, length: int) -> Iterator[Any]:
    """Batches of the usual loop: in the order of the corpus, masked by the usual rule."""
    found, generator = corpus_of(name, data), np.random.default_rng(0)
    count = LENGTHS.get(name, (128, 16))[1] if data == "equal" else 32
    for first in range(0, min(len(found), BATCHES * count) - count + 1, count):
        lists, wanted = [], []
        for number in range(first, first + count):
            pieces = found.pieces[found.offsets[number] : found.offsets[number + 1]][:126]
            ids = np.concatenate([[START], pieces, [END]]).astype(np.int64)
            hidden = (generator.random(len(ids)) < MASKED) & (ids >= FIRST)
            wanted.append(np.where(hidden, ids, -100))
            lists.append(np.where(hidden, MASK, ids))
        labels = iter(wanted)
        yield work.padded(lists, lambda kept, labels=labels: next(labels)[: len(kept)], length)  # type: ignore[misc]
