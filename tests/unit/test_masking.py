"""Masking: shares within binomial bounds, and from where random pieces are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from twinlang.masking import Masking
from twinlang.pieces import END, MASK, PAD, START, UNKNOWN
from twinlang.transforms.transliteration import respell

SIZE = 1000
ORIG = np.arange(SIZE)
DERIV = respell(SIZE, seed=0).astype(np.int64)


def rows() -> tuple[np.ndarray, np.ndarray]:
    """Four hundred rows of 62 places, every second one of the twin; a third of each is padding."""
    ids = np.random.default_rng(0).integers(5, SIZE, (400, 62))
    ids[1::2] += SIZE
    ids[:, 0], ids[:, 40], ids[:, 41:] = START, END, PAD
    ids[:, 7], ids[:, 8] = UNKNOWN, MASK
    return ids, np.arange(400) % 2


def masking(*, deriv: np.ndarray = DERIV, share: float = 0.15) -> Masking:
    return Masking(share, 0.8, 0.1, [ORIG, deriv])


def within(count: int, n: int, p: float) -> bool:
    low, high = binom.interval(0.999, n, p)
    return bool(low <= count <= high)


def test_shares() -> None:
    ids, languages = rows()
    masked, at, targets = masking()(ids, languages, seed=(0, 0))
    real = int((ids > 4).sum())
    assert len(at) == len(set(at.tolist())) == round(0.15 * real)
    assert (targets == ids.flatten()[at]).all() and (targets > 4).all()
    shown = masked.flatten()[at]
    assert within(int((shown == MASK).sum()), len(at), 0.8)
    assert within(int((shown == targets).sum()), len(at), 0.1)
    assert within(int(((shown != MASK) & (shown != targets)).sum()), len(at), 0.1)


def test_nothing_else_changes_and_specials_are_never_predicted() -> None:
    ids, languages = rows()
    before = ids.copy()
    masked, at, _ = masking()(ids, languages, seed=(0, 0))
    assert (ids == before).all()
    rest = np.ones(ids.size, dtype=bool)
    rest[at] = False
    assert (masked.flatten()[rest] == ids.flatten()[rest]).all()
    assert (masked[ids < 5] == ids[ids < 5]).all() and not (ids.flatten()[at] < 5).any()
    assert (np.diff(at) > 0).all()


@pytest.mark.parametrize("own", [True, False])
def test_random_pieces_are_of_the_rows_language_or_of_orig(own: bool) -> None:
    ids, languages = rows()
    found = masking(deriv=DERIV if own else ORIG, share=0.9)(ids, languages, seed=(0, 0))
    masked, at, targets = found
    shown, language = masked.flatten()[at], languages[at // ids.shape[1]]
    drawn = (shown != MASK) & (shown != targets)
    for number in (0, 1):
        pieces = shown[drawn & (language == number)]
        low = SIZE if own and number else 0
        assert len(pieces) > 500 and pieces.min() >= low + 5 and pieces.max() < low + SIZE


def test_a_step_has_its_own_masks_and_always_the_same() -> None:
    ids, languages = rows()
    one, same, other, seed = (
        masking()(ids, languages, seed=pair)[1] for pair in ((0, 7), (0, 7), (0, 8), (1, 7))
    )
    assert (one == same).all()
    assert len(set(one) & set(other)) < 0.3 * len(one)
    assert len(set(one) & set(seed)) < 0.3 * len(one)


def test_at_least_one_piece_is_predicted() -> None:
    ids = np.array([[START, 7, END]])
    _, at, targets = masking()(ids, np.array([0]), seed=(0, 0))
    assert at.tolist() == [1] and targets.tolist() == [7]
