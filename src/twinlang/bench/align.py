"""Speed and memory of alignment: nearest neighbours of all rows, by cosine.

Rows are drawn at random, as many as a vocabulary of the paper's size has. The baseline is what one
writes first, all similarities at once in numpy; with more than --whole rows it goes through the
queries a thousand at a time.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from twinlang import alignment


def add_flags(flags: argparse.ArgumentParser) -> None:
    flags.add_argument("--rows", type=int, default=40_000)
    flags.add_argument("--hidden", type=int, default=512)
    flags.add_argument("--whole", type=int, default=10_000, help="most rows of a whole product")
    flags.add_argument("--threads", type=int, default=0, help="0: all cores")


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a measure: seconds, the baseline's, their ratio, memory beside the rows."""
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    generator = np.random.default_rng(0)
    left = generator.standard_normal((arguments.rows, arguments.hidden), dtype=np.float32)
    right = left + 2 * generator.standard_normal(left.shape, dtype=np.float32)
    queries, candidates = torch.from_numpy(left), torch.from_numpy(right)
    block = arguments.rows if arguments.rows <= arguments.whole else 1000
    cases: dict[str, Callable[[], Any]] = {
        "nearest": lambda: alignment.nearest(queries, candidates),
        "csls": lambda: alignment.csls(queries, candidates),
    }
    rows = []
    for name, ours in cases.items():
        times = [
            (seconds(ours), seconds(lambda: plain(left, right, block)))
            for _ in range(arguments.repeat)
        ]
        mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
        rows.append(
            {
                "measure": name,
                "rows": arguments.rows,
                "seconds": mine,
                "baseline": f"numpy nearest, {block:,} queries at once",
                "baseline_seconds": theirs,
                "ratio": theirs / mine,
                "peak_mib": peak(ours) / 2**20,
            }
        )
    return rows


def plain(left: np.ndarray, right: np.ndarray, block: int) -> np.ndarray:
    """Hits of nearest neighbours, (n,) bool."""
    left, right = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (left, right))
    hits = []
    for first in range(0, len(left), block):
        best = (left[first : first + block] @ right.T).argmax(axis=1)
        hits.append(best == np.arange(first, first + len(best)))
    return np.concatenate(hits)


def seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def peak(call: Callable[[], Any]) -> int:
    """Most bytes that the process held during a call, beside what it held before.

    Read from Linux every few milliseconds, since torch's memory is unknown to tracemalloc.
    """
    before, most, done = resident(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            most[0] = max(most[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        call()
    finally:
        done.set()
        watcher.join()
    return max(most[0] - before, 0)


def resident() -> int:
    """Bytes of memory that the process holds."""
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * 4096
