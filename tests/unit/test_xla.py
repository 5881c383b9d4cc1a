"""Fixed shapes for XLA devices; tests/xla runs on such devices."""

from __future__ import annotations

import torch

from tests.micro import MODEL
from twinlang import xla
from twinlang.model import MaskedLM, Shape


def test_padding_changes_no_loss() -> None:
    torch.manual_seed(0)
    model = MaskedLM(Shape(rows=40, **MODEL)).eval()
    ids = torch.randint(5, 40, (5, 21))
    at = torch.tensor([0, 20, 21, 47, 104])
    targets, lengths = torch.arange(6, 11), torch.tensor([21, 20, 20, 9, 21])
    tensors = {"ids": ids, "lengths": lengths, "at": at, "targets": targets}
    tensors |= {"rows": torch.arange(5)}
    padded = xla.padded(tensors)
    assert padded["ids"].shape == (8, 32) and padded["at"].shape == (8,)
    assert torch.allclose(model.loss(**tensors), model.loss(**padded))
    assert set(padded) == set(tensors)


def test_targets_of_tasks_are_padded_with_what_is_not_counted() -> None:
    ids = torch.zeros(3, 24, dtype=torch.int64)
    for targets, shape in (
        (torch.zeros(3, 24, dtype=torch.int64), (8, 32)),  # tokens
        (torch.zeros(3, 2, dtype=torch.int64), (8, 2)),  # spans
        (torch.zeros(3, dtype=torch.int64), (8,)),  # rows
    ):
        found = xla.padded({"ids": ids, "lengths": None, "targets": targets})
        assert found["targets"].shape == shape
        assert (found["targets"] == 0).sum() == targets.numel()
        assert found["lengths"].tolist() == [24] * 3 + [1] * 5


def test_few_shapes_occur() -> None:
    shapes = {
        xla.padded({"ids": torch.zeros(rows, time, dtype=torch.int64)})["ids"].shape
        for rows in range(1, 65)
        for time in range(2, 129)
    }
    assert len(shapes) == 4 * 4
