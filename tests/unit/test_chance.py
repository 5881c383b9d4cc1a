"""Dropout that depends on where a number stands and on nothing else."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from twinlang.chance import Chance, draw, dropout


def chance(batch: int, time: int, *, first: int = 0, seed: int = 5) -> Chance:
    torch.manual_seed(seed)
    return draw(torch.zeros(batch, time, dtype=torch.int64), torch.arange(first, first + batch))


def kept(x: Tensor, share: float, *, site: int = 1, **more: int) -> Tensor:
    return dropout(x, share, chance(len(x), x.shape[1], **more), site) != 0


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_it_takes_the_share_it_is_given(share: float) -> None:
    x = torch.ones(40, 10, 499, requires_grad=True)
    found = dropout(x, share, chance(40, 10), 1)
    found.sum().backward()
    assert x.grad is not None and (x.grad == found).all()  # the same places
    assert (found[found != 0] - 1 / (1 - share)).abs().max() < 1e-5
    error = 4 * (share * (1 - share) / found.numel()) ** 0.5  # four standard deviations
    assert abs((found != 0).double().mean().item() - (1 - share)) < error


@pytest.mark.parametrize("dimension", [0, 1, 2])
def test_neighbours_know_nothing_of_each_other(dimension: int) -> None:
    flat = kept(torch.ones(64, 50, 64), 0.3).double()
    apart = (flat - flat.mean()).movedim(dimension, 0)
    for step in range(1, 9):
        correlation = (apart[step:] * apart[:-step]).mean() / apart.var()
        assert abs(correlation.item()) < 4 / 150_000**0.5


def test_sites_seeds_and_heads_differ() -> None:
    x = torch.ones(8, 10, 64)
    one = kept(x, 0.5)
    for other in (kept(x, 0.5, site=2), kept(x, 0.5, seed=6)):
        assert 0.4 < (one == other).double().mean() < 0.6
    heads = dropout(x, 0.5, chance(4, 10), 1, heads=2) != 0
    assert 0.4 < (heads[0] == heads[1]).double().mean() < 0.6


def test_a_row_keeps_its_mask_in_every_micro_batch() -> None:
    x = torch.ones(6, 12, 16)
    whole = kept(x, 0.4)
    assert (whole[2:5] == kept(x[2:5], 0.4, first=2)).all()
    assert (whole[:, :9] == kept(x[:, :9], 0.4)).all()  # however far it is padded
    rows = dropout(x[:, 0], 0.4, chance(6, 12), 1) != 0
    assert (rows == whole[:, 0]).all()


def test_no_dropout_is_none() -> None:
    x = torch.randn(3, 5, 2)
    assert dropout(x, 0.5, None, 1) is x and dropout(x, 0.0, chance(3, 5), 1) is x
