"""Run a benchmark: prints its table and, with --output, writes it as JSON with what it ran on."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np

from twinlang import __version__
from twinlang.cli import parser, run, write_json


def names() -> list[str]:
    """The benchmarks on disk."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(file.stem for file in files if not file.stem.startswith("_"))


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    chosen = flags.add_subparsers(dest="name", required=True, metavar="NAME")
    for name in names():
        module = importlib.import_module(f"twinlang.bench.{name}")
        of_name = chosen.add_parser(
            name,
            help=str(module.__doc__).split("\n")[0],
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        of_name.add_argument("--repeat", type=int, default=5, help="the median counts")
        of_name.add_argument("--output", help="JSON file to write")
        module.add_flags(of_name)
        of_name.set_defaults(measure=module.measure)
    arguments = flags.parse_args(argv)
    rows = arguments.measure(arguments)
    print(table(rows))
    if arguments.output:
        found = {"benchmark": arguments.name, "repeat": arguments.repeat, "rows": rows}
        write_json(arguments.output, {**found, **machine()})


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as text in columns, numbers to the right."""
    cells = [[f"{v:,.2f}" if isinstance(v, float) else str(v) for v in r.values()] for r in rows]
    lines = [list(rows[0]), *cells]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    numeric = [isinstance(value, int | float) for value in rows[0].values()]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    versions = {"twinlang": __version__, "numpy": np.__version__}
    versions["python"] = platform.python_version()
    return {"machine": platform.machine(), "cores": os.cpu_count(), "versions": versions}


if __name__ == "__main__":
    run(main)
