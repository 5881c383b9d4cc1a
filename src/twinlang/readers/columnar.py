"""Rows of Parquet and of JSON lines, a batch at a time, with the columns that are asked for."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from twinlang.cli import UserError

BATCH = 1024  # rows that are held at once
# A text packs to a third or a tenth of its size; what unpacks to more than this is no text.
EXPANSION = 200
FREE = 64 << 20  # bytes that any file may unpack to
LINE = 64 << 20  # bytes of one row


def is_parquet(path: str | Path) -> bool:
    """Whether a file is read as Parquet; all others are JSON lines, plain or .gz."""
    return str(path).endswith(".parquet")


def rows(path: Path, columns: Sequence[str], *, name: str) -> Iterator[tuple[Any, ...]]:
    """The values of `columns` in each row; `name` is what errors call the file.

    A column may lie in another one, as `answers.text`.

    Raises:
        UserError: a column that is not there, or a file that cannot be read.
    """
    if is_parquet(path):
        yield from _parquet(path, columns, name)
    else:
        yield from _lines(path, columns, name)


def count(path: Path, *, name: str) -> int:
    """How many rows a file has."""
    if is_parquet(path):
        with _opened(path, name) as file:
            return int(file.metadata.num_rows)
    return sum(1 for _ in _raw(path, name))


def labels(path: Path, column: str) -> list[str]:
    """The names of a column's numbers, as `datasets` writes them beside the schema; or none."""
    if not is_parquet(path):
        return []
    with _opened(path, str(path)) as file:
        told = (file.schema_arrow.metadata or {}).get(b"huggingface", b"{}")
    feature = json.loads(told).get("info", {}).get("features", {}).get(column, {})
    if isinstance(feature, list) and feature:
        feature = feature[0]
    feature = feature.get("feature", feature) if isinstance(feature, dict) else {}
    return list(feature.get("names") or [])


def check_columns(known: Sequence[str], wanted: Sequence[str], *, name: str) -> None:
    """Does nothing if all wanted columns are there.

    Raises:
        UserError: naming the first that is not, and those there are.
    """
    for column in wanted:
        if column.split(".")[0] not in known:
            raise UserError(
                f"{name} has no column {column!r}, but {', '.join(known)}; "
                "its schema has changed: name the new column under `columns` of its set"
            )


def _opened(path: Path, name: str) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{name} is no Parquet file ({error}); fetch it anew") from None


def _parquet(path: Path, columns: Sequence[str], name: str) -> Iterator[tuple[Any, ...]]:
    import pyarrow as pa

    with _opened(path, name) as file:
        check_columns(file.schema_arrow.names, columns, name=name)
        tops = list(dict.fromkeys(column.split(".")[0] for column in columns))
        try:
            for batch in file.iter_batches(batch_size=BATCH, columns=tops):
                values = {top: batch.column(top).to_pylist() for top in tops}
                for row in zip(*values.values(), strict=True):
                    yield _values(dict(zip(tops, row, strict=True)), columns)
        except (pa.ArrowInvalid, OSError) as error:
            raise UserError(f"{name} is damaged ({error}); fetch it anew") from None


def _values(row: Mapping[str, Any], columns: Sequence[str]) -> tuple[Any, ...]:
    found = []
    for column in columns:
        value: Any = row
        for part in column.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        found.append(value)
    return tuple(found)


def _lines(path: Path, columns: Sequence[str], name: str) -> Iterator[tuple[Any, ...]]:
    for number, line in enumerate(_raw(path, name), 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UserError(f"{name}:{number} is not JSON ({error}); fetch the file anew") from None
        if not isinstance(row, dict):
            raise UserError(f"{name}:{number} is no JSON object; fetch the file anew")
        check_columns(list(row), columns, name=f"{name}:{number}")
        yield _values(row, columns)


def _raw(path: Path, name: str) -> Iterator[bytes]:
    """The lines of a file, unpacked as they are read, and never more than a text can unpack to."""
    limit = FREE + EXPANSION * path.stat().st_size
    opener: Any = gzip.open if path.name.endswith(".gz") else open
    total = 0
    try:
        with opener(path, "rb") as handle:
            while line := handle.readline(LINE + 1):
                total += len(line)
                if len(line) > LINE or total > limit:
                    raise UserError(
                        f"{name} unpacks to more than {total / 1e6:,.0f} MB from "
                        f"{path.stat().st_size / 1e6:,.1f} MB, which no text does; do not use it"
                    )
                if line.strip():
                    yield line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{name} is damaged ({error}); fetch it anew") from None
