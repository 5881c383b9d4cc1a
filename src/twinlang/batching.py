"""Rows of pieces and the batches made of them: by length, so that hardly any place is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from twinlang.pieces import END, PAD, START
from twinlang.sentences import Sentences

WIDTH = 8  # lengths are rounded up to a multiple of this, so that few shapes occur


Corpus = Sequence[Sentences]  # its record batches, memory-mapped: nothing is copied


class Rows(Protocol):
    """R rows to be pre-trained on, each of one language.

    language, lengths: (R,), lengths with specials.
    """

    language: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int: ...

    def batch(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The rows as ids (batch, time) int64, padded, and their lengths (batch,)."""


class SentenceRows:
    """One sentence a row, `<s> sentence </s>`, cut to `longest` places."""

    def __init__(self, corpora: Sequence[Corpus], *, longest: int) -> None:
        parts = [part for corpus in corpora for part in corpus]
        sizes = [len(part) for part in parts]
        of_corpus = [sum(map(len, corpus)) for corpus in corpora]
        self.pieces = [part.pieces for part in parts]
        self.language = np.repeat(np.arange(len(corpora), dtype=np.int8), of_corpus)
        self.part = np.repeat(np.arange(len(parts), dtype=np.int32), sizes)
        self.starts = np.concatenate([part.offsets[:-1].astype(np.int32) for part in parts])
        lengths = np.concatenate([part.lengths.astype(np.int32) for part in parts])
        self.lengths = np.minimum(lengths, longest - 2) + 2

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lengths = self.lengths[rows].astype(np.int64)
        ids = np.full((len(rows), int(lengths.max())), PAD, dtype=np.int64)
        place = np.arange(ids.shape[1])[None, :]
        inner = (place >= 1) & (place < lengths[:, None] - 1)
        source, part = self.starts[rows][:, None] + place - 1, self.part[rows]
        for number in np.unique(part):
            mine = inner & (part == number)[:, None]
            ids[mine] = self.pieces[number][source[mine]]
        ids[:, 0] = START
        ids[np.arange(len(rows)), lengths - 1] = END
        return ids, lengths


class PackedRows:
    """Rows of exactly `length` places, cut from the stream of `<s> sentence </s>` of one language.

    The rest of a language's stream that fills no row is left out (at most length - 1 places).
    """

    def __init__(self, corpora: Sequence[Corpus], *, length: int) -> None:
        self.streams = [_Stream(corpus) for corpus in corpora]
        counts = [stream.size // length for stream in self.streams]
        self.language = np.repeat(np.arange(len(corpora), dtype=np.int8), counts)
        self.number = np.concatenate([np.arange(n) for n in counts])  # of a row in its stream
        self.lengths = np.full(sum(counts), length)
        self.length = length

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ids = np.empty((len(rows), self.length), dtype=np.int64)
        for language, stream in enumerate(self.streams):
            mine = self.language[rows] == language
            starts = self.number[rows[mine]] * self.length
            ids[mine] = stream.at(starts[:, None] + np.arange(self.length))
        return ids, self.lengths[rows]


class _Stream:
    """A corpus as one stream with specials, of which only what is asked for is made."""

    def __init__(self, corpus: Corpus) -> None:
        lengths = np.concatenate([part.lengths for part in corpus])
        self.begins = np.concatenate([[0], np.cumsum(lengths + 2)])  # of each sentence
        self.pieces = [part.pieces for part in corpus]
        self.bounds = np.cumsum([len(pieces) for pieces in self.pieces])
        self.size = int(self.begins[-1])

    def at(self, places: np.ndarray) -> np.ndarray:
        """The ids at places of the stream, of any shape."""
        flat = places.ravel()
        sentence = np.searchsorted(self.begins, flat, side="right") - 1
        first = flat == self.begins[sentence]
        last = flat == self.begins[sentence + 1] - 1
        found = np.where(first, START, END)
        inner = np.flatnonzero(~first & ~last)
        piece = flat[inner] - 2 * sentence[inner] - 1  # counted without specials
        part = np.searchsorted(self.bounds, piece, side="right")
        for number in np.unique(part):
            mine = part == number
            before = self.bounds[number - 1] if number else 0
            found[inner[mine]] = self.pieces[number][piece[mine] - before]
        return found.reshape(places.shape)


def plan(
    lengths: np.ndarray, *, places: int, seed: Sequence[int], most: int | None = None
) -> list[np.ndarray]:
    """One epoch's batches: arrays of row numbers, each row once.

    Rows of like length meet, at most `places` padded places (and `most` rows) a batch; rows are
    shuffled within a length and batches among themselves, by the seed alone.
    """
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence(list(seed))))
    order = generator.permutation(len(lengths))
    width = -(-lengths[order] // WIDTH) * WIDTH
    # Longest first, so that the first row of a batch is as wide as the batch.
    order = order[np.argsort(-width, kind="stable")]
    batches, at = [], 0
    while at < len(order):
        longest = -(-int(lengths[order[at]]) // WIDTH) * WIDTH
        count = max(1, places // longest)
        batches.append(order[at : at + min(count, most or count)])
        at += len(batches[-1])
    return [batches[n] for n in generator.permutation(len(batches))]


def epochs(
    lengths: np.ndarray, *, places: int, seed: int, short: int | None = None
) -> Iterator[np.ndarray]:
    """Batches without end, each epoch shuffled anew; with `short`, of rows up to that length."""
    rows = np.arange(len(lengths)) if short is None else np.flatnonzero(lengths <= short)
    epoch = 0
    while True:
        for batch in plan(lengths[rows], places=places, seed=[seed, epoch, short or 0]):
            yield rows[batch]
        epoch += 1
