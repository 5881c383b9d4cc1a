"""Reads a test's data folder through the source `files`, checking that the counts add up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from twinlang.cli import UserError
from twinlang.sources import files

FILTERS = ["too_short", "too_long", "duplicates", "in_main", "other_split", "beyond_limit", "kept"]


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    return {"source": "files", "folder": str(folder), **more}


def corpus(
    folder: Path, domain: str = "main", split: str = "a", **more: Any
) -> tuple[list[str], Any]:
    report: dict[str, Any] = {}
    options: dict[str, Any] = {"lang": "en", "domain": domain, "split": split, "report": report}
    found = list(files.corpus(settings(folder, **more), **options))
    assert report["sentences"] == sum(report[name] for name in FILTERS)
    assert report["kept"] == len(found)
    return found, report


def items(folder: Path, task: str, split: str = "dev", lang: str = "en", **more: Any) -> Any:
    report: dict[str, Any] = {}
    options: dict[str, Any] = {"lang": lang, "task": task, "split": split, "report": report}
    return list(files.items(settings(folder, **more), **options)), report


def trees(folder: Path) -> Any:
    report: dict[str, Any] = {}
    options: dict[str, Any] = {"lang": "en", "domain": "main", "split": "dev", "report": report}
    return list(files.trees(settings(folder), **options)), report


def fails(call: Any, *parts: str) -> str:
    """The one sentence of the error, which has all `parts`."""
    with pytest.raises(UserError) as caught:
        call()
    message = str(caught.value)
    assert all(part in message for part in parts), message
    assert "\n" not in message
    return message
