"""Keys that stand twice in a YAML file: the last would win, and nothing would say so."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from twinlang.cli import UserError


def check(paths: Iterable[str | Path]) -> None:
    """Does nothing for files in which every block has each key once.

    Raises:
        UserError: a key stands twice, with file and lines; or a file is no YAML.
    """
    for path in paths:
        try:
            _Once(Path(path).read_text(encoding="utf-8")).get_single_data()
        except _Twice as error:
            raise UserError(f"{path}:{error}; keep one of the two") from None
        except yaml.YAMLError as error:
            reason = " ".join(str(error).split())
            raise UserError(f"{path} is no YAML: {reason}; mend it") from None


class _Twice(Exception):
    """A key and its lines."""


class _Once(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[Any, int] = {}
        for key, _ in node.value:
            name, line = self.construct_object(key, deep=True), key.start_mark.line + 1
            if name in seen:
                raise _Twice(f"{line}: the key `{name}` stands in line {seen[name]} already")
            seen[name] = line
        return super().construct_mapping(node, deep)
