"""Devices are handed out once, and come back from processes that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from twinlang import device_lock, devices
from twinlang.cli import UserError

HOLDER = """
import sys
from twinlang import device_lock
device_lock.POLL_SECONDS = 0.05
print(device_lock.hold(sys.argv[1:]), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Starts processes that hold a device each until they are killed."""
    started = []

    def start(*names: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, "-c", HOLDER, *names]
        process = subprocess.Popen(command, text=True, env=environment, **pipes)  # type: ignore[call-overload]
        started.append(process)
        return process

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(device_lock, "POLL_SECONDS", 0.05)
    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_each_process_gets_a_device_of_its_own_and_a_killed_one_gives_it_back(holders) -> None:
    first, second = holders("0", "1"), holders("0", "1")
    assert {first.stdout.readline(), second.stdout.readline()} == {"0\n", "1\n"}
    third = holders("0", "1")
    assert third.stderr.readline().startswith("waiting for one of 2 GPUs")
    first.send_signal(signal.SIGKILL)
    first.wait()
    lost = third.stdout.readline()
    assert lost in ("0\n", "1\n")
    for process in (second, third):
        process.kill()
        process.wait()
    assert device_lock.hold(["0", "1"]) == "0"


def test_slots_let_several_processes_share_a_device_evenly(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert [device_lock.hold(["0", "1"], slots=2) for _ in range(4)] == ["0", "1", "0", "1"]

    def waits(_: float) -> None:
        raise TimeoutError

    monkeypatch.setattr(device_lock.time, "sleep", waits)
    with pytest.raises(TimeoutError):
        device_lock.hold(["0", "1"], slots=2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert devices.free_gpu("cuda:free/3") == "cuda"
    with pytest.raises(UserError, match="write cuda:free, or cuda:free/4 for four jobs a GPU"):
        devices.free_gpu("cuda:free/x")


def test_a_device_is_chosen_among_the_visible_ones(
    holders, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert holders("4", "7").stdout.readline() == "4\n"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    assert devices.free_gpu() == "cuda"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "7"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert devices.free_gpu() == "cuda"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"


def test_without_a_device_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(UserError, match="no GPU here; choose a profile with device: cpu"):
        devices.free_gpu()
