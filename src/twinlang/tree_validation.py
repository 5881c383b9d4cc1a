"""Checks of what twins that read trees need: keys of their language, and a parser of it."""

from __future__ import annotations

from collections.abc import Iterator

from twinlang import fetch_parameters, modules
from twinlang.config import Config, of_language, step_name, steps_of, tree_twins
from twinlang.naming import said, unknown

FETCHED = ("hub",)  # sources whose texts have no trees of their own


def faults(config: Config) -> Iterator[str]:
    """One sentence for each."""
    parsers, transforms = modules.names("parsers"), set(modules.names("transforms"))
    for lang in config["languages"]:
        block = of_language(config, lang, "syntax")
        yield from unknown("syntax.parser", "parser", [block["parser"]], parsers)
        twins, name = tree_twins(config, lang), block["parser"]
        for twin in twins:
            if set(map(step_name, config["twins"][twin])) <= transforms:
                yield from said(steps_of, config, lang, twin)
        folder = name in parsers and modules.constant("parsers", name, "NEEDS") == "folder"
        # Looked up are trees of whole texts, which the treebanks of the Hub are not.
        needs = name in parsers and modules.constant("parsers", name, "NEEDS")
        source = config["languages"][lang]["source"]
        if twins and needs == "source" and source in FETCHED:
            yield (
                f"languages.{lang}.syntax.parser: {name} finds no trees for text of the source "
                f"{source}; choose udpipe or stanza"
            )
        if twins and folder and not block[name]["folder"]:
            yield from said(fetch_parameters.models, config, lang)
