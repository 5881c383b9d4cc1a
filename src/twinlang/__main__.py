"""The command `twinlang`: every step by its name, as in `twinlang export --help`."""

from __future__ import annotations

import ast
import difflib
import importlib
import sys
from pathlib import Path

from twinlang import cli

STEPS = Path(__file__).parent / "steps"
SHORT = {"import": "import_model"}  # a module cannot be called import
TOOLS = ["status"]  # commands that are no step of the workflow: modules of twinlang itself


def main() -> None:
    """Runs the step that the first argument names on the others."""
    name, *rest = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        cli.run(lambda _: print(usage(), flush=True))
        return
    step = SHORT.get(name, name.replace("-", "_"))
    if step not in [*steps(), *TOOLS]:
        known = [*SHORT, *TOOLS, *steps()]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "twinlang --help lists them"
        sys.exit(f"error: there is no command '{name}'; {hint}")
    sys.argv = [f"twinlang {name}", *rest]  # what the step's own help says it is called
    module = f"twinlang.{step}" if step in TOOLS else f"twinlang.steps.{step}"
    cli.run(importlib.import_module(module).main)


def steps() -> list[str]:
    """The steps on disk."""
    return sorted(path.stem for path in STEPS.glob("[a-z]*.py"))


def usage() -> str:
    """One line a step, its docstring's first; nothing is imported for it."""
    names = {step: short for short, step in SHORT.items()}
    lines = ["usage: twinlang STEP [OPTIONS]; twinlang STEP --help explains one", ""]
    files = [*(STEPS.parent / f"{name}.py" for name in TOOLS), *sorted(STEPS.glob("[a-z]*.py"))]
    for step, file in ((file.stem, file) for file in files):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        about = (ast.get_docstring(tree) or "").splitlines()[0]
        lines.append(f"  {names.get(step, step):16} {about}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
