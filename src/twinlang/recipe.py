"""Recipes: everything that decides the numbers of a trained model, in one file; hashes of files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from twinlang.cli import UserError, read_json

KEYS = {"model", "pretrain", "twin", "twin_seed", "seed", "vocabulary"}


def read(path: str | Path) -> dict[str, Any]:
    """The recipe of a pre-training: model, pretrain, twin (its steps), seeds, vocabulary.

    Raises:
        UserError: a key is missing.
    """
    recipe = read_json(path)
    missing = sorted(KEYS - set(recipe))
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}; delete it and run again")
    return dict(recipe)


def sha256(path: str | Path) -> str:
    """The hash of a file's content, in hex."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
