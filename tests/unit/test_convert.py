"""The converter: the same logits as `transformers`' RobertaForMaskedLM, there and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from twinlang import kernels
from twinlang.convert import config_of, from_transformers, to_transformers
from twinlang.devices import Engine
from twinlang.model import MaskedLM, Shape
from twinlang.optim import AdamW, Schedule
from twinlang.pretraining import masked_loss
from twinlang.training import MicroBatch, _backward


def pair(heads: int) -> tuple[MaskedLM, Any, Shape]:
    from transformers import RobertaConfig, RobertaForMaskedLM

    shape = Shape(40, 2, heads, 16, 24, positions=20, initializer_range=0.3)
    torch.manual_seed(heads)
    ours = MaskedLM(shape).eval()
    with torch.no_grad():  # biases and norms other than 0 and 1, so that a mix-up shows
        for parameter in ours.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    theirs = RobertaForMaskedLM(RobertaConfig(**config_of(shape))).eval()
    missing = theirs.load_state_dict(to_transformers(ours.state_dict(), shape), strict=False)
    assert not missing.missing_keys and not missing.unexpected_keys
    return ours, theirs, shape


@pytest.mark.parametrize("heads", [1, 4])
@torch.inference_mode()
def test_logits_are_equal(heads: int) -> None:
    ours, theirs, _ = pair(heads)
    ids = torch.randint(5, 40, (3, 18), generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([18, 9, 2])
    real = torch.arange(18)[None, :] < lengths[:, None]
    ids[~real] = 1
    expected = theirs(input_ids=ids, attention_mask=real.long()).logits
    found = ours(ids, lengths).view(3, 18, -1)
    assert found.abs().max() > 1
    assert (found - expected)[real].abs().max() < 1e-5
    full = ids[:1]
    alone = theirs(input_ids=full).logits.view(18, -1)
    assert (ours(full, None) - alone).abs().max() < 1e-5


@torch.inference_mode()
def test_back_again() -> None:
    ours, theirs, shape = pair(4)
    back = from_transformers(theirs.state_dict(), shape)
    assert set(back) == set(ours.state_dict())
    for name, weight in ours.state_dict().items():
        assert (back[name] == weight).all(), name


@torch.inference_mode()
def test_the_token_type_of_a_foreign_model_is_kept() -> None:
    _, theirs, shape = pair(1)
    kinds = theirs.roberta.embeddings.token_type_embeddings.weight
    kinds += torch.randn(kinds.shape, generator=torch.Generator().manual_seed(0))
    ours = MaskedLM(shape).eval()
    ours.load_state_dict(from_transformers(theirs.state_dict(), shape))
    ids = torch.arange(5, 20)[None]
    assert (ours(ids, None) - theirs(input_ids=ids).logits[0]).abs().max() < 1e-5


@pytest.mark.parametrize("fused", [False, True])
def test_losses_are_those_of_transformers_step_by_step(fused: bool) -> None:
    """The same start, masks and schedule; its loss over all places, its AdamW, its clipping."""
    if fused and not kernels.available():
        pytest.skip("no C++ compiler")
    ours, theirs, shape = pair(4)
    ours.encoder.shape = replace(shape, dropout=0.0, attention_dropout=0.0)
    for block in ours.encoder.blocks:
        block.dropout = block.attention_dropout = 0.0
    engine, schedule = Engine(fused=fused), Schedule(steps=12, learning_rate=0.01, warmup=3)
    engine.place(ours).train()
    # Its one row of token types is added to every place: one number too many, which ours has not.
    theirs.roberta.embeddings.token_type_embeddings.weight.requires_grad_(False)
    mine = AdamW(ours, schedule, fused=fused)
    its = torch.optim.AdamW(theirs.parameters(), weight_decay=0.0)
    for step in range(schedule.steps):
        batch, inputs = batches(step)
        loss = _backward(ours, [batch], masked_loss, engine, 0)
        mine.clip()
        mine.step(step)
        expected = theirs(**inputs).loss
        expected.backward()
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), schedule.clip)
        its.param_groups[0]["lr"] = schedule.rate(step)
        its.step()
        its.zero_grad()
        assert loss == pytest.approx(expected.item(), rel=1e-4), step


def batches(step: int) -> tuple[MicroBatch, dict[str, torch.Tensor]]:
    """One masked batch with padding, as ours and as theirs."""
    generator = torch.Generator().manual_seed(step)
    ids = torch.randint(5, 40, (6, 16), generator=generator)
    lengths = torch.randint(4, 17, (6,), generator=generator)
    real = torch.arange(16)[None] < lengths[:, None]
    chosen = real & (torch.rand(6, 16, generator=generator) < 0.3)
    chosen[0, 0] = True
    shown = torch.where(chosen, 4, ids)
    at = chosen.flatten().nonzero()[:, 0]
    tensors = {"ids": shown, "lengths": lengths, "at": at, "targets": ids.flatten()[at]}
    inputs = {"input_ids": torch.where(real, shown, 1), "attention_mask": real.long()}
    inputs["labels"] = torch.where(chosen, ids, -100)
    return MicroBatch({**tensors, "rows": torch.arange(6)}, len(at), int(real.sum())), inputs
