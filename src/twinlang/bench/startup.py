"""Time from the start of a process to what it is for, in seconds of wall clock.

`first update`: the step `pretrain` of the default study's model up to its first update. `imports`:
each kind of step up to its own help text. The baseline is a process that imports
`transformers.Trainer`, which the usual script does before it reads anything.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import twinlang
from twinlang import sentences
from twinlang.bench import _work as work

BASELINE = [sys.executable, "-c", "from transformers import Trainer"]
STEPS = {"data": "derive", "training": "pretrain", "table": "write_table"}


def add_flags(flags: argparse.ArgumentParser) -> None:
    flags.add_argument("--imports", nargs="*", choices=list(STEPS), default=list(STEPS))


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a way to start."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        commands = {"first update": first_update(Path(folder))}
        for name in arguments.imports:
            commands[f"imports of a {name} step"] = [*_module(STEPS[name]), "--help"]
        for name, command in commands.items():
            times = [(_seconds(command), _seconds(BASELINE)) for _ in range(arguments.repeat)]
            mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
            rows.append(
                {
                    "start": name,
                    "seconds": mine,
                    "baseline": "import of transformers.Trainer",
                    "baseline_seconds": theirs,
                    "ratio": theirs / mine,
                }
            )
    return rows


def first_update(folder: Path) -> list[str]:
    """The command of a pre-training that ends with its first update."""
    shape = work.SHAPES["default"]
    pretrain: dict[str, Any] = {
        "steps": 1,
        "tokens": 2048,
        "learning_rate": 0.005,
        "warmup": 0,
        "pack": False,
    }
    pretrain |= {"betas": [0.9, 0.98], "epsilon": 1e-8, "weight_decay": 0.1, "clip": 1.0}
    pretrain |= {"mask": 0.4, "mask_token": 0.8, "mask_random": 0.1, "random_from": "own"}
    pretrain |= {"row": 128, "short_first": {"steps": 0.0, "length": 24}}
    recipe: dict[str, Any] = {
        "model": vars(shape),
        "pretrain": pretrain,
        "twin": [],
        "twin_seed": 0,
        "seed": 0,
    }
    text = json.dumps({**recipe, "vocabulary": shape.rows})
    (folder / "recipe.json").write_text(text, encoding="utf-8")
    sentences.write(folder / "orig.arrow", [work.sentences(shape.rows, 8000)])
    files = {"recipe": "recipe.json", "orig": "orig.arrow", "model": "m.safetensors"}
    flags = [part for flag, name in files.items() for part in (f"--{flag}", str(folder / name))]
    return [*_module("pretrain"), *flags, "--journal", str(folder / "train.jsonl")]


def _module(step: str) -> list[str]:
    return [sys.executable, "-m", f"twinlang.steps.{step}"]


def _seconds(command: list[str]) -> float:
    path = str(Path(twinlang.__file__).parents[1])
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": path})
    return time.perf_counter() - begun
