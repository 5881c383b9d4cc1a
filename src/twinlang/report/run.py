"""How a run went: times of its jobs, and what its metric files say of machines and models."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from twinlang.cli import UserError, read_json
from twinlang.tidy import Row

TUNED_FROM = ("bz", "bs", "mo")  # settings whose metric names a model that was pre-trained
SEEN = ("device", "precision", "path", "threads")  # how something was computed


def times(folder: str) -> list[Row]:
    """One row a rule: jobs, seconds in all, the longest, processor seconds, memory at its peak.

    Reads the benchmark files that the workflow leaves; a folder that is not there gives none.

    Raises:
        UserError: a file is no benchmark.
    """
    found: dict[str, list[dict[str, float]]] = {}
    for path in sorted(Path(folder).rglob("*.tsv")):
        rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
        found.setdefault(rule, []).append(_benchmark(path))
    rows = [
        {
            "rule": rule,
            "jobs": len(jobs),
            "seconds": sum(job["s"] for job in jobs),
            "longest": max(job["s"] for job in jobs),
            "processor": sum(job["cpu_time"] for job in jobs),
            "memory": max(job["max_rss"] for job in jobs),
        }
        for rule, jobs in found.items()
    ]
    return sorted(rows, key=lambda row: -row["seconds"])


def wall(folder: str) -> float | None:
    """Seconds in which at least one job ran, pauses left out, by when each benchmark was written.

    None where these times say nothing: there are none, or copying has made them all alike.
    """
    paths = list(Path(folder).rglob("*.tsv"))
    ends = [path.stat().st_mtime for path in paths]
    if len({round(end) for end in ends}) < 0.1 * len(ends) or not ends:
        return None
    spans = ((end - _benchmark(p)["s"], end) for end, p in zip(ends, paths, strict=True))
    total, until = 0.0, 0.0
    for start, end in sorted(spans):
        total += max(0.0, end - max(until, start))
        until = max(until, end)
    return total


def _benchmark(path: Path) -> dict[str, float]:
    with open(path, encoding="utf-8", newline="") as handle:
        lines = list(csv.DictReader(handle, delimiter="\t"))
    try:
        last = lines[-1]
        return {key: _number(last[key]) for key in ("s", "cpu_time", "max_rss")}
    except (IndexError, KeyError, ValueError):
        raise UserError(f"{path} is no benchmark of a job; delete it and go on") from None


def _number(text: str) -> float:
    """A job that ended before it was looked at has `NA` or `-`."""
    return 0.0 if text in ("NA", "-") else float(text)


def spoken(seconds: float) -> str:
    """A time in words: 1.5 s, 12 s, 3 min 5 s, 2 h 7 min."""
    whole = round(seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def metrics(folder: str) -> list[Row]:
    """The metric files of a folder, at any depth.

    Raises:
        UserError: a file is not JSON.
    """
    found = (read_json(path) for path in sorted(Path(folder).rglob("*.json")))
    return [metric for metric in found if isinstance(metric, dict) and "model_sha256" in metric]


def machines(metrics: Sequence[Row]) -> dict[str, str]:
    """Devices, precisions, ways of computing and versions that the metrics were made with."""
    found = {key: _each(metric.get(key) for metric in metrics) for key in SEEN}
    names = dict.fromkeys(key for metric in metrics for key in metric.get("versions", {}))
    for name in names:
        found[name] = _each(metric.get("versions", {}).get(name) for metric in metrics)
    return {key: value for key, value in found.items() if value}


def models(metrics: Sequence[Row]) -> list[Row]:
    """One row a pre-trained model: where it belongs, and the hashes of its recipe and weights."""
    found: dict[tuple, dict[str, dict[str, None]]] = {}
    for metric in metrics:
        if metric.get("finetune_seed") is None or metric.get("setting") in TUNED_FROM:
            keys = ("language", "twin", "pairing", "pretrain_seed")
            place = found.setdefault(tuple(metric.get(key) for key in keys), {})
            for name in ("recipe", "model"):
                place.setdefault(name, {})[str(metric[f"{name}_sha256"])] = None
    return [
        {
            **dict(zip(("language", "twin", "pairing", "seed"), place, strict=True)),
            "recipe": " or ".join(hashes["recipe"]),
            "model": " or ".join(hashes["model"]),
        }
        for place, hashes in sorted(found.items(), key=lambda item: str(item[0]))
    ]


def _each(values: Iterable[Any]) -> str:
    return ", ".join(sorted({str(value) for value in values if value is not None}))
