"""The configuration of a command, put together as the workflow does it."""

from __future__ import annotations

import argparse
import re
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
    found.add_argument(
        "--config", nargs="+", default=[], metavar="KEY=VALUE", help="single values, as Snakemake's"
    )
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
    for given in arguments.config:
        key, _, value = given.partition("=")
        found = merged(found, {key: yaml.safe_load(value)})
    problems = validation.problems(found, folder / "schemas/config.schema.yaml")
    # What only a run needs may still be missing: the user's files and a parser's models.
    if wrong := [line for line in problems if not re.match(r"(data|syntax\.\w+\.folder):", line)]:
        raise UserError("\n".join(["the configuration has errors:", *wrong]))
    return found
