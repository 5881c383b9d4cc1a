"""The encoder and its heads."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from twinlang.model import Classifier, Encoder, MaskedLM, Shape, with_rows

SHAPE = Shape(rows=40, layers=2, heads=1, hidden=16, feed_forward=24, positions=20, dropout=0.0)
SHAPE = replace(SHAPE, attention_dropout=0.0, initializer_range=0.3)


def masked_lm(heads: int = 1, **more: float) -> MaskedLM:
    torch.manual_seed(0)
    return MaskedLM(replace(SHAPE, heads=heads, **more)).eval()  # type: ignore[arg-type]


def batch() -> tuple[Tensor, Tensor]:
    ids = torch.randint(5, 40, (3, 12), generator=torch.Generator().manual_seed(1))
    return ids, torch.tensor([12, 7, 3])


@pytest.mark.parametrize("heads", [1, 4])
@torch.inference_mode()
def test_padding_does_not_change_a_row(heads: int) -> None:
    model, (ids, lengths) = masked_lm(heads), batch()
    together = model(ids, lengths).view(3, 12, -1)
    for row, length in enumerate(lengths.tolist()):
        alone = model(ids[row : row + 1, :length], None)
        assert (together[row, :length] - alone).abs().max() < 1e-5
    other = ids.clone()
    other[1, 7:] = 39  # what stands in the padding is never looked at
    assert (model(other, lengths).view(3, 12, -1)[1, :7] - together[1, :7]).abs().max() < 1e-6


@torch.inference_mode()
def test_the_head_at_masked_places_is_the_full_head_there() -> None:
    model, (ids, lengths) = masked_lm(), batch()
    at = torch.tensor([1, 5, 13, 25])
    full, some = model(ids, lengths), model(ids, lengths, at)
    assert full.shape == (36, 40) and some.shape == (4, 40)
    assert (full[at] - some).abs().max() < 1e-5


@torch.inference_mode()
def test_layers_can_be_counted_off() -> None:
    encoder, (ids, lengths) = masked_lm().encoder, batch()
    whole, none = encoder(ids, lengths), encoder(ids, lengths, layers=0)
    assert (encoder(ids, lengths, layers=2) == whole).all()
    embedded = encoder.norm(encoder.pieces(ids) + encoder.positions.weight[:12])
    assert (none == embedded).all()
    assert (encoder(ids, lengths, layers=1) != whole).any()


@pytest.mark.parametrize("head, size", [("tokens", (3, 12, 5)), ("sequence", (3, 5))])
def test_task_heads(head: str, size: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    model, (ids, lengths) = Classifier(SHAPE, head=head, labels=5), batch()
    assert model(ids, lengths).shape == size
    assert (model.dense is None) == (head != "sequence")


def test_dropout_works_in_training_alone() -> None:
    model, (ids, lengths) = masked_lm(dropout=0.5, attention_dropout=0.5), batch()
    at, targets = torch.tensor([1, 14]), torch.tensor([6, 7])
    assert model.loss(ids, lengths, at, targets) == model.loss(ids, lengths, at, targets)
    model.train()
    assert model.loss(ids, lengths, at, targets) != model.loss(ids, lengths, at, targets)


def test_the_start_is_robertas() -> None:
    torch.manual_seed(0)
    model = MaskedLM(Shape(rows=2000, layers=1, heads=1, hidden=64, feed_forward=256))
    for name, weight in model.named_parameters():
        if name.endswith("norm.weight"):
            assert (weight == 1).all()
        elif weight.ndim == 1:
            assert (weight == 0).all(), name
        else:
            assert weight.std().item() == pytest.approx(0.02, rel=0.05), name


def test_new_rows_are_drawn_with_a_seed_or_clamped() -> None:
    old = masked_lm().encoder.pieces.weight.detach().clone()
    drawn, same, other, clamped = (masked_lm().encoder for _ in range(4))
    with_rows(drawn, 2000, seed=0)
    with_rows(same, 2000, seed=0)
    with_rows(other, 2000, seed=1)
    with_rows(clamped, 60, seed=0, how="clamp")
    for encoder in (drawn, same, other, clamped):
        assert (encoder.pieces.weight[:40] == old).all()
    new = drawn.pieces.weight[40:]
    assert (new == same.pieces.weight[40:]).all() and (new != other.pieces.weight[40:]).any()
    assert new.std().item() == pytest.approx(SHAPE.initializer_range, rel=0.05)
    assert (clamped.pieces.weight[40:] == old[-1]).all()
    assert drawn(torch.tensor([[0, 1999, 2]]), None).shape == (1, 3, 16)


def test_rows_that_are_there_already_stay() -> None:
    encoder: Encoder = masked_lm().encoder
    with_rows(encoder, 40, seed=0)
    with_rows(encoder, 10, seed=0)
    assert len(encoder.pieces.weight) == 40
