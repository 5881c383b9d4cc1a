"""The one training loop, for pre-training and fine-tuning alike.

A step is a list of micro-batches whose summed loss is divided by the step's number of targets, so
that the micro-batch changes speed and memory but not the result. All randomness of a step is keyed
by (seed, step): a run that was killed goes on from its last saved state to the very same weights.
"""

from __future__ import annotations

import math
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from twinlang.cli import UserError
from twinlang.devices import PLAIN, Engine
from twinlang.journal import Journal
from twinlang.optim import AdamW, Schedule
from twinlang.resume import Resume


@dataclass(frozen=True)
class MicroBatch:
    """One forward pass: tensors for the loss, and how many targets and places it holds."""

    tensors: dict[str, Tensor | None]
    targets: int
    places: int


def train(
    model: nn.Module,
    *,
    steps: Callable[[int], Iterator[Sequence[MicroBatch]]],
    loss: Callable[[nn.Module, dict[str, Tensor | None]], Tensor],
    schedule: Schedule,
    seed: int,
    engine: Engine = PLAIN,
    log: Path | None = None,
    resume: Resume | None = None,
    checkpoint: Callable[[int], None] | None = None,
) -> None:
    """Trains a model in place, over exactly `schedule.steps` steps.

    steps: from the number of steps already done to the micro-batches of each step that follows.
    loss: (model, tensors) -> summed loss of a micro-batch.
    checkpoint: called with the number of steps done, 0 and 1 and then each power of two.

    Raises:
        UserError: the loss is no number any more, or a micro-batch does not fit into memory.
    """
    optimizer = AdamW(model, schedule, fused=engine.fused, low=engine.precision == "bf16")
    done, kept = resume.load(model, optimizer) if resume else (0, "")
    loss = engine.compile(loss)
    if checkpoint and not done:
        checkpoint(0)
    model.train()
    lines = log if engine.rank == 0 else None
    with _termination() as terminated, Journal(lines, schedule.steps, done, kept) as journal:
        coming = steps(done) if engine.device == "cpu" else ahead(steps(done))
        for step, micro_batches in zip(range(done, schedule.steps), coming, strict=False):
            total = _backward(model, micro_batches, loss, engine, _mixed(seed, step))
            total, stop = _agree(optimizer, total, terminated(), engine)
            norm = float(optimizer.clip())
            if not math.isfinite(total + norm):
                raise UserError(_diverged(step, total, norm, resume))
            optimizer.step(step)
            engine.sync()
            journal.step(step, total, sum(m.places for m in micro_batches), schedule.rate(step))
            if checkpoint and step & (step + 1) == 0:
                checkpoint(step + 1)
            if resume:
                resume.maybe_save(model, optimizer, step + 1, log=journal.text, now=stop)
            if stop:
                sys.exit(f"terminated after step {step + 1}; run again to go on from there")
    model.eval()


def ahead(steps: Iterator[Sequence[MicroBatch]], depth: int = 2) -> Iterator[Any]:
    """The same steps, made by a thread while an accelerator computes, in memory it can read."""
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(next, steps, None) for _ in range(depth))
        while (found := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, steps, None))
            yield [replace(m, tensors=_pinned(m.tensors)) for m in found]


def _pinned(tensors: dict[str, Tensor | None]) -> dict[str, Tensor | None]:
    if not torch.cuda.is_available():
        return tensors
    return {name: t if t is None else t.pin_memory() for name, t in tensors.items()}


def _agree(optimizer: AdamW, total: float, stop: bool, engine: Engine) -> tuple[float, bool]:
    """Sums gradients and loss over the processes that train together; all stop if one must."""
    if engine.world == 1:
        return total, stop
    shared = torch.tensor([total, float(stop)], dtype=torch.float64).to(engine.device)
    for tensor in (*(group.gradient for group in optimizer.groups), shared):
        torch.distributed.all_reduce(tensor)
    return float(shared[0]), bool(shared[1])


def _diverged(step: int, total: float, norm: float, resume: Resume | None) -> str:
    found = f"the loss is {total} at step {step}, the gradient {norm}"
    kept = f"; the last good state is {resume.path}" if resume and resume.path.exists() else ""
    return f"{found}{kept}; lower the learning rate or lengthen the warm-up"


def _mixed(seed: int, step: int) -> int:
    """One seed from two numbers. Torch's generator on the CPU looks at its lowest 32 bits alone."""
    return int(np.random.SeedSequence([seed, step]).generate_state(1)[0])


def _backward(
    model: nn.Module,
    micro_batches: Sequence[MicroBatch],
    loss: Callable[[nn.Module, dict[str, Tensor | None]], Tensor],
    engine: Engine,
    seed: int,
) -> float:
    """Gradients of a step's mean loss, and that loss.

    Every micro-batch starts from one seed: the model tells chance apart by the number of a row.
    """
    targets = engine.number(max(1, sum(m.targets for m in micro_batches)))
    total = torch.zeros((), device=engine.device)
    for micro_batch in micro_batches[engine.rank :: engine.world]:
        tensors = engine.send(micro_batch.tensors)
        engine.seed(seed)
        try:
            with engine.autocast():
                part = loss(model, tensors) / targets
            part.backward()
        except RuntimeError as error:
            raise _too_large(error, tensors) from error
        total += part.detach()
    engine.sync()
    return float(total)  # the one wait for the device in a step, beside the gradient's norm


def _too_large(error: RuntimeError, tensors: dict[str, Tensor | None]) -> Exception:
    """What to do about a micro-batch that does not fit into memory; other errors stay."""
    ids = tensors.get("ids")
    if ids is None or not ("out of memory" in str(error) or "can't allocate" in str(error)):
        return error
    places, reason = ids.numel(), str(error).splitlines()[0]
    return UserError(
        f"a micro-batch of {places} places does not fit into memory ({reason}); set micro_batch to "
        f"{places // 2} places, or less, in the profile"
    )


class _termination:
    """Whether SIGTERM came: the step under way is finished and saved before the process ends."""

    def __enter__(self) -> Callable[[], bool]:
        self.seen = False
        self.before: Any = None
        try:
            self.before = signal.signal(signal.SIGTERM, self._note)
        except ValueError:  # not the main thread: a test, or a caller with its own handling
            self.before = None
        return lambda: self.seen

    def __exit__(self, *_: object) -> None:
        if self.before is not None:
            signal.signal(signal.SIGTERM, self.before)

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        self.seen = True
