"""The fused CPU path against plain torch, which is its reference."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from twinlang import kernels
from twinlang.devices import Engine
from twinlang.model import Classifier, MaskedLM, Shape
from twinlang.optim import AdamW, Schedule
from twinlang.pretraining import masked_loss
from twinlang.training import MicroBatch, _backward, train

pytestmark = pytest.mark.skipif(not kernels.available(), reason="no C++ compiler")

SHAPE = Shape(rows=97, layers=2, heads=4, hidden=32, feed_forward=48, positions=24)
SHAPES = {
    "heads": SHAPE,
    "one head": replace(SHAPE, heads=1),
    "no dropout": replace(SHAPE, dropout=0.0, attention_dropout=0.0),
    "odd sizes": replace(SHAPE, heads=3, hidden=33, feed_forward=17, rows=101),
}
FUSED = Engine(fused=True)
LOW = Engine(fused=True, precision="bf16")
SCHEDULE = Schedule(steps=30, learning_rate=0.003, warmup=3, weight_decay=0.01, clip=0.5)


def masked_lm(shape: Shape) -> MaskedLM:
    torch.manual_seed(0)
    model = MaskedLM(replace(shape, initializer_range=0.2)).train()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim < 2:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def micro_batch(shape: Shape, *, seed: int = 1, padded: bool = True) -> MicroBatch:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, shape.rows, (9, 16), generator=generator)
    lengths = torch.randint(3, 17, (9,), generator=generator)
    real = torch.arange(16)[None] < lengths[:, None] if padded else torch.ones(9, 16) > 0
    places = torch.flatten(real).nonzero()[:, 0]
    at = places[torch.randperm(len(places), generator=generator)[:20]].sort().values
    targets = torch.randint(5, shape.rows, (20,), generator=generator)
    tensors = {"ids": ids, "lengths": lengths if padded else None, "at": at, "targets": targets}
    return MicroBatch({**tensors, "rows": torch.arange(9)}, 20, int(real.sum()))


def gradients(model: MaskedLM, engine: Engine, **more: Any) -> tuple[float, list[Tensor]]:
    model = engine.place(copy.deepcopy(model))
    AdamW(model, SCHEDULE, fused=engine.fused, low=engine.precision == "bf16")
    batch = micro_batch(model.encoder.shape, **more)
    loss = _backward(model, [batch], masked_loss, engine, 7)
    return loss, [p.grad.clone() for p in model.parameters() if p.grad is not None]


def furthest(one: list[Tensor], other: list[Tensor]) -> float:
    """The largest difference of two lists of tensors, relative to their size."""
    pairs = zip(one, other, strict=True)
    # Some gradients are nought but for rounding: those of the keys' bias.
    return max(float((a - b).detach().norm() / (b.detach().norm() + 1e-3)) for a, b in pairs)


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("name", SHAPES)
def test_loss_and_gradients_are_the_references(name: str, padded: bool) -> None:
    model = masked_lm(SHAPES[name])
    loss, plain = gradients(model, Engine(), padded=padded)
    for engine, tolerance in ((FUSED, 1e-5), (LOW, 0.05)):
        found, fast = gradients(model, engine, padded=padded)
        assert found == pytest.approx(loss, rel=tolerance / 10)
        assert len(fast) == len(plain) and furthest(fast, plain) < tolerance


@pytest.mark.parametrize("head, labels", [("tokens", 5), ("sequence", 3), ("span", 2)])
def test_task_heads_too(head: str, labels: int) -> None:
    torch.manual_seed(0)
    model = Classifier(SHAPE, head=head, labels=labels).train()
    batch = micro_batch(SHAPE).tensors
    found = []
    for engine in (Engine(), FUSED):
        mine = engine.place(copy.deepcopy(model))
        torch.manual_seed(3)
        logits = mine(batch["ids"], batch["lengths"], batch["rows"])
        logits.square().sum().backward()
        found.append([logits, *(p.grad for p in mine.parameters())])
    assert furthest(found[1], found[0]) < 1e-4


def trained(engine: Engine, *, parts: int = 1, threads: int = 1) -> MaskedLM:
    model = engine.place(masked_lm(SHAPE))

    def steps(done: int) -> Any:
        for step in range(done, SCHEDULE.steps):
            batch = micro_batch(SHAPE, seed=step)
            yield [batch] if parts == 1 else cut(batch)

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    train(model, steps=steps, loss=masked_loss, schedule=SCHEDULE, seed=0, engine=engine)
    torch.set_num_threads(before)
    return model


@torch.inference_mode()
def logits(model: MaskedLM) -> Tensor:
    """What a model says; weights would not do: some biases have no gradient but rounding, which
    Adam makes large."""
    batch = micro_batch(SHAPE).tensors
    return Engine().place(model).eval()(batch["ids"], batch["lengths"])


def cut(batch: MicroBatch) -> list[MicroBatch]:
    """A step in micro-batches of one row."""
    found = []
    for row in range(9):
        at = batch.tensors["at"]
        assert at is not None
        mine = (at >= 16 * row) & (at < 16 * (row + 1))
        tensors = {n: t[row : row + 1] for n, t in batch.tensors.items() if t is not None}  # type: ignore[misc]
        tensors |= {"at": at[mine] - 16 * row, "targets": batch.tensors["targets"][mine]}  # type: ignore[index]
        found.append(MicroBatch(tensors, int(mine.sum()), 16))
    return found


def test_training_ends_where_the_reference_ends() -> None:
    plain, fast, low = (logits(trained(engine)) for engine in (Engine(), FUSED, LOW))
    assert furthest([fast], [plain]) < 1e-4 and furthest([low], [plain]) < 0.05
    assert furthest([plain], [logits(masked_lm(SHAPE))]) > 0.2  # it has moved


def test_micro_batches_change_rounding_alone_dropout_included() -> None:
    whole, parts = (logits(trained(FUSED, parts=n)) for n in (1, 9))
    assert furthest([parts], [whole]) < 1e-4


@pytest.mark.parametrize("engine", [FUSED, LOW])
def test_it_is_the_same_each_time(engine: Engine) -> None:
    for one, other in zip(trained(engine).parameters(), trained(engine).parameters(), strict=True):
        assert (one == other).all()


def test_kernels_do_not_depend_on_threads() -> None:
    x, table = torch.randn(1000, 64), torch.randn(64)
    found = []
    for threads in (1, 2):
        gradient, total = x.clone(), torch.zeros(64)
        pointers = gradient.data_ptr(), x.data_ptr(), total.data_ptr()
        kernels.kernel("gelu_backward")(*pointers, 1000, 64, threads)
        found.append((gradient, total, table))
    assert all((a == b).all() for a, b in zip(*found, strict=True))


def test_a_loss_that_is_no_number_is_seen() -> None:
    model = FUSED.place(masked_lm(SHAPE))
    with torch.no_grad():
        model.encoder.pieces.weight[:] = float("nan")
    assert torch.isnan(masked_loss(model, micro_batch(SHAPE).tensors))


def test_without_a_compiler_plain_torch_serves(tmp_path: Path) -> None:
    """In a process of its own, since a process looks for its kernels once."""
    code = "from twinlang import kernels; print(kernels.available())"
    for more in ({"TWINLANG_KERNELS": "off"}, {"CXX": str(tmp_path / "none")}):
        env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), **more}
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
        assert done.stdout.strip() == "False", done.stderr
