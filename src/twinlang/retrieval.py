"""Sentence embeddings for retrieval: the mean of the middle layer (Appendix F, Tatoeba)."""

from __future__ import annotations

import torch
from torch import Tensor

from twinlang import instances as rows
from twinlang.devices import Engine
from twinlang.model import Encoder
from twinlang.pieces import FIRST
from twinlang.sentences import Sentences

BATCH = 128


@torch.inference_mode()
def embed(encoder: Encoder, data: Sentences, *, max_length: int, engine: Engine) -> Tensor:
    """Mean over its pieces of each item's hidden states after layer n // 2, (items, hidden)."""
    encoder.eval()
    shown = rows.instances(data, max_length=max_length)
    middle = encoder.shape.layers // 2
    found = []
    for first in range(0, len(shown), BATCH):
        chosen = shown[first : first + BATCH]
        tensors = rows.tensors_of(chosen, None)
        ids, lengths = (t if t is None else t.to(engine.device) for t in tensors.values())
        assert ids is not None
        states = encoder(ids, lengths, layers=middle)
        pieces = (ids >= FIRST)[:, :, None]  # neither specials nor padding
        found.append((states * pieces).sum(dim=1) / pieces.sum(dim=1).clamp(min=1))
    return torch.cat(found).cpu()
