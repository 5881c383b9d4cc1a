"""Time and memory of all that follows the last metric: tables, figures, statistics, the report.

The files of a finished study stand for those of many seeds: linked under each seed, every score
moved at random by about a point. Then Snakemake makes all that it publishes of them, once, in a
temporary folder. Call it where the Snakefile is.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twinlang.cli import UserError, read_json
from twinlang.report.run import times

SEEDED = ("metrics", "pretrain", "finetune")  # folders of results that hold a folder a seed
FIRST = "s0"


def add_flags(flags: argparse.ArgumentParser) -> None:
    flags.add_argument("--study", required=True, help="folder of a finished study of seed 0")
    flags.add_argument("--seeds", type=int, default=8, help="of pre-training")
    flags.add_argument("--cores", type=int, default=2)
    flags.add_argument("--configfile", nargs="+", default=[], help="of that study")


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a rule, and one of the whole, whose peak is that of its largest process.

    Raises:
        UserError: the study is not finished, or Snakemake fails, with what it said.
    """
    with tempfile.TemporaryDirectory() as name:
        folder, seeds = Path(name), range(arguments.seeds)
        count = multiplied(Path(arguments.study), folder, seeds)
        again = folder / "seeds.yaml"
        again.write_text(json.dumps({"seeds": {"pretrain": [*seeds]}}), encoding="utf-8")
        files = [str(Path(path).resolve()) for path in [*arguments.configfile, again]]
        call = [sys.executable, "-m", "snakemake", "all", "--cores", str(arguments.cores)]
        call += ["--directory", name, "--rerun-triggers", "mtime", "--configfile", *files]
        started = time.perf_counter()
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        taken = time.perf_counter() - started
        if done.returncode:
            raise UserError(f"snakemake failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        rules = [
            _row(row["rule"], row["jobs"], row["seconds"], row["memory"])
            for row in times(str(folder / "benchmarks"))
        ]
        return [*rules, _row("all", count, taken, peak)]


def multiplied(study: Path, folder: Path, seeds: Sequence[int]) -> int:
    """The files of a study under each seed; how many metric files they are.

    Raises:
        UserError: the study has no metric files of seed 0.
    """
    random, count = np.random.default_rng(0), 0
    for path in sorted(file for file in (study / "results").rglob("*") if file.is_file()):
        parts = path.relative_to(study).parts
        if len(parts) == 2 or parts[1] in ("figures", "scores"):
            continue  # what is to be made
        seeded = parts[1] in SEEDED and FIRST in parts
        is_metric = parts[1] == "metrics" and path.suffix == ".json"
        for seed in seeds if seeded else [0]:
            to = folder.joinpath(*(f"s{seed}" if part == FIRST else part for part in parts))
            to.parent.mkdir(parents=True, exist_ok=True)
            if is_metric:
                moved = _moved(read_json(path), seed, random)
                to.write_text(json.dumps(moved), encoding="utf-8")
            else:
                os.link(path, to)
            count += is_metric
    if not count:
        raise UserError(f"{study} holds no metric files; finish a study there first")
    return count


def _moved(metric: dict[str, Any], seed: int, random: np.random.Generator) -> dict[str, Any]:
    """A metric of another seed, its main score, if it has one, a little off."""
    moved = {**metric, "pretrain_seed": seed}
    if "value" in moved:
        moved["value"] = min(100.0, max(0.0, moved["value"] + random.normal()))
    return moved


def _row(name: str, count: int, seconds: float, peak: float) -> dict[str, Any]:
    return {"rule": name, "jobs_or_metrics": count, "seconds": seconds, "peak_mib": peak}
