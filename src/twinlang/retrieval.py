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


@torch.no_grad()  # XLA has no inference mode
def embed(
    encoder: Encoder, data: Sentences, *, max_length: int, engine: Engine, layer: int | None = None
) -> Tensor:
    """Mean over its pieces of each item's hidden states after a layer, (items, hidden).

    layer: how many layers; n // 2 of n unless given, 0 for the embeddings alone.
    """
    encoder.eval()
    shown = rows.instances(data, max_length=max_length)
    middle = encoder.shape.layers // 2 if layer is None else layer
    found = []
    for first in range(0, len(shown), BATCH):
        chosen = shown[first : first + BATCH]
        tensors = rows.tensors_of(chosen, None)
        ids, lengths = engine.send(tensors).values()
        assert ids is not None
        states = encoder(ids, lengths, layers=middle)
        pieces = (ids >= FIRST)[:, :, None]  # neither specials nor padding
        means = (states * pieces).sum(dim=1) / pieces.sum(dim=1).clamp(min=1)
        found.append(means.cpu()[: len(chosen)])  # an XLA device was sent more rows
    return torch.cat(found)
