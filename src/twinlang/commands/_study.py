"""The configuration of a command, put together as the workflow does it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml

from twinlang import validation, yaml_keys
from twinlang.cli import UserError, parser
from twinlang.config import merged


def flags(doc: str | None) -> argparse.ArgumentParser:
    """A parser with the flags that say which configuration."""
    found = parser(doc)
    found.add_argument(
        "--configfile", nargs="+", default=[], metavar="FILE", help="presets, laid over config.yaml"
    )
    found.add_argument("--data", help="the user's folder, as in --config data=FOLDER")
    found.add_argument(
        "--directory", default=".", metavar="FOLDER", help="where Snakefile and config.yaml are"
    )
    return found


def read(arguments: argparse.Namespace) -> dict[str, Any]:
    """The configuration, checked.

    Raises:
        UserError: there is none, or all its errors.
    """
    folder = Path(arguments.directory)
    paths = [folder / "config.yaml", *map(Path, arguments.configfile)]
    for path in paths:
        if not path.is_file():
            raise UserError(f"{path} is not there; name the project's folder with --directory")
    yaml_keys.check(paths)
    found: dict[str, Any] = {}
    for path in paths:
        found = merged(found, yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    if arguments.data:
        found["data"] = arguments.data
    schema = folder / "schemas/config.schema.yaml"
    if schema.is_file():
        validation.check(found, schema)
    return found
