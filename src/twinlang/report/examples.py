"""Scores by example, read from the predictions that lie beside metric files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from twinlang import tasks
from twinlang.cli import read_json, read_lines
from twinlang.statistics.levels import linear
from twinlang.tidy import PLACE, Row

ENDING = ".predictions.jsonl"
SAME = 0.01  # points between a score and the sum of its examples, at most


class Examples:
    """By setting of a cell: one value an example (percent), whose mean is the setting's score."""

    def __init__(self, folder: str | None, rows: Sequence[Row]) -> None:
        """folder: where metric files and predictions lie, at any depth; None: nothing is known."""
        wanted = {_place(row): row for row in rows if row["finetune_seed"] is not None}
        self._found: dict[tuple, tuple[Path, Row]] = {}
        for path in sorted(Path(folder).rglob(f"*{ENDING}")) if folder else []:
            metric = path.with_name(path.name.removesuffix(ENDING) + ".json")
            if metric.exists() and (row := wanted.get(_place(read_json(metric)))):
                self._found[_place(row)] = (path, row)
        self.parts = cache(self._parts)

    def of(self, *place: object) -> tuple[str, np.ndarray] | None:
        """A hash of the examples' names, and their values (n,); None if they are not the score.

        place: language, twin, pairing, task, both seeds, setting.
        """
        found = self.parts(*place)
        return None if found is None else (found[0], linear(found[1]))

    def _parts(self, *place: object) -> tuple[str, np.ndarray] | None:
        """The same with what each adds to the score, above and below the line (2, n)."""
        if place not in self._found:
            return None
        path, row = self._found[place]
        predictions = read_lines(path)
        task = tasks.load(row["task"])
        for way in ("runs", "bio") if hasattr(task, "parts") else ():
            parts = np.array(task.parts(predictions, {"language": row["language"], "score": way}))
            scored = parts.size and parts[1].sum()
            if scored and abs(linear(parts).mean() - row["value"]) < SAME:
                names = "\n".join(str(found["id"]) for found in predictions)
                return hashlib.sha256(names.encode()).hexdigest(), parts
        return None


def _place(row: Mapping[str, object]) -> tuple:
    return tuple(row.get(key) for key in PLACE)
