"""Rows of pieces and the batches made of them: by length, so that hardly any place is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from twinlang.pieces import END, PAD, START
from twinlang.sentences import Sentences

WIDTH = 8  # lengths are rounded up to a multiple of this, so that few shapes occur


@dataclass(frozen=True)
class Rows:
    """R rows to be pre-trained on, each of one language.

    pieces: one flat array a language, never copied; starts, lengths (R,): where a row lies in the
    array of its `language` (R,), lengths with specials. `packed` rows hold their specials already.
    """

    pieces: Sequence[np.ndarray]
    language: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    packed: bool = False

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The rows as ids (batch, time) int64, padded, and their lengths (batch,)."""
        lengths = self.lengths[rows]
        ids = np.full((len(rows), int(lengths.max())), PAD, dtype=np.int64)
        place = np.arange(ids.shape[1])[None, :]
        shift = 0 if self.packed else 1
        inner = (place >= shift) & (place < lengths[:, None] - shift)
        source = self.starts[rows][:, None] + place - shift
        for number, pieces in enumerate(self.pieces):
            mine = inner & (self.language[rows] == number)[:, None]
            ids[mine] = pieces[source[mine]]
        if not self.packed:
            ids[:, 0] = START
            ids[np.arange(len(rows)), lengths - 1] = END
        return ids, lengths


def sentence_rows(corpora: Sequence[Sentences], *, longest: int) -> Rows:
    """One sentence a row, `<s> sentence </s>`, cut to `longest` places."""
    lengths = [np.minimum(c.lengths, longest - 2) + 2 for c in corpora]
    return Rows(
        pieces=[c.pieces for c in corpora],
        language=np.repeat(np.arange(len(corpora)), [len(c) for c in corpora]),
        starts=np.concatenate([c.offsets[:-1] for c in corpora]),
        lengths=np.concatenate(lengths),
    )


def packed_rows(corpora: Sequence[Sentences], *, length: int) -> Rows:
    """Rows of exactly `length` places, cut from the stream of `<s> sentence </s>` of one language.

    The rest of a language's stream that fills no row is left out (at most length - 1 places).
    """
    streams = [_stream(c) for c in corpora]
    counts = [len(s) // length for s in streams]
    return Rows(
        pieces=streams,
        language=np.repeat(np.arange(len(corpora)), counts),
        starts=np.concatenate([np.arange(n) * length for n in counts]),
        lengths=np.full(sum(counts), length),
        packed=True,
    )


def _stream(corpus: Sentences) -> np.ndarray:
    shifted = np.arange(corpus.offsets[-1]) + 2 * np.repeat(np.arange(len(corpus)), corpus.lengths)
    stream = np.empty(len(shifted) + 2 * len(corpus), dtype=np.uint32)
    stream[shifted + 1] = corpus.pieces
    begins = corpus.offsets[:-1] + 2 * np.arange(len(corpus))
    stream[begins], stream[begins + corpus.lengths + 1] = START, END
    return stream


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
