"""Tidy scores: metric files as rows of one table, and rows as cells whose settings are compared.

A row is one setting (`bz`, `bs`, `mz`, `mo`) of one cell, or a measure of a model that is not
fine-tuned (no fine-tuning seed). Scores are percent.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from twinlang.cli import UserError, read_json, writing
from twinlang.statistics import Key

Row = dict[str, Any]
Group = tuple[str, str, str]  # task, twin, pairing
Cells = dict[Group, dict[Key, dict[str, Row]]]

COMPARED = ("bz", "bs", "mz")
SETTINGS = (*COMPARED, "mo")
PLACE = ("language", "twin", "pairing", "task", "pretrain_seed", "finetune_seed", "setting")
COLUMNS = (*PLACE, "metric", "value", "n", "constant", "keeps_order", "precision", "device")
SCORE = "score_"
TEXTS = ("language", "twin", "pairing", "task", "setting", "metric", "precision", "device")


def collect(paths: Sequence[str]) -> list[Row]:
    """The rows of metric files and of earlier tables (`.csv`), in the order given.

    Raises:
        UserError: a file is no metric file, two differ about one setting of one cell, or the
            settings of one cell cannot be compared.
    """
    found: dict[tuple, tuple[Row, str]] = {}
    for path in paths:
        merges = path.endswith(".csv")
        for row in read_scores(path) if merges else [_metric_row(path)]:
            place = tuple(row[key] for key in PLACE)
            other = found.setdefault(place, (row, path))
            if other[1] != path and not (merges and _equal(row, other[0])):
                raise UserError(f"{other[1]} and {path} are both {_name(row)}; keep one of the two")
    rows = [row for row, _ in found.values()]
    cells(rows, needed=())
    return rows


def write_scores(path: str, rows: Sequence[Row]) -> None:
    """Rows as CSV: the agreed columns, then one a named score; what is undefined is empty."""
    named = list(dict.fromkeys(key for row in rows for key in row if key.startswith(SCORE)))
    write_csv(path, rows, [*COLUMNS, *named])


def write_csv(path: str, rows: Iterable[Row], columns: Sequence[str]) -> None:
    """Rows as CSV; None is empty, a truth value lower case."""
    with writing(path) as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_text(row.get(column)) for column in columns] for row in rows)


def read_scores(path: str) -> list[Row]:
    """The rows of a table that `write_scores` wrote.

    Raises:
        UserError: the table is another one, a line of it is broken or stands twice.
    """
    rows: dict[tuple, Row] = {}
    with open(path, encoding="utf-8", newline="") as handle:
        lines = csv.reader(handle)
        header = next(lines, [])
        if tuple(header[: len(COLUMNS)]) != COLUMNS:
            raise UserError(f"{path} is no table of scores; make it with collect_scores")
        for line in lines:
            where = f"{path}:{lines.line_num}"
            row = _read_row(line, header, where)
            if rows.setdefault(tuple(row[key] for key in PLACE), row) is not row:
                raise UserError(f"{where} is a second {_name(row)}; collect the scores anew")
    return list(rows.values())


def cells(rows: Iterable[Row], *, needed: Iterable[str]) -> Cells:
    """The compared settings of each cell by (task, twin, pairing) and (language, seeds).

    Raises:
        UserError: a cell lacks a needed setting, or its settings differ in precision, number of
            examples or development set: such rows are never subtracted.
    """
    found: Cells = {}
    for row in rows:
        if row["setting"] in COMPARED:
            key = (row["language"], row["pretrain_seed"], row["finetune_seed"])
            group = found.setdefault((row["task"], row["twin"], row["pairing"]), {})
            group.setdefault(key, {})[row["setting"]] = row
    for group in found.values():
        for cell in group.values():
            _check(cell, needed)
    return found


def _check(cell: Mapping[str, Row], needed: Iterable[str]) -> None:
    first = next(iter(cell.values()))
    lacking = [setting for setting in needed if setting not in cell]
    if lacking:
        raise UserError(
            f"{_name(first)} stands in the scores without {lacking[0]} of the same cell; "
            "make its metric file and collect the scores anew"
        )
    for key in ("precision", "n", "metric", "dev_sha256"):
        values = {setting: str(row[key]) for setting, row in cell.items() if key in row}
        if len(set(values.values())) > 1:
            told = ", ".join(f"{setting} {value}" for setting, value in values.items())
            raise UserError(
                f"{_name(first)} and its like differ in {key} ({told}), so no difference is "
                "taken; run them anew in the same way"
            )


def _metric_row(path: str) -> Row:
    """A metric file as a row; `dev_sha256` is kept for the comparison, not for the table."""
    found = read_json(path)
    if isinstance(found, dict) and "chance" in found and found.get("finetune_seed") is None:
        found = _measured(found)
    if not isinstance(found, dict) or not isinstance(found.get("scores"), dict):
        raise UserError(f"{path} is no metric file (no scores); take it out of --metrics")
    row = {key: found.get(key) for key in COLUMNS}
    row |= {SCORE + name: value for name, value in found["scores"].items()}
    row |= {key: found[key] for key in ("dev_sha256",) if key in found}
    return _checked(row, path)


def _measured(found: dict[str, Any]) -> dict[str, Any]:
    """Retrieval or alignment of a bilingual model, in the form of a metric.

    Its named scores are the numbers of its nested values: `bilingual_orig_to_deriv`, `seen_value`.
    """
    named = dict(_flat({k: v for k, v in found.items() if isinstance(v, dict) and k != "versions"}))
    # The query of retrieval is the orig sentence.
    main = found.get("value", named.get("bilingual_orig_to_deriv"))
    form = {"setting": "bi", "metric": "accuracy", "value": main, "constant": found["chance"]}
    return {**form, "scores": named, **found}


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from ((f"{name}_{inner}", number) for inner, number in _flat(value))
        else:
            yield name, value


def _checked(row: Row, where: str) -> Row:
    """The row, if every value is of its kind."""
    tuned = row["finetune_seed"] is not None
    right = {key: isinstance(row[key], str) and row[key] != "" for key in TEXTS}
    right["setting"] = right["setting"] and (not tuned or row["setting"] in SETTINGS)
    right["pretrain_seed"] = _is_count(row["pretrain_seed"])
    right["finetune_seed"] = _is_count(row["finetune_seed"]) or not tuned
    right["n"] = _is_count(row["n"]) and row["n"] > 0
    right["keeps_order"] = row["keeps_order"] is None or isinstance(row["keeps_order"], bool)
    right["value"] = _is_percent(row["value"])
    for key in ("constant", *(key for key in row if key.startswith(SCORE))):
        right[key] = row[key] is None or _is_number(row[key])
    for key, fits in right.items():
        if not fits:
            name = key.removeprefix(SCORE)
            raise UserError(
                f"{where} is a broken metric: {name} is {row[key]!r}; delete it and run again"
            )
    return row


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_percent(value: Any) -> bool:
    # A micro average may pass 100 by a rounding error.
    return _is_number(value) and -1e-6 <= value <= 100 + 1e-6


def _read_row(line: list[str], header: list[str], where: str) -> Row:
    if len(line) != len(header):
        raise UserError(f"{where} has {len(line)} fields, not {len(header)}; collect scores anew")
    row: Row = dict(zip(header, line, strict=True))
    try:
        for key in ("pretrain_seed", "finetune_seed", "n"):
            row[key] = int(row[key]) if row[key] else None
        for key in ("value", "constant", *header[len(COLUMNS) :]):
            row[key] = float(row[key]) if row[key] else None
        row["keeps_order"] = {"true": True, "false": False, "": None}[row["keeps_order"]]
    except (ValueError, KeyError) as error:
        raise UserError(f"{where} is broken ({error}); collect the scores anew") from None
    return _checked(row, where)


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value


def _equal(row: Row, other: Row) -> bool:
    """Same values; a score that one of them lacks is one that is empty."""
    keys = (row.keys() | other.keys()) - {"dev_sha256"}
    return all(row.get(key) == other.get(key) for key in keys)


def _name(row: Row) -> str:
    """A row in words."""
    seeds = f"s{row['pretrain_seed']}"
    seeds += "" if row["finetune_seed"] is None else f"/f{row['finetune_seed']}"
    return "/".join([*(str(row[key]) for key in PLACE[:4]), seeds, row["setting"]])
