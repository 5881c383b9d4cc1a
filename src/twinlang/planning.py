"""What a study will cost: its jobs times what jobs of their kind cost before.

A job's work is counted from the configuration (floating-point operations of training, megabytes of
text), and a rate is seconds a unit of work, as the workflow's own benchmark files have measured it.
A rule without work costs what its jobs did on average.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from twinlang import hub_parameters, parameters, tree_parameters
from twinlang.cli import UserError
from twinlang.config import ORIG, Config, of_language, respells

TRAINS = ("pretrain", "pretrain_mono", "finetune", "finetune_mono", "finetune_again")
SCORES = ("evaluate", "retrieve")
DEVICE = (*TRAINS, *SCORES)  # the rules that a GPU runs
TEXTS = ("fetch_corpus", "clean_text", "train_tokenizer", "encode_corpus", "parse_corpus", "derive")
# Bytes of a unit of a corpus's size, and of a labelled example.
BYTES = {"bytes": 1.0, "words": 6.0, "pieces": 4.5, "sentences": 65.0}
EXAMPLE = 200.0
RAW = 3.0  # corpora in the text that is cleaned for them: two halves, and what is taken out
PIECE = 4.2  # bytes of text in a piece
COLUMNS = 10.0  # bytes of a piece in an encoded file: id, word, position
FLOAT = 4.0

Parts = Sequence[str]  # what tells a job from others of its rule: its wildcards
Job = tuple[str, Parts]


def parameters_of(config: Config, twin: str) -> float:
    """Weights of a model, embeddings included."""
    rows = config["tokenizer"]["vocabulary"] * (1 + (twin != ORIG and respells(config, twin)))
    model = config["model"]
    return float(_encoder(config) + model["hidden"] * (rows + model["positions"]))


def _encoder(config: Config) -> float:
    model = config["model"]
    width, inner = model["hidden"], model["feed_forward"]
    return float(model["layers"] * (4 * width * width + 2 * width * inner))


def operations(model: Mapping[str, Any], rows: float, masked: float) -> float:
    """Floating-point operations of training on a piece; the head is computed where masked."""
    width, inner = model["hidden"], model["feed_forward"]
    layers = model["layers"] * (4 * width * width + 2 * width * inner)
    return float(6 * (layers + masked * width * rows))


def _training(config: Config, lang: str, twin: str) -> float:
    """Floating-point operations of a pre-training."""
    block = of_language(config, lang, "pretrain")
    rows = config["tokenizer"]["vocabulary"] * (1 + (twin != ORIG and respells(config, twin)))
    piece = operations(config["model"], rows, block["mask"])
    return piece * float(block["steps"] * block["tokens"])


def _items(config: Config, lang: str, task: str, split: str) -> float:
    settings = parameters.source_settings(config, lang)
    return float(settings["items"].get(task, {}).get(split, 1000))


def text_bytes(config: Config, lang: str) -> float:
    """Bytes of one corpus of a language."""
    settings = parameters.source_settings(config, lang)
    size, unit = settings.get("size"), settings.get("unit", "sentences")
    return float((size or settings["sentences"]) * BYTES[unit])


def work(config: Config, rule: str, parts: Parts) -> float:
    """The work of a job, in units of its rule; 0 where jobs of a rule are taken to be alike."""
    langs = [part for part in parts if part in config["languages"]]
    tasks = [part for part in parts if part in config["tasks"]]
    twins = [part for part in parts if part in config["twins"]]
    if not langs:
        return 0.0
    lang, task, twin = langs[0], (tasks or [""])[0], (twins or [ORIG])[0]
    if rule in ("pretrain", "pretrain_mono"):
        return _training(config, lang, twin)
    if rule in TRAINS and task:
        return (
            _encoder(config) * _items(config, lang, task, "train") * config["tasks"][task]["epochs"]
        )
    if rule in SCORES:
        return _encoder(config) * _items(config, lang, task or "retrieval", "dev")
    if rule in TEXTS:
        if task:
            return EXAMPLE * _items(config, lang, task, "train")
        return text_bytes(config, lang) * _share(config, rule, lang, parts)
    return 0.0


def _share(config: Config, rule: str, lang: str, parts: Parts) -> float:
    """How many corpora's text a job reads."""
    if rule == "parse_corpus":
        return 1 / tree_parameters.shards(config, lang)
    domains = [part for part in parts if part in hub_parameters.TEXTS]
    if rule != "clean_text" or not domains:
        return 1.0
    settings = parameters.source_settings(config, lang)
    return RAW / hub_parameters.shards(settings, lang, domains[0])


def kind(config: Config, rule: str, parts: Parts) -> str:
    """The name of a rate: the rule, and for parsing the parser."""
    if not rule.startswith(("parse_", "train_parser")):
        return rule
    lang = next(part for part in parts if part in config["languages"])
    return f"{rule} {of_language(config, lang, 'syntax')['parser']}"


# Rates --------------------------------------------------------------------------------------------


def recorded(config: Config, folder: Path) -> dict[str, dict[str, float]]:
    """Rates from the benchmark files of a run: seconds and work of an average job, peak memory.

    Raises:
        UserError: there are none.
    """
    found: dict[str, list[tuple[float, float, float]]] = {}
    for path in sorted(folder.rglob("*.tsv")):
        rule, *parts = path.relative_to(folder).with_suffix("").parts
        told = [word for part in parts for word in [part, *part.split("-")]]
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        for row in rows:
            seconds, memory = float(row["s"]), _number(row.get("max_rss"))
            found.setdefault(kind(config, rule, told), []).append(
                (seconds, work(config, rule, told), memory)
            )
    if not found:
        raise UserError(f"{folder} holds no benchmark files; run a study first, or name its folder")
    return {
        name: {
            "jobs": len(rows),
            "seconds": round(sum(row[0] for row in rows) / len(rows), 3),
            "work": sum(row[1] for row in rows) / len(rows),
            "peak_mb": max(row[2] for row in rows),
        }
        for name, rows in sorted(found.items())
    }


def _number(text: str | None) -> float:
    """A number of a benchmark file, which writes NA or - for what it could not measure."""
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def shape(model: Mapping[str, Any]) -> str:
    """What a model's speed is filed under."""
    return f"{model['layers']}x{model['hidden']}x{model['feed_forward']}"


def measured(rows: Iterable[Mapping[str, Any]], shapes: Mapping[str, Any]) -> dict[str, float]:
    """Floating-point operations a second by shape, from rows of `twinlang.bench pretrain`."""
    found = {}
    for row in rows:
        if "model" not in row:
            continue
        model = vars(shapes[row["model"]])
        piece = operations(model, model["rows"], 0.15)
        found[shape(model)] = piece * float(row["pieces_per_second"])
    return found


def timed(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Rates of steps, from rows of `twinlang.bench scale`; the last and largest text counts."""
    return {
        row["step"].split()[0]: {
            "jobs": 1,
            "seconds": row["seconds"],
            "work": row["megabytes"] * 1e6,
            "peak_mb": row["peak_mib"],
        }
        for row in rows
        if "step" in row
    }


def seconds(config: Config, rates: Mapping[str, Any], job: Job) -> float | None:
    """What a job is expected to take; None without a rate.

    Wide models use a machine better than narrow ones: where the speed of this shape was measured,
    training is scaled by it.
    """
    rule, parts = job
    rate = rates["rules"].get(kind(config, rule, parts))
    if rate is None:
        return None
    mine = work(config, rule, parts)
    scale = mine / rate["work"] if mine and rate["work"] else 1.0
    speed = rates.get("shapes", {}).get(shape(config["model"]))
    trained = rates["rules"].get("pretrain")
    if rule in DEVICE and speed and trained and trained["work"]:
        scale *= trained["work"] / trained["seconds"] / speed
    # Starting a process takes its second however little it does.
    return max(float(rate["seconds"]) * scale, min(1.0, float(rate["seconds"])))


# The plan -----------------------------------------------------------------------------------------


def disk(config: Config, jobs: Iterable[Job]) -> float:
    """Bytes that the jobs' outputs take: text, encoded text and weights."""
    total = 0.0
    for rule, parts in jobs:
        twin = next((part for part in parts if part in config["twins"]), ORIG)
        if rule in ("fetch_corpus", "clean_text"):
            total += work(config, rule, parts)
        elif rule == "encode_corpus" or (rule == "derive" and work(config, rule, parts)):
            total += work(config, rule, parts) / PIECE * COLUMNS
        elif rule in ("pretrain", "pretrain_mono", "finetune_mono"):
            total += FLOAT * parameters_of(config, twin)
    return total


def summary(config: Config, rates: Mapping[str, Any], jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """One row a rule: jobs, and their hours (None without a rate)."""
    rows = []
    for rule in dict.fromkeys(rule for rule, _ in jobs):
        own = [job for job in jobs if job[0] == rule]
        found = [seconds(config, rates, job) for job in own]
        known = [value for value in found if value is not None]
        hours = sum(known) / 3600 if len(known) == len(found) else None
        rows.append({"rule": rule, "jobs": len(own), "hours": hours})
    return sorted(rows, key=lambda row: -(row["hours"] or 0.0))
