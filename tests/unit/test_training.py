"""The training loop and its journal."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from twinlang import journal, training
from twinlang.cli import UserError
from twinlang.devices import Engine
from twinlang.journal import Journal
from twinlang.model import cross_entropy
from twinlang.optim import AdamW, Schedule
from twinlang.resume import Resume
from twinlang.training import MicroBatch, train

STEPS = 10
SCHEDULE = Schedule(steps=STEPS, learning_rate=0.05, warmup=2, weight_decay=0.01)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Embedding(11, 8), nn.Dropout(0.2), nn.Linear(8, 5))


def batches(done: int, *, parts: int = 1, fault: float = 0.0) -> Iterator[Sequence[MicroBatch]]:
    """Steps of 12 rows in `parts` micro-batches of unequal numbers of targets."""
    for step in range(done, 1000):
        generator = torch.Generator().manual_seed(step)
        ids = torch.randint(0, 11, (12,), generator=generator)
        targets = torch.randint(0, 5, (12,), generator=generator)
        targets[:5] = -100
        if fault and step == 6:
            yield [
                MicroBatch({"ids": ids, "targets": targets, "scale": torch.tensor(fault)}, 7, 12)
            ]
        yield [
            MicroBatch({"ids": i, "targets": t}, int((t >= 0).sum()), len(i))
            for i, t in zip(ids.chunk(parts), targets.chunk(parts), strict=True)
        ]


def loss(model: nn.Module, tensors: dict[str, Tensor | None]) -> Tensor:
    ids, targets, scale = (tensors.get(name) for name in ("ids", "targets", "scale"))
    assert targets is not None
    found = cross_entropy(model(ids), targets)
    return found if scale is None else found * scale


def trained(**more: Any) -> nn.Module:
    model = more.pop("model", None) or network()
    options: dict[str, Any] = {"steps": batches, "loss": loss, "schedule": SCHEDULE, "seed": 0}
    train(model, **{**options, **more})
    return model


def difference(one: nn.Module, other: nn.Module) -> float:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return max(float((a - b).detach().abs().max()) for a, b in pairs)


def test_it_learns_and_the_seed_decides() -> None:
    assert difference(trained(), trained()) == 0
    assert difference(trained(), trained(seed=1)) > 1e-4  # other dropout
    assert difference(trained(), network()) > 0.01
    assert not trained().training


def test_chance_is_drawn_anew_each_step_from_the_seed_and_the_step() -> None:
    def draws(seed: int, steps: Any = batches) -> list[float]:
        found: list[float] = []

        def drawing(model: nn.Module, tensors: dict[str, Tensor | None]) -> Tensor:
            found.append(float(torch.rand(())))
            return loss(model, tensors)

        trained(loss=drawing, seed=seed, steps=steps)
        return found

    assert draws(0) == draws(0) == draws(0, lambda done: batches(done + 5))
    assert len({*draws(0), *draws(1), *draws(2**31)}) == 3 * STEPS


def test_micro_batches_change_rounding_alone() -> None:
    model, cut = network(), network()
    model[1] = cut[1] = nn.Identity()  # dropout draws by the shape of a forward pass
    trained(model=model)
    trained(model=cut, steps=lambda done: batches(done, parts=3))
    assert 0 <= difference(model, cut) < 1e-5


def test_the_loss_is_the_mean_over_targets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(journal, "LOG_SECONDS", 0.0)
    model = network()
    model[1] = nn.Identity()
    with torch.no_grad():
        ((batch,),) = (next(batches(0)),)
        ids, targets = batch.tensors["ids"], batch.tensors["targets"]
        expected = nn.functional.cross_entropy(model(ids), targets, ignore_index=-100)  # type: ignore[arg-type]
    trained(model=model, log=tmp_path / "log", steps=lambda done: batches(done, parts=3))
    first = json.loads((tmp_path / "log").read_text().splitlines()[0])
    assert first["loss"] == pytest.approx(float(expected), abs=1e-4)
    assert set(first) == {"step", "loss", "learning_rate", "places_per_second", "seconds"}


@pytest.mark.parametrize("fault", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path, fault: float) -> None:
    with (
        pytest.raises(
            UserError, match="the loss is (nan|inf) at step 6, .* lower the learning rate"
        ),
        Resume(tmp_path, "a" * 64, every=0) as resume,
    ):
        trained(steps=lambda done: batches(done, fault=fault), resume=resume)
    model = network()
    with Resume(tmp_path, "a" * 64) as resume:  # what was saved is from before
        done, _ = resume.load(model, AdamW(model, SCHEDULE))
    assert done == 6 and all(p.isfinite().all() for p in model.parameters())


class Killed(Exception):
    """Stands for a kill between two steps."""


def interrupted(at: int) -> Any:
    def steps(done: int) -> Iterator[Sequence[MicroBatch]]:
        for step, batch in enumerate(batches(done), done):
            if step == at:
                raise Killed
            yield batch

    return steps


@pytest.mark.parametrize("every", [0.0, 1e9])
def test_a_run_goes_on_bit_equal(tmp_path: Path, every: float) -> None:
    whole = trained()
    for at in (1, 4, 4, 9):
        with pytest.raises(Killed), Resume(tmp_path, "a" * 64, every=every) as resume:
            trained(steps=interrupted(at), resume=resume, log=tmp_path / "log")
    with Resume(tmp_path, "a" * 64, every=every) as resume:
        assert difference(whole, trained(resume=resume, log=tmp_path / "log")) == 0
        assert resume.path.exists() == (every == 0)
        resume.clear()
    assert os.listdir(tmp_path) == ["log"]


def test_a_state_of_the_last_step_ends_at_once(tmp_path: Path) -> None:
    with Resume(tmp_path, "a" * 64, every=0) as resume:
        whole = trained(resume=resume)

    def none(_: int) -> Iterator[Sequence[MicroBatch]]:
        yield from ()

    with Resume(tmp_path, "a" * 64, every=0) as resume:
        assert difference(whole, trained(resume=resume, steps=none)) == 0


def test_a_signal_saves_and_ends(tmp_path: Path) -> None:
    def steps(done: int) -> Iterator[Sequence[MicroBatch]]:
        for step, batch in enumerate(batches(done), done):
            if step == 3:
                os.kill(os.getpid(), signal.SIGTERM)
            yield batch

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as caught, Resume(tmp_path, "a" * 64) as resume:
        trained(steps=steps, resume=resume)
    assert caught.value.code == "terminated after step 4; run again to go on from there"
    assert signal.getsignal(signal.SIGTERM) is before
    with Resume(tmp_path, "a" * 64) as resume:
        assert difference(trained(), trained(resume=resume)) == 0


def test_the_journal_tells_each_step_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where Snakemake has deleted it, and where lines came after the state was saved."""
    monkeypatch.setattr(journal, "LOG_SECONDS", 0.0)
    whole, log = tmp_path / "whole", tmp_path / "log"
    trained(log=whole)
    for at, every in ((5, 0.0), (8, 1e9)):
        with pytest.raises(Killed), Resume(tmp_path, "a" * 64, every=every) as resume:
            trained(steps=interrupted(at), resume=resume, log=log)
        assert log.exists()
        log.unlink()
    with Resume(tmp_path, "a" * 64) as resume:
        trained(resume=resume, log=log)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, STEPS + 1))
    expected = [json.loads(line) for line in whole.read_text().splitlines()]
    for line, other in zip(lines, expected, strict=True):
        assert (line["loss"], line["learning_rate"]) == (other["loss"], other["learning_rate"])
    seconds = [line["seconds"] for line in lines]
    assert seconds == sorted(seconds)


def test_no_loss_is_left_out_of_the_journal(tmp_path: Path) -> None:
    """Also of the steps since the last line, when the state is saved between two lines."""
    first, second = tmp_path / "a", tmp_path / "b"
    with Journal(first, 10, 0) as journal:
        for step in range(4):
            journal.step(step, float(step), 1, 0.1)
        kept = journal.text()
        assert journal.text() == kept
        journal.step(4, 99.0, 1, 0.1)  # after the state was saved, before the kill
    with Journal(second, 10, 4, kept) as journal:
        for step in range(4, 10):
            journal.step(step, float(step), 1, 0.1)
    lines = [json.loads(line) for line in second.read_text().splitlines()]
    assert [(line["step"], line["loss"]) for line in lines] == [(4, 1.5), (10, 6.5)]


def test_the_journal_is_short_and_ends_with_the_last_step(tmp_path: Path) -> None:
    with Journal(tmp_path / "new/log", 100, 0) as journal:
        for step in range(100):
            journal.step(step, float(step), 10, 0.1)
    (line,) = [json.loads(line) for line in (tmp_path / "new/log").read_text().splitlines()]
    assert line["step"] == 100 and line["loss"] == 49.5


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    trained()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    trained()
    shown = capsys.readouterr().err
    assert f"{STEPS}/{STEPS}" in shown and "loss=" in shown and "tokens=" in shown


def test_bf16_trains_to_about_the_same() -> None:
    assert 0 < difference(trained(), trained(engine=Engine(precision="bf16"))) < 0.2


def test_a_micro_batch_that_does_not_fit_says_which_may(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Tensor:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 B")

    with pytest.raises(UserError, match="12 places does not fit .* set micro_batch to 6 places"):
        trained(loss=full)

    def broken(*_: Any) -> Tensor:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        trained(loss=broken)


def test_a_compiled_loss_computes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traced and cut into graphs as on an accelerator, without the minutes of its code."""
    compile_ = torch.compile
    monkeypatch.setattr(torch, "compile", lambda f, mode: compile_(f, backend="eager"))
    model, compiled = network(), network()
    model[1] = compiled[1] = nn.Identity()
    trained(model=model)
    trained(model=compiled, engine=Engine(compiled="default"))
    assert difference(model, compiled) < 1e-6


def test_steps_are_made_ahead_in_order_and_their_faults_are_raised() -> None:
    made: list[int] = []

    def steps() -> Iterator[list[MicroBatch]]:
        for number in range(6):
            made.append(number)
            yield [MicroBatch({"number": torch.tensor(number)}, number, 1)]
        raise UserError("the corpus has ended")

    seen = []
    with pytest.raises(UserError, match="the corpus has ended"):
        for (micro_batch,) in training.ahead(steps()):
            seen.append(micro_batch.targets)
    assert seen == made == list(range(6))
