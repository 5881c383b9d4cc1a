"""What is fetched from the Hub: sets of languages, and published models of their parsers.

A kind is that of `hub_parameters`, or `parser`: the models of a language's parser, if its settings
name no folder of the user's. Models have the form of a set whose splits are files.
"""

from __future__ import annotations

import math
from typing import Any

from twinlang import hub_parameters as hub
from twinlang import parameters, tree_parameters
from twinlang.cli import UserError
from twinlang.config import Config, canonical, of_language, tree_twins
from twinlang.hub import pins

PARSER = "parser"
IDENTITY = "identity"  # Stanza's name of a part that changes nothing, and has no file


def pinned(config: Config, *, lock: pins.Lock, lang: str, kind: str) -> str:
    """What of the Hub feeds a kind (main, other, a task, trees, parser), and how it is read."""
    if kind == PARSER:
        pin = _pin(config, lang, lock)
        kept = {key: value for key, value in pin.items() if key not in ("files", "whole")}
        return canonical({name: {**kept, "files": files} for name, files in pin["files"].items()})
    settings = parameters.source_settings(config, lang)
    return canonical(hub.pinned(settings, lang, kind, lock))


def size(config: Config, *, lock: pins.Lock, lang: str, kind: str) -> float:
    """Bytes of a kind; of what is not pinned, what its block expects."""
    if kind == PARSER:
        pin = _pin(config, lang, lock)
        return pins.size(pin) if pins.is_pinned(pin) else models(config, lang)["mb"] * 1e6
    return hub.download(parameters.source_settings(config, lang), lang, kind, lock)


def megabytes(config: Config, *, lock: pins.Lock, lang: str, kind: str) -> int:
    """How much is downloaded for a kind, rounded up, unless the cache has it."""
    return math.ceil(size(config, lock=lock, lang=lang, kind=kind) / 1e6)


def _pin(config: Config, lang: str, lock: pins.Lock) -> pins.Pin:
    wanted = models(config, lang)
    pin = pins.find(lock, _parser(config, lang), lang, wanted)
    return {"files": {name: [] for name in wanted["splits"]}, **pin}


def _parser(config: Config, lang: str) -> str:
    return str(of_language(config, lang, "syntax")["parser"])


def models(config: Config, lang: str) -> dict[str, Any]:
    """The published models of a language's parser: each by what it does and its package.

    Raises:
        UserError: the configuration does not say which those of the language are.
    """
    parser = _parser(config, lang)
    block = of_language(config, lang, "syntax")[parser]["hub"]
    if lang not in block["models"]:
        raise UserError(
            f"syntax.{parser}.hub.models.{lang}: the key is missing; name its models, or a folder "
            f"of your own as syntax.{parser}.folder"
        )
    packages = block["models"][lang].items()
    names = [f"{part}/{package}" for part, package in packages if package != IDENTITY]
    return {
        "type": "model",
        "id": block["id"].replace("*", lang),
        "config": block["revision"],
        "revision": block["revision"],
        "splits": {name: f"models/{name}.pt" for name in names},
        "mb": block["mb"],
    }


def needed(config: Config) -> dict[tuple[str, str], dict[str, Any]]:
    """Every set, or parser, and language that the experiments read from the Hub."""
    found = {}
    wanted = parameters.sources_needed(config) + tree_parameters.treebanks_needed(config)
    for lang, kind, _ in wanted:
        settings = parameters.source_settings(config, lang)
        if not parameters.is_fetched(settings["source"]):
            continue
        for name in hub.sets(settings, lang, kind.removeprefix("text/")).values():
            if name != hub.FOLDER:
                found[name, lang] = hub.wanted(settings, lang, name)
    for lang in config["languages"]:
        if tree_twins(config, lang) and tree_parameters.has_published_models(config, lang):
            found[_parser(config, lang), lang] = models(config, lang)
    return found
