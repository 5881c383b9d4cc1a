"""The one training loop, for pre-training and fine-tuning alike.

A step is a list of micro-batches whose summed loss is divided by the step's number of targets, so
that the micro-batch changes speed and memory but not the result. All randomness of a step is keyed
by (seed, step): a run that was killed goes on from its last saved state to the very same weights.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from twinlang.cli import UserError
from twinlang.devices import Engine
from twinlang.optim import AdamW, Schedule
from twinlang.resume import Resume

PLAIN = Engine()
LOG_SECONDS = 2.0  # between two lines of the log, at most


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
) -> None:
    """Trains a model in place, over exactly `schedule.steps` steps.

    steps: from the number of steps already done to the micro-batches of each step that follows.
    loss: (model, tensors) -> summed loss of a micro-batch.

    Raises:
        UserError: the loss is no number any more.
    """
    optimizer = AdamW(model, schedule, fused=engine.fused, low=engine.precision == "bf16")
    done, kept = resume.load(model, optimizer) if resume else (0, "")
    model.train()
    with _termination() as terminated, Journal(log, schedule.steps, done, kept) as journal:
        for step, micro_batches in zip(range(done, schedule.steps), steps(done), strict=False):
            total = _backward(model, micro_batches, loss, engine, _mixed(seed, step))
            norm = float(optimizer.clip())
            if not math.isfinite(total + norm):
                found = f"the loss is {total} at step {step}, the gradient {norm}"
                raise UserError(f"{found}; lower the learning rate or lengthen the warm-up")
            optimizer.step(step)
            journal.step(step, total, sum(m.places for m in micro_batches), schedule.rate(step))
            stop = terminated()  # asked once: a signal after this line waits for the next step
            if resume:
                resume.maybe_save(model, optimizer, step + 1, log=journal.text, now=stop)
            if stop:
                sys.exit(f"terminated after step {step + 1}; run again to go on from there")
    model.eval()


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
    targets = max(1, sum(m.targets for m in micro_batches))
    total = 0.0
    for micro_batch in micro_batches:
        tensors = {
            name: t if t is None else t.to(engine.device, non_blocking=True)
            for name, t in micro_batch.tensors.items()
        }
        torch.manual_seed(seed)
        with engine.autocast():
            part = loss(model, tensors) / targets
        part.backward()
        total += float(part.detach())
    return total


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


class Journal:
    """Progress: JSON lines in a file, a bar on a terminal, nothing in a log.

    A line: step, loss (mean since the last line), learning_rate, places a second, seconds so far.
    `kept` are the lines of an interrupted run up to the step that its saved state has.
    """

    def __init__(self, path: Path | None, steps: int, done: int, kept: str = "") -> None:
        self.steps, self.lines = steps, kept.splitlines(keepends=True)
        self.file = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = open(path, "w", encoding="utf-8")  # noqa: SIM115, closed by __exit__
            self.file.write(kept)
            self.file.flush()
        self.last = time.monotonic()
        self.begun = self.last - (json.loads(self.lines[-1])["seconds"] if self.lines else 0.0)
        self.losses, self.places, self.at, self.rate = list[float](), 0, done, 0.0
        self.bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=steps, initial=done, unit="step", mininterval=1.0)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        for handle in (self.file, self.bar):
            if handle is not None:
                handle.close()

    def step(self, step: int, loss: float, places: int, rate: float) -> None:
        """Notes a step, counted from 0; writes a line where enough time has passed."""
        self.losses.append(loss)
        self.places += places
        self.at, self.rate = step + 1, rate
        if time.monotonic() - self.last >= LOG_SECONDS or self.at == self.steps:
            self._line()

    def text(self) -> str:
        """All lines up to the last step, which a saved state keeps: no step is told twice."""
        if self.losses:
            self._line()
        return "".join(self.lines)

    def _line(self) -> None:
        now = time.monotonic()
        mean = sum(self.losses) / len(self.losses)
        speed = self.places / max(1e-9, now - self.last)
        line = {"step": self.at, "loss": round(mean, 4), "learning_rate": self.rate}
        line |= {"places_per_second": round(speed), "seconds": round(now - self.begun, 1)}
        self.lines.append(json.dumps(line) + "\n")
        if self.file:
            self.file.write(self.lines[-1])
            self.file.flush()
        if self.bar is not None:
            self.bar.update(len(self.losses))
            self.bar.set_postfix(loss=f"{mean:.3f}", tokens=f"{speed:.0f}/s")
        self.last, self.losses, self.places = now, [], 0
