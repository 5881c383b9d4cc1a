"""Saved states and their lock, and real kills of a real process."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

from tests.micro import Study, arguments, as_process, step
from twinlang import resume as module
from twinlang.cli import UserError
from twinlang.optim import AdamW, Schedule
from twinlang.resume import Resume

HASH, OTHER = "a" * 64, "b" * 64
STEPS = 150
DEADLINE = 60.0  # seconds that a busy machine may need


def network(width: int = 3) -> tuple[nn.Module, AdamW]:
    torch.manual_seed(0)
    model = nn.Linear(2, width)
    return model, AdamW(model, Schedule(steps=9, learning_rate=0.1))


def saved(folder: Path, digest: str = HASH, **more: Any) -> Path:
    model, optimizer = network()
    with Resume(folder, digest, **more) as resume:
        resume.maybe_save(model, optimizer, 7, log=lambda: "{}\n", now=True)
    return resume.path


def lock_of(folder: Path, **more: Any) -> None:
    holder = {"host": socket.gethostname(), "pid": os.getpid(), "at": time.time(), **more}
    (folder / ".resume.lock").write_text(json.dumps(holder))


def test_a_state_comes_back(tmp_path: Path) -> None:
    path = saved(tmp_path)
    model, optimizer = network()
    expected = [p.clone() for p in model.parameters()]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    with Resume(tmp_path, HASH) as resume:
        assert resume.load(model, optimizer) == (7, "{}\n")
    for found, old in zip(model.parameters(), expected, strict=True):
        assert (found == old).all()
    assert os.listdir(tmp_path) == [path.name] and path.name.startswith(".resume.")


def test_without_a_state_a_run_begins(tmp_path: Path) -> None:
    with Resume(tmp_path / "new", HASH) as resume:
        assert resume.load(*network()) == (0, "")


@pytest.mark.parametrize("keep", [0.0, 0.1, 0.7, 0.99])
def test_a_state_cut_short_is_refused_with_its_name(tmp_path: Path, keep: float) -> None:
    path = saved(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    with (
        Resume(tmp_path, HASH) as resume,
        pytest.raises(UserError, match=f"{path} is cut short or damaged .* delete {path}"),
    ):
        resume.load(*network())


def test_a_state_of_another_recipe_is_refused_with_its_name(tmp_path: Path) -> None:
    path = saved(tmp_path)
    digest = HASH[:16] + OTHER[16:]  # the same file name
    with (
        Resume(tmp_path, digest) as resume,
        pytest.raises(UserError, match=f"{path} is the state of another recipe; delete {path}"),
    ):
        resume.load(*network())


def test_a_state_of_another_model_is_refused_with_its_name(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with (
        Resume(tmp_path, HASH) as resume,
        pytest.raises(UserError, match=f"{path} does not fit this model .*weight is"),
    ):
        resume.load(*network(4))


def test_what_can_never_be_gone_on_from_is_removed(tmp_path: Path) -> None:
    mine, other = saved(tmp_path), saved(tmp_path / "x", OTHER)
    other = other.rename(tmp_path / other.name)
    half = tmp_path / f".{mine.name}.123.tmp"
    half.write_bytes(b"half")
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / ".else.abc.safetensors").write_bytes(b"")
    with Resume(tmp_path, HASH):
        assert mine.exists() and not other.exists() and not half.exists()
    assert {".else.abc.safetensors", "model.safetensors"} < set(os.listdir(tmp_path))


def test_the_lock_of_a_live_process_is_respected(tmp_path: Path) -> None:
    path = saved(tmp_path, OTHER)
    sleeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        lock_of(tmp_path, pid=sleeper.pid)
        reason = rf"\.resume\.lock: process {sleeper.pid} on .* is training here; wait"
        with pytest.raises(UserError, match=reason), Resume(tmp_path, HASH):
            pass
        assert path.exists(), "the state of the live run was removed"
        assert json.loads((tmp_path / ".resume.lock").read_text())["pid"] == sleeper.pid
    finally:
        sleeper.kill()
        sleeper.communicate()
    with Resume(tmp_path, HASH):  # it has died, so its lock is taken over at once
        assert json.loads((tmp_path / ".resume.lock").read_text())["pid"] == os.getpid()
    assert not (tmp_path / ".resume.lock").exists()


def test_the_lock_of_another_host_is_stale_without_a_heartbeat(tmp_path: Path) -> None:
    lock_of(tmp_path, host="elsewhere", pid=1)
    with pytest.raises(UserError, match="process 1 on elsewhere"), Resume(tmp_path, HASH):
        pass
    lock_of(tmp_path, host="elsewhere", pid=1, at=time.time() - module.STALE_SECONDS - 1)
    with Resume(tmp_path, HASH):
        pass


def test_a_number_given_anew_to_another_process_is_no_holder(tmp_path: Path) -> None:
    lock_of(tmp_path, pid=1, at=time.time() - module.STALE_SECONDS - 1)
    with Resume(tmp_path, HASH):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", "3"])
def test_half_a_lock_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / ".resume.lock").write_text(content)
    with Resume(tmp_path, HASH):
        pass


def test_a_run_that_lost_its_lock_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_SECONDS", -1.0)
    with (
        pytest.raises(UserError, match="another run has taken over"),
        Resume(tmp_path, HASH) as run,
    ):
        run.maybe_save(*network(), 1)
        lock_of(tmp_path, host="elsewhere")
        run.maybe_save(*network(), 2)
    assert (tmp_path / ".resume.lock").exists(), "the other run's lock was removed"


# Real processes: forked from a server that has imported torch once, and killed for good.


class Run:
    """A pre-training in a folder of its own, as a child process."""

    def __init__(
        self, study: Study, above: Path, *, precision: str = "fp32", **pretrain: Any
    ) -> None:
        self.folder, self.errors = above / "run", above / "errors"
        folder, twin = self.folder, ["inversion", "transliteration"]
        recipe = study.copied_recipe(folder, twin, steps=STEPS, **pretrain)
        self.model, self.log = folder / "model.safetensors", folder / "train.jsonl"
        self.flags = {"recipe": recipe, "orig": study.corpus([]), "deriv": study.corpus(twin)}
        self.flags |= {"model": self.model, "journal": self.log, "save_seconds": 0}
        self.flags |= {"precision": precision}

    def start(self, **more: Any) -> Any:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["twinlang.steps.pretrain", "tests.micro"])
        given = arguments(**{**self.flags, **more})
        child = context.Process(target=as_process, args=("pretrain", given, str(self.errors)))
        with pytest.MonkeyPatch.context() as patch:  # else the server finds nothing to preload
            patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
            child.start()
        return child

    def state(self) -> Path | None:
        return next(self.folder.glob(".resume.*.safetensors"), None)

    def done(self) -> int:
        """Steps in the saved state."""
        path = self.state()
        if path is None:
            return 0
        with safe_open(path, "pt") as file:
            return int(file.metadata()["steps"])

    def lines(self) -> list[dict[str, Any]]:
        text = self.log.read_text() if self.log.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def wait(until: Callable[[], bool], child: Any) -> None:
    begun = time.monotonic()
    while not until() and child.is_alive():
        assert time.monotonic() - begun < DEADLINE, "nothing happens"
        time.sleep(0.002)


@pytest.fixture(scope="module", params=["fp32", "bf16"])
def whole(
    request: pytest.FixtureRequest, study: Study, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """A run that was never killed; in bf16 the optimizer keeps copies of weights, too."""
    run = Run(study, tmp_path_factory.mktemp("whole"), precision=request.param)
    step("pretrain", **run.flags)
    return run


def equal(one: Path, other: Path) -> bool:
    mine, its = load_file(one), load_file(other)
    return set(mine) == set(its) and all(torch.equal(mine[name], its[name]) for name in mine)


@pytest.mark.parametrize("deleted", [False, True])
def test_killed_at_any_point_a_run_ends_bit_equal(
    study: Study, whole: Run, tmp_path: Path, deleted: bool
) -> None:
    """`deleted`: as Snakemake does, the declared outputs are removed before each new start."""
    run = Run(study, tmp_path, precision=whole.flags["precision"])
    chance = random.Random(deleted)
    kills = [0]
    for _ in range(4):
        child = run.start()
        wait(lambda: run.done() > kills[-1], child)
        time.sleep(chance.random() * 0.05)
        child.kill()
        child.join()
        if child.exitcode == -signal.SIGKILL and run.state():  # else it had just ended
            kills.append(run.done())
        if deleted:
            run.log.unlink(missing_ok=True)
    assert len(kills) > 2 and kills == sorted(set(kills)), "it never went on from a saved state"
    child = run.start()
    child.join()
    assert child.exitcode == 0
    assert equal(run.model, whole.model)
    assert [line["step"] for line in run.lines()] == list(range(1, STEPS + 1))
    left = sorted(path.name for path in run.folder.iterdir())
    assert left == ["model.safetensors", "recipe.json", "train.jsonl"]


def test_a_terminated_run_saves_and_says_so(study: Study, whole: Run, tmp_path: Path) -> None:
    run = Run(study, tmp_path, precision=whole.flags["precision"])
    child = run.start(save_seconds=3600)
    wait(lambda: len(run.lines()) > 2, child)
    assert run.state() is None
    child.terminate()
    child.join()
    assert child.exitcode == 1 and not run.model.exists()
    done = run.done()
    assert done == run.lines()[-1]["step"] > 2
    assert f"terminated after step {done}; run again" in run.errors.read_text()
    assert not (run.folder / ".resume.lock").exists()
    step("pretrain", **run.flags)
    assert equal(run.model, whole.model)


def test_other_data_or_another_recipe_begins_anew(study: Study, tmp_path: Path) -> None:
    """A state is never gone on from with data it has not seen from the start."""
    run = Run(study, tmp_path, short_first={"steps": 0.0, "length": 24})
    child = run.start(save_seconds=3600)
    wait(lambda: len(run.lines()) > 2, child)
    child.terminate()
    child.join()
    state = run.state()
    assert state is not None
    step("pretrain", **{**run.flags, "deriv": study.corpus(["transliteration"])})
    assert not state.exists() and run.lines()[0]["step"] == 1
    fresh = Run(study, tmp_path / "fresh", short_first={"steps": 0.0, "length": 24})
    step("pretrain", **{**fresh.flags, "deriv": study.corpus(["transliteration"])})
    assert equal(run.model, fresh.model)
