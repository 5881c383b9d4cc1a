"""Which files the drawing of the procedure starts from, and what it says of the run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from twinlang import config as study
from twinlang.config import Cell, Config, canonical


def targets(config: Config) -> list[str]:
    """The metric files of one language, task and seed, in all its twins and pairings.

    From these the workflow's rules are followed back: every step that a study has leads to them.
    """
    entry = config["experiments"][0]
    cells = study.cells(config, entry["name"])
    lang = entry["languages"][0]
    tuned = next((cell.task for cell in cells if cell.fseed is not None), "")
    found: dict[str, None] = {}
    for cell in cells:
        first = (cell.lang, cell.seed) == (lang, config["seeds"]["pretrain"][0])
        if first and cell.task in (tuned, study.RETRIEVAL):
            found |= dict.fromkeys(study.metrics_of(config, [_first_tuning(config, cell)]))
    return list(found)


def _first_tuning(config: Config, cell: Cell) -> Cell:
    seed = None if cell.fseed is None else config["seeds"]["finetune"][0]
    return cell._replace(fseed=seed)


def about(config: Config) -> str:
    """What the caption says: names of languages, twins and tasks, and how many models and cells."""
    entries = config["experiments"]
    names = {
        key: list(dict.fromkeys(value for entry in entries for value in entry[key]))
        for key in ("languages", "twins", "pairings", "tasks")
    }
    cells = {cell for entry in entries for cell in study.cells(config, entry["name"])}
    models = {cell[:4] for cell in cells}
    steps = {twin: config["twins"][twin] for twin in names["twins"]}
    return canonical({**names, "twins": steps, "cells": len(cells), "models": len(models)})


def chained(config: Config, rules: Iterable[Any]) -> str:
    """The rules that lead to the targets: by name what each says, its stage, and what it reads.

    rules: the workflow's own. Each target is followed back, as the workflow itself does, to the
    rule that makes it and to the files that this one reads.
    """
    from snakemake.iocontainers import Wildcards

    made: dict[str, Any] = {}
    reads: dict[str, list[str]] = {}
    waiting = targets(config)
    while waiting:
        path = waiting.pop()
        makers = [rule for rule in rules if rule.is_producer(path)]
        if makers and path not in made:
            made[path] = makers[0]
            values = Wildcards(fromdict=makers[0].get_wildcards(path))
            reads[path] = [str(file) for file in makers[0].expand_input(values)[0]]
            waiting += reads[path]
    found: dict[str, dict[str, Any]] = {}
    for path, rule in made.items():
        new = {"says": rule.docstring, "stage": Path(rule.snakefile).stem, "reads": []}
        known = found.setdefault(rule.name, new)
        others = {made[source].name for source in reads[path] if source in made}
        known["reads"] = sorted(others.union(known["reads"]))
    return canonical(found)
