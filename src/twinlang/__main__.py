"""The command `twinlang`: `lock`, `plan`, `status` and every step by its name (`export --help`)."""

from __future__ import annotations

import ast
import difflib
import importlib
import sys
from pathlib import Path

from twinlang import cli

STEPS = Path(__file__).parent / "steps"
COMMANDS = Path(__file__).parent / "commands"
SHORT = {"import": "import_model"}  # a module cannot be called import


def main() -> None:
    """Runs the step that the first argument names on the others."""
    name, *rest = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        cli.run(lambda _: print(usage(), flush=True))
        return
    step = SHORT.get(name, name.replace("-", "_"))
    folder = "commands" if step in modules_of(COMMANDS) else "steps"
    if step not in [*modules_of(COMMANDS), *steps()]:
        known = [*SHORT, *modules_of(COMMANDS), *steps()]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "twinlang --help lists them"
        sys.exit(f"error: there is no command '{name}'; {hint}")
    sys.argv = [f"twinlang {name}", *rest]  # what the step's own help says it is called
    cli.run(importlib.import_module(f"twinlang.{folder}.{step}").main)


def steps() -> list[str]:
    """The steps on disk."""
    return modules_of(STEPS)


def modules_of(folder: Path) -> list[str]:
    """The modules of a folder that can be called."""
    return sorted(path.stem for path in folder.glob("[a-z]*.py"))


def usage() -> str:
    """One line a step, its docstring's first; nothing is imported for it."""
    names = {step: short for short, step in SHORT.items()}
    lines = ["usage: twinlang STEP [OPTIONS]; twinlang STEP --help explains one", ""]
    for folder in (COMMANDS, STEPS):
        for step in modules_of(folder):
            tree = ast.parse((folder / f"{step}.py").read_text(encoding="utf-8"))
            about = (ast.get_docstring(tree) or "").splitlines()[0]
            lines.append(f"  {names.get(step, step):16} {about}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
