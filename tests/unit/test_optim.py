"""Our AdamW beside torch's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from twinlang import kernels
from twinlang.optim import AdamW, Schedule, _Group

SCHEDULE = Schedule(
    steps=20, learning_rate=0.01, warmup=5, betas=(0.9, 0.98), weight_decay=0.1, clip=0.5
)


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Embedding(9, 6), nn.Linear(6, 5), nn.GELU(), nn.LayerNorm(5))


def loss(model: nn.Module, step: int) -> Tensor:
    generator = torch.Generator().manual_seed(step)
    ids = torch.randint(0, 9, (4,), generator=generator)
    return (model(ids) * torch.randn(4, 5, generator=generator)).sum() * 3


def reference(model: nn.Module) -> torch.optim.AdamW:
    """As `transformers` sets it up: no decay of norms and biases."""
    shapes: dict[bool, list[nn.Parameter]] = {True: [], False: []}
    for parameter in model.parameters():
        shapes[parameter.ndim > 1].append(parameter)
    groups = [
        {"params": shapes[True], "weight_decay": SCHEDULE.weight_decay},
        {"params": shapes[False], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, betas=SCHEDULE.betas, eps=SCHEDULE.epsilon, foreach=False)


def plain_update(group: _Group, schedule: Schedule, rate: float, scale: Tensor) -> None:
    """What devices without the fused operation run."""
    group.count += 1
    group.gradient.mul_(scale)
    group._plain_update(schedule, rate)
    group.gradient.zero_()


@pytest.mark.parametrize("way", ["torch", "plain", "fused"])
def test_twenty_steps_equal_torchs(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "plain":
        monkeypatch.setattr(_Group, "update", plain_update)
    if way == "fused" and not kernels.available():
        pytest.skip("no C++ compiler")
    ours, theirs = network(), network()
    one, other = AdamW(ours, SCHEDULE, fused=way == "fused"), reference(theirs)
    for step in range(SCHEDULE.steps):
        loss(ours, step).backward()
        norm = one.clip()
        one.step(step)
        other.zero_grad()
        loss(theirs, step).backward()
        expected = nn.utils.clip_grad_norm_(theirs.parameters(), SCHEDULE.clip)
        for group in other.param_groups:
            group["lr"] = SCHEDULE.rate(step)
        other.step()
        assert torch.allclose(norm, expected, rtol=1e-5)
        for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert (mine - its).abs().max() < 1e-6
            assert mine.grad is not None and not mine.grad.any()


@pytest.mark.skipif(not kernels.available(), reason="no C++ compiler")
def test_the_low_copy_follows_the_weights() -> None:
    model = network()
    optimizer = AdamW(model, SCHEDULE, fused=True, low=True)
    for step in range(3):
        loss(model, step).backward()
        optimizer.clip()
        optimizer.step(step)
        for parameter in model.parameters():
            copy = getattr(parameter, "low", None)
            assert (copy is None) == (parameter.ndim < 2)
            assert copy is None or (copy == parameter.detach().to(torch.bfloat16)).all()


def test_clip_equals_torchs_and_leaves_small_gradients() -> None:
    for clip in (0.1, 1e6):
        ours, theirs = network(), network()
        optimizer = AdamW(ours, Schedule(steps=1, learning_rate=0.1, clip=clip))
        loss(ours, 0).backward()
        loss(theirs, 0).backward()
        norm = optimizer.clip()
        assert torch.allclose(norm, nn.utils.clip_grad_norm_(theirs.parameters(), clip))
        for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert mine.grad is not None and its.grad is not None
            assert torch.allclose(mine.grad * optimizer.scale, its.grad, rtol=1e-5, atol=1e-9)


def test_frozen_parameters_stay() -> None:
    model = network()
    model[0].requires_grad_(False)
    before = model[0].weight.clone()
    optimizer = AdamW(model, SCHEDULE)
    loss(model, 0).backward()
    optimizer.clip()
    optimizer.step(0)
    assert (model[0].weight == before).all()
    assert not (model[1].weight == network()[1].weight).all()


def test_the_learning_rate_rises_and_falls_linearly() -> None:
    rates = [SCHEDULE.rate(step) for step in range(20)]
    assert rates[:5] == pytest.approx([0.002, 0.004, 0.006, 0.008, 0.01])
    assert rates[5:] == pytest.approx([0.01 * (20 - step) / 15 for step in range(5, 20)])
    flat: Any = Schedule(steps=3, learning_rate=1.0)
    assert [flat.rate(step) for step in range(3)] == pytest.approx([1, 2 / 3, 1 / 3])


def test_the_state_is_live() -> None:
    optimizer = AdamW(network(), SCHEDULE)
    for _, tensor in optimizer.tensors():
        tensor.fill_(2.0)
    assert all((group.first == 2).all() and group.count == 2 for group in optimizer.groups)
    assert len(dict(optimizer.tensors())) == 6
