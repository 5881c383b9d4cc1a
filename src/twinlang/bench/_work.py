"""What the training benchmarks share: models, sentences, the usual loop, and how it is timed."""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from twinlang import devices
from twinlang.bench.derive import corpus
from twinlang.convert import config_of
from twinlang.devices import Engine
from twinlang.model import Shape
from twinlang.optim import AdamW, Schedule
from twinlang.pieces import FIRST, PAD
from twinlang.sentences import Sentences
from twinlang.training import MicroBatch, _backward

PAPER = Shape(rows=40_000, layers=8, heads=8, hidden=512, feed_forward=2048)
SHAPES = {
    "default": Shape(2048, 2, 4, 64, 64, dropout=0.0, attention_dropout=0.0),
    "small": Shape(rows=8000, layers=4, heads=4, hidden=256, feed_forward=1024),
    "paper": PAPER,
    "paper-80k": replace(PAPER, rows=80_000),
}
SCHEDULE = Schedule(steps=1_000_000, learning_rate=1e-4)
Step = Callable[[], int]  # trains a step, returns its real pieces


def add_flags(flags: Any) -> None:
    """The flags of the training benchmarks."""
    flags.add_argument("--models", nargs="+", choices=list(SHAPES), default=["default"])
    flags.add_argument("--steps", type=int, default=3, help="a turn; the baseline takes as many")
    devices.add_flags(flags)


def sentences(rows: int, count: int = 4000) -> Sentences:
    """Sentences of natural lengths, their pieces below `rows`."""
    data = corpus(count)
    pieces = FIRST + data.pieces % np.uint32(rows - FIRST)
    return data.with_columns(pieces=pieces.astype(np.uint32))


def endless(steps: Sequence[Any]) -> Iterator[Any]:
    return cycle(steps)


def ours(model: nn.Module, loss: Any, engine: Engine, steps: Iterator[list[MicroBatch]]) -> Step:
    """A step of our loop: forward, backward, clipping, update."""
    model = engine.place(model).train()
    optimizer = AdamW(model, SCHEDULE, fused=engine.fused, low=engine.precision == "bf16")
    loss = engine.compile(loss)
    done = iter(range(SCHEDULE.steps))

    def step() -> int:
        micro_batches, number = next(steps), next(done)
        _backward(model, micro_batches, loss, engine, number)
        float(optimizer.clip())
        optimizer.step(number)
        return sum(m.places for m in micro_batches)

    return step


def usual(name: str, shape: Shape, engine: Engine, batches: Iterator[dict[str, Tensor]]) -> Step:
    """A step of the usual loop: the `transformers` model of that name, its AdamW, clipping.

    batches: input_ids, attention_mask and labels, on the CPU.
    """
    model = usual_model(name, shape, engine).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.0, fused=True)

    def step() -> int:
        batch = {key: value.to(engine.device) for key, value in next(batches).items()}
        with engine.autocast():
            loss = model(**batch).loss
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
        return int(batch["attention_mask"].sum())

    return step


def usual_model(name: str, shape: Shape, engine: Engine) -> nn.Module:
    """The `transformers` model of that name and shape, in evaluation."""
    import transformers

    config = transformers.RobertaConfig(**{**config_of(shape), "num_labels": 17})
    return getattr(transformers, name)(config).to(engine.device).eval()


def padded(
    lists: Sequence[np.ndarray], labels: Callable[[np.ndarray], np.ndarray], length: int = 0
) -> dict[str, Tensor]:
    """A batch for `usual`, padded to the longest row or to `length`."""
    width = length or max(map(len, lists))
    ids = np.full((len(lists), width), PAD, dtype=np.int64)
    wanted = np.full((len(lists), width), -100, dtype=np.int64)
    for row, pieces in enumerate(lists):
        kept = pieces[:width]
        ids[row, : len(kept)] = kept
        wanted[row, : len(kept)] = labels(kept)
    found = {"input_ids": ids, "attention_mask": (ids != PAD).astype(np.int64), "labels": wanted}
    return {name: torch.from_numpy(value) for name, value in found.items()}


def compared(
    step: Step, baselines: dict[str, Step], *, repeat: int, steps: int, device: str
) -> Iterator[tuple[str, float, float]]:
    """Name, our speed and the baseline's in pieces a second: medians of turns taken one by one."""
    every = {"": step, **baselines}
    for warm in every.values():
        speed(warm, 2, device)
    found: dict[str, list[float]] = {name: [] for name in every}
    for _ in range(repeat):
        for name, take in every.items():
            found[name].append(speed(take, steps, device))
    middle = {name: statistics.median(speeds) for name, speeds in found.items()}
    yield from ((name, middle[""], middle[name]) for name in baselines)


def speed(step: Step, steps: int, device: str) -> float:
    """Real pieces a second over some steps."""
    settle(device)
    begun = time.perf_counter()
    pieces = sum(step() for _ in range(steps))
    settle(device)
    return pieces / (time.perf_counter() - begun)


def settle(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def matmul_peak(engine: Engine) -> float:
    """Measured matrix products of this engine, FLOP/s: the best of a few sizes."""
    dtype = torch.bfloat16 if engine.precision == "bf16" else torch.float32
    size = 8192 if engine.device.startswith("cuda") else 1024
    best = 0.0
    for inner in (size // 2, size):
        a = torch.randn(size, inner, device=engine.device, dtype=dtype)
        b = torch.randn(inner, size, device=engine.device, dtype=dtype)
        for _ in range(6):
            settle(engine.device)
            begun = time.perf_counter()
            a @ b
            settle(engine.device)
            best = max(best, 2 * size * size * inner / (time.perf_counter() - begun))
    return best


def flops(shape: Shape, *, length: float, masked: float) -> float:
    """Useful FLOPs of training on one piece: six for each weight that it meets in a product.

    length: pieces a row; masked: share of pieces that reach the LM head.
    """
    block = 4 * shape.hidden**2 + 2 * shape.hidden * shape.feed_forward
    attention = 2 * length * shape.hidden
    head = masked * (shape.hidden**2 + shape.hidden * shape.rows)
    return 6 * (shape.layers * (block + attention) + head)


def peak_mib(make: Callable[..., Step], *arguments: Any) -> float:
    """Most memory that a process of its own holds while it takes three steps, MiB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (make, arguments))


def _peak(make: Callable[..., Step], arguments: tuple[Any, ...]) -> float:
    torch.set_num_threads(1)
    devices.keep_memory()
    list(step() for step in islice(cycle([make(*arguments)]), 3))
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
