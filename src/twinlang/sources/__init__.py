"""Where text, labels and trees come from; each source is one file of this folder."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from twinlang.cli import UserError

_NOT_SOURCES = ("records",)


def names() -> list[str]:
    """The sources on disk, sorted."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in found if name not in _NOT_SOURCES and name[0] != "_")


def load(name: str) -> ModuleType:
    """The module of a source.

    Raises:
        UserError: there is no such source.
    """
    if name not in names():
        raise UserError(f"there is no source {name!r}; choose one of {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")
