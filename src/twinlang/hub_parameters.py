"""What languages of the source `hub` read: sets, pins, shards and sizes, from their settings.

A kind is main or other (text), a task, or trees. All settings are those of one language.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from twinlang.cli import UserError
from twinlang.config import Config, canonical, merged
from twinlang.hub import pins

TEXTS = ("main", "other")
FOLDER = "files"  # stands for a set: the user's own folder
READ = ("columns", "labels", "held_out")  # keys of a set that say how it is read
Settings = Mapping[str, Any]


def splits(kind: str) -> tuple[str, ...]:
    """The splits of a kind."""
    if kind in TEXTS:
        return ("text",)
    return ("dev",) if kind == "retrieval" else ("train", "dev")


def sets(settings: Settings, lang: str, kind: str) -> dict[str, str]:
    """The set that each split of a kind comes from.

    Raises:
        UserError: the language names none.
    """
    used = settings["use"].get(kind)
    if used is None:
        raise UserError(f"settings.use.{kind}: the key is missing; name a set of sources.hub.sets")
    named = {split: used for split in splits(kind)} if isinstance(used, str) else dict(used)
    for split in splits(kind):
        if split not in named:
            raise UserError(f"settings.use.{kind}.{split}: the key is missing; name a set")
    for name in named.values():
        if name not in settings["sets"] and (name != FOLDER or kind in TEXTS):
            known = ", ".join([*settings["sets"], *([] if kind in TEXTS else [FOLDER])])
            raise UserError(f"settings.use.{kind}: there is no set '{name}'; choose one of {known}")
    return named


def from_folder(settings: Settings, lang: str, kind: str) -> bool:
    """Whether a kind comes from the user's folder.

    Raises:
        UserError: one split of it does and the other does not.
    """
    named = set(sets(settings, lang, kind).values())
    if FOLDER in named and len(named) > 1:
        raise UserError(f"settings.use.{kind}: both splits come from `{FOLDER}`, or none")
    return FOLDER in named


def wanted(settings: Settings, lang: str, name: str) -> dict[str, Any]:
    """A set as a language reads it: `config` in the place of `configs`.

    Raises:
        UserError: the set has no configuration for the language.
    """
    found = dict(settings["sets"][name])
    configs = found.pop("configs")
    if lang not in configs:
        raise UserError(
            f"settings.sets.{name}.configs.{lang}: the key is missing; add what {found['id']} "
            f"calls the language ({', '.join(configs.values())})"
        )
    return {**found, "config": configs[lang]}


def named(settings: Settings, lang: str, kind: str) -> str:
    """What the data of a kind are called in tables: ids, train before dev where they differ."""
    names = dict.fromkeys(sets(settings, lang, kind).values())
    ids = ["the user's files" if n == FOLDER else settings["sets"][n]["id"] for n in names]
    return ", dev ".join(dict.fromkeys(ids))


def told(settings: Settings, lang: str) -> dict[str, Any]:
    """What a model card says of the text: its size and the sets that it is from."""
    kept = {key: settings[key] for key in ("source", "size", "unit", "script")}
    return {**kept, "text": named(settings, lang, "main"), "other": named(settings, lang, "other")}


def files(settings: Settings, lang: str, kind: str) -> list[str]:
    """The files that earlier rules make for a kind; `other` reads `main` too, to leave it out."""
    if kind not in TEXTS:
        sets(settings, lang, kind)
        return [manifest(lang, kind)]
    found = []
    for domain in dict.fromkeys([kind, "main"]):
        count = shards(settings, lang, domain)
        found += [f"results/hub/{lang}/{domain}/{shard}.txt" for shard in range(count)]
    return found


def manifest(lang: str, kind: str) -> str:
    """The file that says what was fetched."""
    return f"results/hub/{lang}/{kind}.json"


def shards(settings: Settings, lang: str, domain: str) -> int:
    """How many files a text is made from."""
    (name,) = sets(settings, lang, domain).values()
    return int(wanted(settings, lang, name).get("shards", 1))


def pinned(settings: Settings, lang: str, kind: str, lock: pins.Lock) -> dict[str, Any]:
    """For each split of a kind what is fetched and how it is read."""
    found: dict[str, Any] = {}
    for split, name in sets(settings, lang, kind).items():
        one = wanted(settings, lang, name)
        if split not in one["splits"]:
            raise UserError(f"settings.sets.{name}.splits.{split}: the key is missing; add it")
        pin = pins.find(lock, name, lang, one)
        read = {key: one[key] for key in READ if key in one}
        kept = {key: pin[key] for key in ("id", "config", "revision", "licence") if key in pin}
        found[split] = {**kept, **read, "files": pin.get("files", {}).get(split, [])}
    return found


def check(texts: Iterable[str]) -> None:
    """Looks for sets without a pin among parameters that `pinned` made.

    Raises:
        UserError: there are some, all named.
    """
    pins.check(pin for text in texts for pin in json.loads(text).values())


def download(settings: Settings, lang: str, kind: str, lock: pins.Lock) -> float:
    """Bytes of a kind; of a set that is not pinned, what its block expects."""
    total, seen = 0.0, set[str]()
    for split, name in sets(settings, lang, kind).items():
        one = wanted(settings, lang, name)
        pin = pins.find(lock, name, lang, one)
        if not pins.is_pinned(pin):
            total += 0 if name in seen else one.get("mb", 0) * 1e6 * one.get("shards", 1)
            seen.add(name)
        for file in pin.get("files", {}).get(split, []):
            total += 0 if file["path"] in seen else file["size"]
            seen.add(file["path"])
    return total


def megabytes(settings: Settings, lang: str, kind: str, lock: pins.Lock) -> int:
    """Megabytes of a kind, rounded up."""
    return math.ceil(download(settings, lang, kind, lock) / 1e6)


def corpus_settings(config: Config, settings: Settings) -> str:
    """What a corpus depends on beside its shards."""
    kept = {key: settings[key] for key in ("source", "size", "unit")}
    if settings["unit"] == "pieces":
        keys = ("vocabulary", "min_frequency", "pattern")
        kept["tokenizer"] = {key: config["tokenizer"][key] for key in keys}
    return canonical(kept)


def clean_settings(config: Config, settings: Settings) -> str:
    """What a clean shard depends on beside its file."""
    kept = {key: settings[key] for key in ("script", "shortest", "longest")}
    return canonical({**kept, "boundary": config["boundary"]})


def languages(config: Config) -> Iterator[str]:
    """The languages of the source `hub` that experiments name."""
    run = dict.fromkeys(lang for entry in config["experiments"] for lang in entry["languages"])
    for lang in run:
        if config["languages"][lang]["source"] == "hub":
            yield lang


def settings_of(config: Config, lang: str) -> dict[str, Any]:
    """The settings of a language of this source."""
    own = config["languages"][lang].get("settings", {})
    return merged(config["sources"]["hub"], own)
