"""Pairs of natural languages: one encoder of the user's, tuned on the first, scored on the second.

Nothing is derived here. The pairs of a configuration are measured with what its languages have
anyway: BZ is the encoder tuned on the source and scored on the target, BS that tuned on the target.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from twinlang import parameters
from twinlang.cli import UserError
from twinlang.config import MONO, ORIG, RETRIEVAL, Config, is_finetuned
from twinlang.naming import unknown

NATURAL = "natural"  # pairing, in the tidy scores
TRANSLATED = "en"  # the language of all translations that retrieval data have


class Pair(NamedTuple):
    """Two languages of one encoder."""

    source: str
    target: str


def pairs(config: Config) -> list[Pair]:
    """The pairs of a configuration; none without the key."""
    return [Pair(*both) for both in config.get("pairs", {}).get("languages", [])]


def faults(config: Config) -> Iterator[str]:
    """One sentence for each thing that keeps the pairs from being measured."""
    where, found = "pairs.languages", pairs(config)
    yield from unknown(where, "language", {lang for p in found for lang in p}, config["languages"])
    yield from unknown(
        "pairs.tasks", "task", config.get("pairs", {}).get("tasks", []), config["tasks"]
    )
    for pair in found:
        if not set(pair) <= set(config["languages"]):
            continue
        both = [config["languages"][lang].get("model") for lang in pair]
        if pair.source == pair.target:
            yield f"{where}: {pair.source} is paired with itself; name another language"
        elif None in both or both[0] != both[1]:
            named = " and ".join(f"languages.{lang}.model" for lang in pair)
            yield f"{where}: {' and '.join(pair)} need one encoder; name its folder in {named}"


def metrics(config: Config) -> list[str]:
    """The metric files of all pairs, in the order of the configuration; cells without data have
    none, nor has retrieval from a language that translations are not in."""
    found = []
    for pair in pairs(config):
        for task in config["pairs"]["tasks"]:
            if all(task in _offered(config, lang) for lang in pair):
                found += list(_of_task(config, pair, task))
    return found


def tables(config: Config) -> list[str]:
    """The tables that the pairs fill."""
    files = metrics(config)
    retrieved = [path for path in files if path.endswith(f"/{RETRIEVAL}.json")]
    return ["pairs"] * (len(files) > len(retrieved)) + ["pairs-retrieval"] * bool(retrieved)


def collected(config: Config) -> list[str]:
    """The metric files of the table of pairs.

    Raises:
        UserError: the configuration has no pairs.
    """
    if not (found := metrics(config)):
        raise UserError("results/pairs.csv: there are no pairs; add the block `pairs`")
    return found


def _of_task(config: Config, pair: Pair, task: str) -> Iterator[str]:
    for seed in config["seeds"]["pretrain"]:
        folder = f"results/metrics/{pair.target}/from-{pair.source}/{NATURAL}/s{seed}"
        if not is_finetuned(task):
            if pair.source == TRANSLATED:
                yield f"{folder}/{RETRIEVAL}.json"
            continue
        for fseed in config["seeds"]["finetune"]:
            yield from (f"{folder}/{task}/f{fseed}/{setting}.json" for setting in ("bz", "bs"))


def _offered(config: Config, lang: str) -> list[str]:
    return list(config["languages"][lang].get("tasks", config["tasks"]))


def tuned(config: Config, *, lang: str, source: str, setting: str) -> str:
    """The language that the model of a setting was fine-tuned on."""
    return source if setting == "bz" else lang


def recipe(config: Config, *, lang: str, source: str, setting: str, seed: str) -> str:
    """The recipe of that model's encoder."""
    own = tuned(config, lang=lang, source=source, setting=setting)
    return f"results/pretrain/{own}/{ORIG}/{MONO}/s{seed}/recipe.json"


def model(
    config: Config, *, lang: str, source: str, setting: str, seed: str, task: str, fseed: str
) -> str:
    """The weights of that model."""
    own = tuned(config, lang=lang, source=source, setting=setting)
    return f"results/finetune/{own}/{ORIG}/{MONO}/s{seed}/{task}/f{fseed}/model.safetensors"


def coordinates(
    config: Config, *, lang: str, source: str, seed: str, task: str = RETRIEVAL, fseed: str = ""
) -> str:
    """Where a metric of a pair belongs in the tidy scores: the source stands in a twin's place."""
    place = {"lang": lang, "twin": source, "pairing": NATURAL, "seed": seed}
    return parameters.coordinates(config, **place, task=task, fseed=fseed)
