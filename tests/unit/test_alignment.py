"""Nearest neighbours by cosine, and the other measures, on cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from twinlang import alignment
from twinlang.alignment import neighbours
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
    assert alignment.nearest(right, left).tolist() == [True, True, False, False, False, False]


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = rows(), rows() + 0.8 * rows(seed=1)
    whole = alignment.nearest(left, right)
    scaled = alignment.csls(left, right)
    monkeypatch.setattr(neighbours, "QUERIES", 37)
    monkeypatch.setattr(neighbours, "CANDIDATES", 53)
    assert (alignment.nearest(left, right) == whole).mean() > 0.99
    assert (alignment.csls(left, right) == scaled).mean() > 0.99


def test_static_compares_moved_rows_alone() -> None:
    table = respell(100, seed=0, fraction=0.4)
    moved = np.flatnonzero(table != np.arange(100))
    embeddings = rows(200)
    known = torch.from_numpy(moved[:20])
    embeddings[known + 100] = embeddings[known]
    orig, deriv, found = alignment.static(embeddings, table)
    hits = alignment.nearest(orig, deriv)
    assert (found == moved).all() and len(hits) == 38
    assert hits[:20].all() and not hits[20:].all()
    orig, deriv, found = alignment.static(embeddings, np.arange(100, dtype=np.uint32))
    assert not len(alignment.nearest(orig, deriv)) and not len(found)


def test_bands_of_frequency() -> None:
    hits = np.array([True, False, True, True, False, True])
    counts = np.array([0, 1, 9, 10, 20000, 99])
    found = alignment.by_band(hits, counts)
    assert found == {
        "1-9": {"value": 50.0, "n": 2},
        "10-99": {"value": 100.0, "n": 2},
        "10000-": {"value": 0.0, "n": 1},
    }


def plain_csls(left: Tensor, right: Tensor) -> np.ndarray:
    """The definition, all at once."""
    a, b = (torch.nn.functional.normalize(side, dim=1) for side in (left, right))
    cosine = a @ b.T
    near = [cosine.topk(10, dim=axis).values.mean(dim=axis) for axis in (1, 0)]
    scaled = 2 * cosine - near[0][:, None] - near[1][None, :]
    return (scaled.argmax(dim=1) == torch.arange(len(left))).numpy()


def test_csls_is_its_definition() -> None:
    left, right = rows(), rows() + 0.8 * rows(seed=1)
    assert (alignment.csls(left, right) == plain_csls(left, right)).all()
    assert alignment.csls(left, left).all()
    right[4] = float("nan")
    assert alignment.csls(left, right)[5:].mean() > 0.1 and not alignment.csls(left, right)[4]


def test_csls_is_not_drawn_to_hubs() -> None:
    left, right = rows(), rows() + 0.5 * rows(seed=1)
    hub = torch.nn.functional.normalize(left, dim=1).mean(dim=0)
    left, right = left + 0.5 * rows(1, seed=2), right.clone()
    right[:3] = left.mean(dim=0) + 0.1 * hub  # near to everything
    assert alignment.csls(left, right)[3:].mean() > alignment.nearest(left, right)[3:].mean()


def test_a_rotation_is_found_from_half_of_the_rows() -> None:
    rotation, _ = torch.linalg.qr(rows(16, seed=5))
    turned, plain = alignment.procrustes(rows(), rows() @ rotation)
    assert len(turned) == len(plain) == 200
    assert turned.all() and plain.mean() < 0.05
    turned, _ = alignment.procrustes(rows(), rows(seed=9))  # nothing to be found
    assert turned.mean() < 0.05


def test_a_rotation_does_not_help_what_is_aligned() -> None:
    turned, plain = alignment.procrustes(rows(), rows() + 0.3 * rows(seed=1))
    assert plain.mean() > 0.95 and abs(turned.mean() - plain.mean()) < 0.03


def test_cka() -> None:
    rotation, _ = torch.linalg.qr(rows(16, seed=5))
    assert alignment.cka(rows(), 3 * rows() @ rotation + 1) == pytest.approx(1)
    by_chance = alignment.shuffled_cka(rows(), rows())
    assert alignment.cka(rows(), rows(seed=9)) == pytest.approx(by_chance, abs=0.03)
    assert by_chance == pytest.approx(16 / 400, abs=0.02)  # of n rows of white noise
    half = alignment.cka(rows(), rows() + rows(seed=9))
    assert by_chance < half < 1
    assert np.isnan(alignment.cka(torch.ones(5, 4), rows(5)[:, :4]))
