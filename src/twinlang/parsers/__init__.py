"""Parsers: where the trees of sentences come from. A parser is a module here, found by its name:

- `parse(sentences, settings, *, lang, kind, split) -> trees`, one a sentence and in order, over
  surface words; a text instead of a tree says why a sentence has none;
- `MODEL`: `trained` if a rule trains its model from the language's treebank, else `none`.
A sentence is running text, or a list of words that must stay as they are. `settings` are the
parser's block of the configuration with `source`, the settings of the language's source, and
`model`, the file of a trained one. `kind` is text/main, text/other or a task.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from twinlang.cli import UserError


def names() -> list[str]:
    """The parsers on disk."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """The module of a parser.

    Raises:
        UserError: there is none of that name.
    """
    if name not in names():
        raise UserError(f"there is no parser '{name}'; choose one of {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")
