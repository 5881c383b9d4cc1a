"""Trees that exist already: the built-in grammar's own, or those of the user's folder.

A sentence is looked up by its text, or by its words where they are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from twinlang import sources
from twinlang.sources.records import Tree
from twinlang.trees import Sentence, surface

NEEDS = "source"
MISSING = "no tree of the treebank has this text"


def parse(
    sentences: Iterable[Sentence], settings: dict[str, Any], *, lang: str, kind: str, split: str
) -> Iterator[Tree | str]:
    """The tree of each sentence; a corpus in the treebank's own order is not held in memory."""
    stream = _trees(settings["source"], lang, kind, split)
    known: dict[Any, Tree] = {}
    for sentence in sentences:
        key = _key(sentence)
        found = known.get(key)
        while found is None and (tree := next(stream, None)) is not None:
            given = _key(tree.words if isinstance(sentence, list) else tree.text)
            found = tree if given == key else None
            if found is None or not kind.startswith("text/"):  # items may repeat their sentences
                known[given] = tree
        yield found or MISSING


def _key(sentence: Sentence) -> Any:
    return sentence if isinstance(sentence, str) else tuple(sentence)


def _trees(source: dict[str, Any], lang: str, kind: str, split: str) -> Iterator[Tree]:
    """Every tree that the source has for a corpus or for a split of a task."""
    module, report = sources.load(source["source"]), dict[str, Any]()
    if kind.startswith("text/"):
        domain = kind.removeprefix("text/")
        if hasattr(module, "item_trees"):
            return map(
                surface, module.trees(source, lang=lang, domain=domain, split=split, report=report)
            )
    elif hasattr(module, "item_trees"):
        return map(
            surface, module.item_trees(source, lang=lang, task=kind, split=split, report=report)
        )
    both = (
        module.trees(source, lang=lang, domain="main", split=s, report=report)
        for s in ("train", "dev")
    )
    return map(surface, chain.from_iterable(both))
