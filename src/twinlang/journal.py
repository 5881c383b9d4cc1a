"""Progress of a training run: JSON lines in a file, a bar on a terminal, nothing in a log."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

LOG_SECONDS = 2.0  # between two lines of the log, at most


class Journal:
    """The lines and the bar of one run.

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
