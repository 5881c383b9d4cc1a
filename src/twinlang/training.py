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

import torch
from torch import Tensor, nn

from twinlang.cli import UserError
from twinlang.resume import Resume

LOG_SECONDS = 2.0  # between two lines of the log, at most


@dataclass(frozen=True)
class MicroBatch:
    """One forward pass: tensors for the loss, and how many targets and places it holds."""

    tensors: dict[str, Tensor | None]
    targets: int
    places: int


@dataclass(frozen=True)
class Schedule:
    """AdamW with linear warm-up and linear decay to zero; steps and warm-up in steps."""

    steps: int
    learning_rate: float
    warmup: int = 0
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    clip: float = 1.0

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        return self.learning_rate * (self.steps - step) / max(1, self.steps - self.warmup)


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Summed cross-entropy in fp32; logits (n, classes), targets (n,), -100 is not counted."""
    return nn.functional.cross_entropy(
        logits.float(), targets, ignore_index=-100, reduction="sum"
    )


def optimizer_of(model: nn.Module, schedule: Schedule) -> torch.optim.AdamW:
    """AdamW over what is trained; norms and biases are not decayed, as in `transformers`."""
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": schedule.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    device = trained[0].device.type
    return torch.optim.AdamW(
        groups,
        lr=schedule.learning_rate,
        betas=schedule.betas,
        eps=schedule.epsilon,
        fused=device in ("cpu", "cuda"),
    )


def train(
    model: nn.Module,
    *,
    steps: Callable[[int], Iterator[Sequence[MicroBatch]]],
    loss: Callable[[nn.Module, dict[str, Tensor | None]], Tensor],
    schedule: Schedule,
    seed: int,
    precision: str = "fp32",
    log: Path | None = None,
    resume: Resume | None = None,
) -> None:
    """Trains a model in place, over exactly `schedule.steps` steps.

    steps: from the number of steps already done to the micro-batches of each step that follows.
    loss: (model, tensors) -> summed loss of a micro-batch.

    Raises:
        UserError: the loss is no number any more.
    """
    device = next(model.parameters()).device
    optimizer = optimizer_of(model, schedule)
    done = resume.load(model, optimizer) if resume else 0
    journal = Journal(log, schedule.steps, done)
    model.train()
    with _termination() as terminated:
        for step, micro_batches in zip(range(done, schedule.steps), steps(done), strict=False):
            torch.manual_seed((seed << 32) + step)
            total = _backward(model, micro_batches, loss, device, precision)
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), schedule.clip)
            if not math.isfinite(total) or not math.isfinite(float(norm)):
                raise UserError(
                    f"the loss is {total} at step {step}; lower the learning rate or lengthen the "
                    "warm-up; a run goes on from its last saved state"
                )
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate(step)
            optimizer.step()
            optimizer.zero_grad()
            journal.step(step, total, sum(m.places for m in micro_batches), schedule.rate(step))
            if resume:
                resume.maybe_save(model, optimizer, step + 1, now=terminated())
            if terminated():
                sys.exit(f"terminated after step {step + 1}; run again to go on from there")
    journal.close()
    model.eval()


def _backward(
    model: nn.Module,
    micro_batches: Sequence[MicroBatch],
    loss: Callable[[nn.Module, dict[str, Tensor | None]], Tensor],
    device: torch.device,
    precision: str,
) -> float:
    """Gradients of a step's mean loss, and that loss."""
    targets = max(1, sum(m.targets for m in micro_batches))
    total = 0.0
    for micro_batch in micro_batches:
        tensors = {
            name: t if t is None else t.to(device, non_blocking=True)
            for name, t in micro_batch.tensors.items()
        }
        with autocast(device, precision):
            part = loss(model, tensors) / targets
        part.backward()
        total += float(part.detach())
    return total


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """bf16 matrix products where the profile asks for them; otherwise nothing."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


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
    """

    def __init__(self, path: Path | None, steps: int, done: int) -> None:
        self.file = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = _lines_before(path, done)
            self.file = open(path, "w", encoding="utf-8")  # noqa: SIM115, closed by close()
            self.file.writelines(kept)
        self.steps, self.begun = steps, time.monotonic()
        self.last, self.losses, self.places = self.begun, list[float](), 0
        self.bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=steps, initial=done, unit="step", mininterval=1.0)

    def step(self, step: int, loss: float, places: int, rate: float) -> None:
        self.losses.append(loss)
        self.places += places
        now = time.monotonic()
        if now - self.last < LOG_SECONDS and step + 1 < self.steps:
            return
        mean = sum(self.losses) / len(self.losses)
        speed = self.places / max(1e-9, now - self.last)
        line = {"step": step + 1, "loss": round(mean, 4), "learning_rate": rate}
        line |= {"places_per_second": round(speed), "seconds": round(now - self.begun, 1)}
        if self.file:
            self.file.write(json.dumps(line) + "\n")
            self.file.flush()
        if self.bar is not None:
            self.bar.update(len(self.losses))
            self.bar.set_postfix(loss=f"{mean:.3f}", tokens=f"{speed:.0f}/s")
        self.last, self.losses, self.places = now, [], 0

    def close(self) -> None:
        for handle in (self.file, self.bar):
            if handle is not None:
                handle.close()


def _lines_before(path: Path, done: int) -> list[str]:
    """The lines of an interrupted run's log that its saved state covers."""
    if not done or not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= done]
