"""Sentences: the one columnar structure that transforms and tasks pass on, and its file form.

A corpus and an encoded task have the same form, Arrow IPC with one row a sentence:

| Field | Type | Description |
|---|---|---|
| pieces | list<uint32> | piece ids, without the special pieces |
| words | list<uint16> | the word (within the sentence) that each piece belongs to |
| positions | list<uint16> | twins only: where in the original sentence each piece stood |
| labels, starts, ends, answers | list<int32> | tasks only: what travels with a piece (`tasks/`) |
| nodes, heads, upos, relations | list<int32> | with trees only: the tree of each piece (`trees`) |
| key | uint64 | seed of the sentence's own randomness |
| item, part | uint32, uint8 | tasks: index of the record, and which part of it |
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from twinlang.cli import UserError, writing

BATCH = 8192  # sentences a record batch: large enough to amortise, small enough for the cache
TYPES = {"pieces": pa.uint32(), "words": pa.uint16(), "positions": pa.uint16()}
LONGEST = 1 << 16  # pieces a sentence: words and positions are uint16
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Sentences:
    """S sentences of N pieces in all.

    Shapes: offsets (S + 1,) int64; keys (S,) uint64; items (S,) uint32; parts (S,) uint8; every
    array of `columns` (N,): always `pieces` and `words`, others as in the table above. Columns
    that a transform reads (trees) are carried the same way.
    """

    offsets: np.ndarray
    keys: np.ndarray
    items: np.ndarray
    parts: np.ndarray
    columns: dict[str, np.ndarray]
    metadata: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def pieces(self) -> np.ndarray:
        return self.columns["pieces"]

    @property
    def words(self) -> np.ndarray:
        return self.columns["words"]

    @property
    def lengths(self) -> np.ndarray:
        """Pieces a sentence, (S,) int64."""
        return np.diff(self.offsets)

    def local(self) -> np.ndarray:
        """Position of each piece within its sentence, (N,) int64."""
        return np.arange(self.offsets[-1]) - np.repeat(self.offsets[:-1], self.lengths)

    def reordered(self, positions: np.ndarray) -> Sentences:
        """The same sentences with their pieces, and all that travels with them, in a new order.

        positions: (N,) int64, flat indices; piece j of the result is piece positions[j] of this.
        """
        return replace(self, columns={name: c[positions] for name, c in self.columns.items()})

    def with_columns(self, **columns: np.ndarray) -> Sentences:
        return replace(self, columns={**self.columns, **columns})

    def take(self, rows: slice) -> Sentences:
        """A run of sentences (a slice of step 1), without a copy of their pieces."""
        start, stop, _ = rows.indices(len(self))
        first, last = self.offsets[start], self.offsets[max(start, stop)]
        return Sentences(
            offsets=self.offsets[start : max(start, stop) + 1] - first,
            keys=self.keys[rows],
            items=self.items[rows],
            parts=self.parts[rows],
            columns={name: c[first:last] for name, c in self.columns.items()},
            metadata=self.metadata,
        )


def chosen(sentences: Sentences, mask: np.ndarray) -> Sentences:
    """The sentences that a mask (S,) marks."""
    pieces = np.repeat(mask, sentences.lengths)
    return Sentences(
        offsets=np.concatenate([[0], np.cumsum(sentences.lengths[mask])]),
        keys=sentences.keys[mask],
        items=sentences.items[mask],
        parts=sentences.parts[mask],
        columns={name: column[pieces] for name, column in sentences.columns.items()},
        metadata=sentences.metadata,
    )


def dataset_key(name: str) -> int:
    """A 64-bit number for a data set, split or item, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def splitmix(x: np.ndarray) -> np.ndarray:
    """Counter-based random bits, uint64 -> uint64: SplitMix64's finaliser (Steele et al. 2014)."""
    x = x ^ (x >> np.uint64(30))
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


def build(
    rows: Iterable[tuple[int, int, int, dict[str, list[int]]]], metadata: dict[str, Any]
) -> Iterator[Sentences]:
    """Sentences, a batch at a time, from rows (key, item, part, {column: values}).

    Raises:
        UserError: a sentence is longer than `LONGEST`.
    """
    batch: list[tuple[int, int, int, dict[str, list[int]]]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield _assemble(batch, metadata)
            batch = []
    if batch:
        yield _assemble(batch, metadata)


def _assemble(
    rows: list[tuple[int, int, int, dict[str, list[int]]]], metadata: dict[str, Any]
) -> Sentences:
    lengths = np.array([len(columns["pieces"]) for *_, columns in rows], dtype=np.int64)
    if lengths.max() > LONGEST:
        raise UserError(
            f"item {rows[int(lengths.argmax())][1]}: a sentence has more than {LONGEST:,} pieces; "
            "set boundary: sentence, or cut the text"
        )
    names = rows[0][3].keys()
    flat = {name: [value for *_, columns in rows for value in columns[name]] for name in names}
    return Sentences(
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        keys=np.array([key for key, *_ in rows], dtype=np.uint64),
        items=np.array([item for _, item, *_ in rows], dtype=np.uint32),
        parts=np.array([part for _, _, part, _ in rows], dtype=np.uint8),
        columns={name: np.array(values, dtype=_dtype(name)) for name, values in flat.items()},
        metadata=metadata,
    )


def write(path: str | Path, batches: Iterable[Sentences]) -> int:
    """Batches of sentences as one Arrow IPC file, complete or absent; returns how many sentences.

    Raises:
        UserError: there is no sentence at all.
    """
    written = 0
    with writing(path, "wb") as handle:
        sink = None
        for batch in batches:
            table = _to_arrow(batch)
            sink = sink or pa.ipc.new_file(handle, table.schema)
            sink.write_batch(table)
            written += len(batch)
        if sink is None:
            raise UserError(f"{path} would be empty: its input holds no sentence; check the source")
        sink.close()
    return written


def batches(path: str | Path) -> Iterator[Sentences]:
    """The batches of a file, memory-mapped: no copy is made.

    Raises:
        UserError: there is no such file, or it is no Arrow file of sentences, or is cut short.
    """
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        for number in range(reader.num_record_batches):
            yield _from_arrow(reader.get_batch(number))
    except FileNotFoundError:
        raise UserError(f"{path} is missing; run the rule that writes it") from None
    except (pa.ArrowInvalid, KeyError) as error:
        raise UserError(
            f"{path} is no file of sentences ({error}); delete it and run again"
        ) from None


def read(path: str | Path) -> Sentences:
    """All sentences of a file; without a copy where it has one batch."""
    return joined(list(batches(path)))


def joined(parts: Sequence[Sentences]) -> Sentences:
    """Batches as one; without a copy where there is one."""
    if len(parts) == 1:
        return parts[0]
    shifts = np.cumsum([0] + [p.offsets[-1] for p in parts])
    offsets = [p.offsets[:-1] + shift for p, shift in zip(parts, shifts[:-1], strict=True)]
    return Sentences(
        offsets=np.concatenate([*offsets, shifts[-1:]]),
        keys=np.concatenate([p.keys for p in parts]),
        items=np.concatenate([p.items for p in parts]),
        parts=np.concatenate([p.parts for p in parts]),
        columns={n: np.concatenate([p.columns[n] for p in parts]) for n in parts[0].columns},
        metadata=parts[0].metadata,
    )


def _dtype(name: str) -> Any:
    return TYPES[name].to_pandas_dtype() if name in TYPES else np.int32


def _to_arrow(batch: Sentences) -> pa.RecordBatch:
    offsets = pa.array(batch.offsets.astype(np.int32))
    fields = {
        name: pa.ListArray.from_arrays(offsets, pa.array(values, TYPES.get(name, pa.int32())))
        for name, values in batch.columns.items()
    }
    fields |= {"key": pa.array(batch.keys), "item": pa.array(batch.items)}
    fields |= {"part": pa.array(batch.parts)}
    return pa.RecordBatch.from_pydict(fields, metadata={"twinlang": json.dumps(batch.metadata)})


def _from_arrow(batch: pa.RecordBatch) -> Sentences:
    plain = {"key", "item", "part"}
    lists = {n: batch.column(n) for n in batch.schema.names if n not in plain}
    offsets = lists["pieces"].offsets.to_numpy().astype(np.int64)
    return Sentences(
        offsets=offsets,
        keys=batch.column("key").to_numpy(),
        items=batch.column("item").to_numpy(),
        parts=batch.column("part").to_numpy(),
        columns={name: column.values.to_numpy() for name, column in lists.items()},
        metadata=json.loads((batch.schema.metadata or {})[b"twinlang"]),
    )
