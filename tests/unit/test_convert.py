"""The converter: the same logits as `transformers`' RobertaForMaskedLM, there and back."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from twinlang.convert import config_of, from_transformers, to_transformers
from twinlang.model import MaskedLM, Shape


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
