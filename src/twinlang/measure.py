"""Metric files: one setting of one cell, its score with all that made it; predictions beside it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from twinlang import devices, transforms
from twinlang.cli import json_argument, write_json, write_lines
from twinlang.recipe import sha256
from twinlang.sentences import Sentences


def add_flags(flags: argparse.ArgumentParser) -> None:
    """The flags that every measuring step has."""
    flags.add_argument("--recipe", required=True, help="recipe.json of the pre-trained model")
    flags.add_argument("--task", required=True)
    flags.add_argument(
        "--settings", required=True, type=json_argument, help="the task's hyper-parameters, JSON"
    )
    flags.add_argument("--model", required=True, help="safetensors file to start from")
    flags.add_argument("--items-dev", required=True, help="records of the dev set, JSON lines")
    flags.add_argument(
        "--coordinates", required=True, type=json_argument, help="language, twin, seeds ..., JSON"
    )
    devices.add_flags(flags)


def task_settings(
    settings: dict[str, Any], coordinates: dict[str, Any], data: Sentences
) -> dict[str, Any]:
    """A task's settings for one twin: answers may be swapped only where the order has changed."""
    twin = data.metadata.get("twin", [])
    swap = bool(settings.get("swap")) and not transforms.keeps_order(twin)
    return {**settings, "swap": swap, "language": coordinates["language"]}


def write(
    path: str,
    *,
    arguments: argparse.Namespace,
    engine: devices.Engine,
    setting: str,
    metric: str,
    scores: dict[str, float],
    predictions: list[dict[str, Any]],
    dev: str,
    data: Sentences,
    constant: float | None = None,
) -> None:
    """Writes `{setting}.json` and, beside it, `{setting}.predictions.jsonl`.

    scores and constant in percent; `constant` is what constant input would score.
    """
    write_lines(Path(path).with_suffix(".predictions.jsonl"), predictions)
    write_json(
        path,
        {
            **arguments.coordinates,
            **devices.provenance(engine),
            "setting": setting,
            "metric": metric,
            "value": scores[metric],
            "scores": scores,
            "constant": constant,
            "n": len(predictions),
            "keeps_order": transforms.keeps_order(data.metadata.get("twin", [])),
            "recipe_sha256": sha256(arguments.recipe),
            "model_sha256": sha256(arguments.model),
            "dev_sha256": sha256(dev),
        },
    )
