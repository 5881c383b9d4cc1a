"""What tests on a real Slurm share: the cluster, runs that are submitted to it, and their jobs."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
from safetensors.torch import load_file

from tests.workflow.project import PROJECT, Project

CLUSTER = PROJECT / "tests/slurm/cluster.sh"
PATIENCE = 600.0  # seconds that a busy machine may need for one thing
# Snakemake with one change: it asks after its jobs every two seconds, not ever more rarely.
OFTEN = """
import asyncio
from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
RemoteExecutor.sleep = lambda self: asyncio.sleep(2)
main()
"""
SLURM = ["--profile", "profiles/slurm", "--latency-wait", "15"]
MODEL = "results/pretrain/en/orig/mono/s0/model.safetensors"
JOURNAL = "results/pretrain/en/orig/mono/s0/train.jsonl"
STARTED: list[subprocess.Popen[str]] = []


def missing() -> str:
    """Why there can be no Slurm here, or nothing."""
    for name in ("slurmctld", "slurmd", "munged", "srun"):
        if not shutil.which(name):
            return f"{name} is not installed (apt-get install slurm-wlm munge)"
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        return "snakemake-executor-plugin-slurm is not installed"
    return "" if os.geteuid() == 0 else "only root starts its daemons"


@contextmanager
def started(folder: Path, *nodes: int) -> Iterator[None]:
    """A cluster, one at a time on a machine; where its daemons cannot run, the test is skipped."""
    told = folder / "cluster.log"  # a file, since daemons might hold a pipe open
    with open("/var/tmp/twinlang-slurm.lock", "w") as lock, open(told, "w") as out:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = ["timeout", "300", str(CLUSTER), "start", *map(str, nodes)]
        if subprocess.run(command, stdout=out, stderr=subprocess.STDOUT).returncode:
            pytest.skip(f"Slurm does not start here: {told.read_text().strip()}")
        try:
            yield
        finally:
            for process in STARTED:  # of tests that have failed
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            subprocess.run([CLUSTER, "stop"], stdout=out, stderr=subprocess.STDOUT)


def start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Starts Snakemake on the cluster."""
    STARTED.append(project.start(*SLURM, *arguments, program=["-c", OFTEN]))
    return STARTED[-1]


def finish(process: subprocess.Popen[str]) -> str:
    """What a run has said, once it is done."""
    told, _ = process.communicate(timeout=2 * PATIENCE)
    assert process.returncode == 0, told
    return told


def jobs(project: Project) -> list[dict[str, str]]:
    """The cluster's jobs of a folder, oldest first, those that have ended too."""
    fields = ["JobID", "State", "MinMemory", "TimeLimit", "NumNodes"]
    fields += ["StartTime", "EndTime", "StdOut"]
    form = ",".join(f"{field}:300" for field in fields)
    command = ["squeue", "--noheader", "--states=all", "--sort=i", f"--Format={form}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = [dict(zip(fields, line.split(), strict=True)) for line in told.splitlines()]
    return [job for job in found if job["StdOut"].startswith(f"{project.folder}/")]


def states(project: Project) -> list[str]:
    return [job["State"] for job in jobs(project)]


def until(condition: Callable[[], Any], what: str) -> Any:
    """What the condition gives once it is something."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.5)
    return found


def lines(project: Project) -> list[str]:
    """The journal of the training; Snakemake deletes it before it submits a job anew."""
    try:
        return (project.folder / JOURNAL).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def training(project: Project, number: int, process: subprocess.Popen[str]) -> str:
    """The id of the folder's job of this number, counted from one, once it trains."""

    def begun() -> Any:
        assert process.poll() is None, process.communicate()[0]
        if not lines(project):
            return None
        found = jobs(project)
        return len(found) == number and found[-1]["State"] == "RUNNING" and found[-1]["JobID"]

    return str(until(begun, f"job {number} to train"))


def ended(project: Project, number: int, state: str) -> None:
    """Waits until the folder's job of this number has ended so."""
    until(lambda: states(project)[number - 1] == state, f"{state} of job {number}")


def left(project: Project, number: int, state: str) -> None:
    """The same; the job must have left its state."""
    ended(project, number, state)
    assert list((project.folder / MODEL).parent.glob(".resume.*.safetensors"))


def same(one: Project, two: Project, tolerance: float) -> None:
    """Compares the models that two projects have trained."""
    first, second = (load_file(project.folder / MODEL) for project in (one, two))
    for name, tensor in first.items():
        assert (second[name] - tensor).abs().max() <= tolerance, name


def one_after_another(project: Project) -> None:
    """Never two of a folder's jobs at once."""
    assert all(one["EndTime"] <= two["StartTime"] for one, two in pairwise(jobs(project)))


def kill_processes(job: str) -> None:
    """Ends all processes of a job, Slurm's own first, as when its node loses power."""
    for process in psutil.process_iter(["cmdline"]):
        if " ".join(process.info["cmdline"] or []).startswith(f"slurmstepd: [{job}."):
            family = [process, *process.children(recursive=True)]
            for member in family:
                with suppress(psutil.NoSuchProcess):
                    member.kill()


def scontrol(*arguments: str) -> None:
    subprocess.run(["scontrol", *arguments], check=True)


def daemon(what: str, node: int) -> None:
    subprocess.run([CLUSTER, what, str(node)], check=True)
