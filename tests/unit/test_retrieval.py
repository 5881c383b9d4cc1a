"""Sentence embeddings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.micro import MODEL, data_of
from twinlang import retrieval
from twinlang.devices import Engine
from twinlang.model import MaskedLM, Shape
from twinlang.retrieval import embed


def test_the_mean_of_the_middle_layer_over_the_pieces_of_an_item() -> None:
    torch.manual_seed(0)
    encoder = MaskedLM(Shape(**{**MODEL, "layers": 3, "rows": 50})).encoder.eval()
    data = data_of([[2, 1], [4], [1, 1]])
    items = np.array([0, 0, 1], dtype=np.uint32)  # the first item has two sentences
    data = type(data)(**{**vars(data), "items": items})
    found = embed(encoder, data, max_length=64, engine=Engine())
    assert found.shape == (2, 16)
    for row, chosen in enumerate((data.pieces[:7], data.pieces[7:])):
        ids = torch.tensor([[0, *chosen.tolist(), 2]])
        with torch.inference_mode():
            states = encoder(ids, None, layers=1)
        assert (found[row] - states[0, 1:-1].mean(dim=0)).abs().max() < 1e-5


def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    encoder = MaskedLM(Shape(**{**MODEL, "rows": 50})).encoder
    data = data_of([[n % 7 + 1] for n in range(30)])
    whole = embed(encoder, data, max_length=64, engine=Engine())
    monkeypatch.setattr(retrieval, "BATCH", 4)
    parts = embed(encoder, data, max_length=64, engine=Engine())
    assert (whole - parts).abs().max() < 1e-5
