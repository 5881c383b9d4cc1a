"""Nearest neighbours by cosine."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from twinlang import alignment
from twinlang.transforms.transliteration import respell


def rows(count: int = 400, *, seed: int = 0, size: int = 16) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


def test_itself_is_the_nearest_whatever_its_length() -> None:
    scale = torch.linspace(0.1, 9, 400)[:, None]
    assert alignment.nearest(rows(), rows() * scale).all()


def test_of_random_rows_hardly_one_is_right() -> None:
    hits = [alignment.nearest(rows(seed=n), rows(seed=n + 100)).sum() for n in range(20)]
    assert 5 <= sum(hits) <= 40  # 20 expected


def test_a_rotation_of_both_sides_changes_nothing() -> None:
    rotation, _ = torch.linalg.qr(rows(16, seed=5))
    left, right = rows(), rows() + 0.8 * rows(seed=1)
    hits = alignment.nearest(left, right)
    assert 0.1 < hits.mean() < 0.9
    assert (alignment.nearest(left @ rotation, right @ rotation) == hits).mean() > 0.99
    assert (alignment.nearest(left @ rotation, right) == hits).mean() < 0.9


def test_ties_and_empty_rows_are_misses() -> None:
    right = rows(6)
    right[3] = 2 * right[2]
    left = right.clone()
    assert alignment.nearest(left, right).tolist() == [True, True, False, False, True, True]
    left[5] = 0
    assert not alignment.nearest(left, right)[5]
    assert not alignment.nearest(torch.ones(5, 4), torch.ones(5, 4)).any()
    left[4] = float("nan")
    assert not alignment.nearest(left, right)[4]


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = rows(), rows() + 0.8 * rows(seed=1)
    whole = alignment.nearest(left, right)
    monkeypatch.setattr(alignment, "BLOCK", 37)
    assert (alignment.nearest(left, right) == whole).mean() > 0.99


def test_static_compares_moved_rows_alone() -> None:
    table = respell(100, seed=0, fraction=0.4)
    moved = np.flatnonzero(table != np.arange(100))
    embeddings = rows(200)
    known = torch.from_numpy(moved[:20])
    embeddings[known + 100] = embeddings[known]
    hits, found = alignment.static(embeddings, table)
    assert (found == moved).all() and len(hits) == 38
    assert hits[:20].all() and not hits[20:].all()
    hits, found = alignment.static(embeddings, np.arange(100, dtype=np.uint32))
    assert not len(hits) and not len(found)


def test_bands_of_frequency() -> None:
    hits = np.array([True, False, True, True, False, True])
    counts = np.array([0, 1, 9, 10, 20000, 99])
    found = alignment.by_band(hits, counts)
    assert found == {
        "1-9": {"value": 50.0, "n": 2},
        "10-99": {"value": 100.0, "n": 2},
        "10000-": {"value": 0.0, "n": 1},
    }
