"""What the modules of a folder are called and declare, read without importing them.

The workflow asks this at every start, so nothing here costs the import of numpy or torch.
"""

from __future__ import annotations

import ast
import importlib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from twinlang.cli import UserError

PACKAGE = Path(__file__).parent
MARKS = {
    "parsers": "NEEDS",
    "sources": "corpus",
    "tasks": "HEAD",
    "transforms": "KEEPS_SPANS",
}  # what tells a module
# Parameters of all that order, served by twinlang.transforms, with what their values may be.
SERVED = {"unit": {"enum": ["piece", "word"]}, "keep_spans": {"type": "boolean"}}


def names(folder: str) -> list[str]:
    """The modules of a kind on disk; files beside them that only help are none."""
    files = sorted((PACKAGE / folder).glob("*.py"))
    return [file.stem for file in files if MARKS[folder] in _top(file)]


def load(folder: str, name: str) -> ModuleType:
    """A module of a kind by its name.

    Raises:
        UserError: there is none of that name.
    """
    if name not in names(folder):
        kind = folder.removesuffix("s")
        raise UserError(f"there is no {kind} '{name}'; choose one of {', '.join(names(folder))}")
    return importlib.import_module(f"twinlang.{folder}.{name}")


def constant(folder: str, name: str, key: str, default: Any = None) -> Any:
    """A literal constant at the top of a module, for example HEAD of a task.

    Raises:
        KeyError: the module has no such constant, and there is no default.
    """
    top = _top(PACKAGE / folder / f"{name}.py")
    if key not in top and default is not None:
        return default
    node = top[key]
    assert isinstance(node, ast.Assign | ast.AnnAssign) and node.value
    return ast.literal_eval(node.value)


def defines(folder: str, name: str, key: str) -> bool:
    """Whether a module has a function or constant of that name."""
    return key in _top(PACKAGE / folder / f"{name}.py")


def parameters(transform: str) -> set[str]:
    """The parameters that a step of this transform may be given."""
    top = _top(PACKAGE / "transforms" / f"{transform}.py")
    found = set(SERVED) if "order" in top else set()
    for key in ("order", "respell"):
        node = top.get(key)
        if isinstance(node, ast.FunctionDef):
            found |= {argument.arg for argument in node.args.kwonlyargs} - {"seed", "files"}
    return found


def values(transform: str) -> dict[str, dict[str, Any]]:
    """What the values of a transform's parameters may be, as JSON schemas (its VALUES)."""
    return {**SERVED, **constant("transforms", transform, "VALUES", {})}


@cache
def _top(file: Path) -> dict[str, ast.stmt]:
    """The top-level functions, classes and assignments of a module, by name."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {t.id: node for t in node.targets if isinstance(t, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
    return found
