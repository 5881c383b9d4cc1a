"""What is said of a name that nothing has, and of a function's fault."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from twinlang.cli import UserError


def closest(name: str, known: Iterable[str]) -> str:
    """The remedy for an unknown name."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    choices = ", ".join(known) or "none"
    return f"; did you mean {near[0]}?" if near else f"; there are {choices}"


def unknown(where: str, kind: str, names: Iterable[str], known: Iterable[str]) -> list[str]:
    known = list(known)
    return [
        f"{where}: there is no {kind} '{name}'{closest(name, known)}"
        for name in names
        if name not in known
    ]


def said(function: Callable[..., Any], *arguments: Any) -> Iterator[str]:
    """What a function says against its arguments."""
    try:
        function(*arguments)
    except UserError as error:
        yield str(error)
