"""Rows and batches of pre-training."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.micro import data_of
from twinlang.batching import WIDTH, Corpus, PackedRows, SentenceRows, epochs, plan
from twinlang.pieces import END, PAD, START
from twinlang.sentences import Sentences

LENGTHS = st.lists(st.integers(2, 40), min_size=1, max_size=60)


def corpora() -> list[Sentences]:
    """Two corpora of unlike lengths, whose ids do not meet."""
    one, other = (
        data_of([[n % 5 + 1] for n in range(40)]),
        data_of([[n % 9 + 1] for n in range(23)]),
    )
    return [one, other.with_columns(pieces=other.pieces + np.uint32(1000))]


def parted(data: list[Sentences]) -> list[Corpus]:
    """The same corpora in record batches of nine sentences."""
    return [[c.take(slice(n, n + 9)) for n in range(0, len(c), 9)] for c in data]


@given(lengths=LENGTHS, places=st.integers(1, 400), most=st.none() | st.integers(1, 7))
def test_each_row_once_an_epoch_within_the_bounds(
    lengths: list[int], places: int, most: int | None
) -> None:
    sizes = np.array(lengths)
    batches = plan(sizes, places=places, seed=[0, 1], most=most)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(sizes)))
    for rows in batches:
        width = -(-int(sizes[rows].max()) // WIDTH) * WIDTH
        assert len(rows) == 1 or len(rows) * width <= places
        assert most is None or len(rows) <= most


def test_hardly_any_place_is_padding() -> None:
    lengths = np.random.default_rng(0).integers(3, 60, 5000)
    batches = plan(lengths, places=1024, seed=[0])
    padded = sum(len(rows) * int(lengths[rows].max()) for rows in batches)
    assert padded < 1.15 * lengths.sum()
    widths = [-(-int(lengths[rows].max()) // WIDTH) for rows in batches]
    assert widths != sorted(widths) and widths != sorted(widths, reverse=True)


def test_the_seed_alone_decides() -> None:
    lengths = np.arange(2, 200) % 30 + 2
    one, same, other = (plan(lengths, places=100, seed=[n, 0]) for n in (0, 0, 1))
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert [a.tolist() for a in one] != [a.tolist() for a in other]


def test_epochs_are_whole_and_shuffled_anew() -> None:
    lengths = np.arange(100) % 20 + 2
    stream = epochs(lengths, places=128, seed=3)
    size = len(plan(lengths, places=128, seed=[3, 0, 0]))
    first, second = (list(islice(stream, size)) for _ in range(2))
    for epoch in (first, second):
        assert sorted(np.concatenate(epoch).tolist()) == list(range(100))
    assert [a.tolist() for a in first] != [a.tolist() for a in second]


def test_short_epochs_hold_short_rows_only() -> None:
    lengths = np.arange(100) % 20 + 2
    stream = epochs(lengths, places=128, seed=3, short=9)
    size = len(plan(lengths[lengths <= 9], places=128, seed=[3, 0, 9]))
    rows = np.concatenate(list(islice(stream, size)))
    assert sorted(rows.tolist()) == np.flatnonzero(lengths <= 9).tolist()


def test_a_sentence_row() -> None:
    data = corpora()
    rows = SentenceRows(parted(data), longest=7)
    assert len(rows) == 63 and Counter(rows.language.tolist()) == {0: 40, 1: 23}
    assert rows.lengths.max() == 7
    chosen = np.array([3, 40, 48])  # four pieces of orig; one of deriv; nine of deriv, cut to five
    ids, lengths = rows.batch(chosen)
    assert lengths.tolist() == [6, 3, 7] and ids.dtype == np.int64
    expected = [data[0].take(slice(3, 4)).pieces.tolist(), [int(data[1].pieces[0])]]
    expected.append(data[1].take(slice(8, 9)).pieces.tolist()[:5])
    for row, pieces in zip(ids.tolist(), expected, strict=True):
        assert row == [START, *pieces, END] + [PAD] * (7 - 2 - len(pieces))


@pytest.mark.parametrize("length", [8, 11])
def test_packed_rows_are_the_stream(length: int) -> None:
    data = corpora()
    rows = PackedRows(parted(data), length=length)
    for number, corpus in enumerate(data):
        stream = [
            piece
            for n in range(len(corpus))
            for piece in [START, *corpus.take(slice(n, n + 1)).pieces.tolist(), END]
        ]
        mine = np.flatnonzero(rows.language == number)
        ids, lengths = rows.batch(mine)
        assert (lengths == length).all()
        assert ids.flatten().tolist() == stream[: len(stream) // length * length]


def test_a_batch_mixes_the_languages_and_a_row_has_one() -> None:
    one = data_of([[n % 6 + 1] for n in range(400)])
    other = one.with_columns(pieces=one.pieces + np.uint32(1000))
    rows = SentenceRows([[one], [other]], longest=64)
    batches = plan(rows.lengths, places=512, seed=[0, 0])
    mixed = [len(set(rows.language[batch].tolist())) == 2 for batch in batches]
    assert np.mean(mixed) > 0.9
    for batch in batches:
        ids, _ = rows.batch(batch)
        orig, deriv = ((ids > 4) & (ids < 1000)).any(axis=1), (ids >= 1000).any(axis=1)
        assert (orig != deriv).all() and (deriv == (rows.language[batch] == 1)).all()


def test_an_empty_sentence_is_a_row_of_specials() -> None:
    rows = SentenceRows([[data_of([[2], []])]], longest=64)
    ids, lengths = rows.batch(np.array([0, 1]))
    assert ids[1].tolist() == [START, END, PAD, PAD] and lengths.tolist() == [4, 2]
