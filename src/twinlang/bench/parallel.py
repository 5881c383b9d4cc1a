"""Several models trained at once on one device, in real pieces a second of all together.

Each is a process of its own, as the workflow runs them, and the threads are shared out among them.
The baseline is one model that has the whole device and all threads. Sentences of natural lengths.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from twinlang import devices
from twinlang.bench import _work as work
from twinlang.bench.pretrain import our_step

_begin: Any = None  # the barrier of a worker


def add_flags(flags: argparse.ArgumentParser) -> None:
    work.add_flags(flags)
    flags.add_argument("--at-once", type=int, nargs="+", default=[2], help="numbers of models")
    flags.add_argument("--seconds", type=float, default=3.0, help="a turn")


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a model and number of models at once."""
    rows = []
    for name in arguments.models:
        counts = [1, *arguments.at_once]
        found: dict[int, list[float]] = {count: [] for count in counts}
        for _ in range(arguments.repeat):
            for count in counts:
                found[count].append(together(name, count, arguments))
        speeds = {count: statistics.median(turns) for count, turns in found.items()}
        rows += [
            {
                "model": name,
                "models_at_once": count,
                "threads_each": _threads(arguments, count),
                "pieces_per_second": speeds[count],
                "baseline": f"one model, threads: {arguments.threads}",
                "baseline_pieces_per_second": speeds[1],
                "ratio": speeds[count] / speeds[1],
            }
            for count in arguments.at_once
        ]
    return rows


def together(name: str, count: int, arguments: argparse.Namespace) -> float:
    """Pieces a second of so many processes, which begin to train at the same moment."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(count)
    own = argparse.Namespace(**{**vars(arguments), "threads": _threads(arguments, count)})
    del own.measure  # a function of a module that is named otherwise there
    with ProcessPoolExecutor(count, context, initializer=_keep, initargs=(barrier,)) as pool:
        return sum(pool.map(_speed, [name] * count, [own] * count))


def _threads(arguments: argparse.Namespace, count: int) -> int:
    return max(1, int(arguments.threads) // count)


def _keep(barrier: Any) -> None:
    global _begin
    _begin = barrier


def _speed(name: str, arguments: argparse.Namespace) -> float:
    """Pieces a second of this process, while all of them train."""
    engine = devices.prepare(arguments)
    step = our_step(name, "sentences", engine)
    work.speed(step, arguments.steps, engine.device)
    _begin.wait()
    pieces, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < arguments.seconds:
        pieces += step()
    work.settle(engine.device)
    return pieces / (time.perf_counter() - begun)
