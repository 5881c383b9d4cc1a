"""A real Slurm of two nodes on this machine: the tiny study, and what may befall its jobs."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from tests.workflow.project import PROJECT, TINY, Project

CLUSTER = PROJECT / "tests/slurm/cluster.sh"
PATIENCE = 240.0  # seconds that a busy machine may need for one thing
# Asked after often: real clusters are asked every ten seconds and more.
SLURM = ["--profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "3"]
SLURM += ["--latency-wait", "5"]
MODEL = "results/pretrain/en/orig/mono/s0/model.safetensors"
JOURNAL = "results/pretrain/en/orig/mono/s0/train.jsonl"


def missing() -> str:
    """Why there can be no Slurm here, or nothing."""
    for name in ("slurmctld", "slurmd", "munged", "srun"):
        if not shutil.which(name):
            return f"{name} is not installed (apt-get install slurm-wlm munge)"
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        return "snakemake-executor-plugin-slurm is not installed"
    return "" if os.geteuid() == 0 else "only root starts its daemons"


pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "here")


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """The cluster, started; one at a time on a machine."""
    with open("/var/tmp/twinlang-slurm.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([CLUSTER, "start", "2"], check=True)
        yield
        subprocess.run([CLUSTER, "stop"], check=True)


def longer(tiny: Project, folder: Path, steps: int) -> Project:
    """The finished tiny study, with a longer pre-training that is still to be done."""
    project = tiny.clone(folder)
    project.config["pretrain"] = {**TINY["pretrain"], "steps": steps}
    done = project.snakemake(MODEL.replace("model.safetensors", "recipe.json"), "--cores", "1")
    assert done.returncode == 0, done.stdout
    return project


def jobs(project: Project) -> list[dict[str, str]]:
    """The cluster's jobs of a folder, oldest first, those that have ended too."""
    fields = ["JobID", "State", "MinMemory", "TimeLimit", "NumNodes"]
    fields += ["StartTime", "EndTime", "StdOut"]
    form = ",".join(f"{field}:300" for field in fields)
    command = ["squeue", "--noheader", "--states=all", "--sort=i", f"--Format={form}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = [dict(zip(fields, line.split(), strict=True)) for line in told.splitlines()]
    return [job for job in found if job["StdOut"].startswith(f"{project.folder}/")]


def until(condition: Callable[[], Any], what: str) -> Any:
    """What the condition gives once it is something."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)
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
        found = jobs(project)
        running = len(found) == number and found[-1]["State"] == "RUNNING"
        return running and lines(project) and found[-1]["JobID"]

    return str(until(begun, f"job {number} to train"))


def left(project: Project, number: int, state: str) -> None:
    """Waits until the folder's job of this number has ended so; it must have left its state."""
    until(lambda: jobs(project)[number - 1]["State"] == state, f"{state} of job {number}")
    assert list((project.folder / MODEL).parent.glob(".resume.*.safetensors"))


def scontrol(*arguments: str) -> None:
    subprocess.run(["scontrol", *arguments], check=True)


def same(one: Project, two: Project, tolerance: float) -> None:
    """Compares the models that two projects have trained."""
    first, second = (load_file(project.folder / MODEL) for project in (one, two))
    for name, tensor in first.items():
        assert (second[name] - tensor).abs().max() <= tolerance, name


# What happens, all at once: the cluster has four processors, and jobs mostly wait for each other.


def whole_study(tiny: Project, folder: Path) -> None:
    """The tiny study by sbatch alone: its tables are those of a run without a cluster."""
    project = Project.copied(folder / "project", TINY)
    done = project.snakemake("results/table3.csv", *SLURM)
    assert done.returncode == 0, done.stdout
    mine, theirs = (p.folder / "results/table3.csv" for p in (project, tiny))
    assert mine.read_bytes() == theirs.read_bytes()
    found = jobs(project)
    assert len(found) == 10 and {job["State"] for job in found} == {"COMPLETED"}
    assert not project.plan("results/table3.csv")


def out_of_memory_and_time(tiny: Project, folder: Path) -> None:
    """A job that needs more is submitted with more, and goes on where it was."""
    project = longer(tiny, folder / "project", 1_000_000)
    more = ["pretrain_mono:mem_mb=200 if attempt == 1 else 2000", "pretrain_mono:runtime=5*attempt"]
    process = project.start(MODEL, *SLURM, "--set-resources", *more)
    scontrol("update", f"JobId={training(project, 2, process)}", "EndTime=now+1")
    begin = lines(project)[0]
    left(project, 2, "TIMEOUT")
    training(project, 3, process)
    os.killpg(process.pid, signal.SIGKILL)
    assert [job["State"] for job in jobs(project)] == ["FAILED", "TIMEOUT", "RUNNING"]
    assert [job["MinMemory"] for job in jobs(project)] == ["200M", "2000M", "2000M"]
    assert jobs(project)[2]["TimeLimit"] == "15:00"
    assert lines(project)[0] == begin  # which the saved state keeps
    subprocess.run(["scancel", jobs(project)[2]["JobID"]], check=True)


def killed_and_cancelled(tiny: Project, folder: Path) -> None:
    """Snakemake killed and run again, a job cancelled: never two at once, and the same model."""
    alone = longer(tiny, folder / "alone", 3000)
    project = alone.clone(folder / "project")
    first = project.start(MODEL, *SLURM)
    training(project, 1, first)
    os.killpg(first.pid, signal.SIGKILL)
    assert jobs(project)[0]["State"] == "RUNNING"
    assert "be locked" in project.snakemake(MODEL, *SLURM).stdout
    assert project.snakemake("--unlock").returncode == 0

    second = project.start(MODEL, *SLURM)
    left(project, 1, "CANCELLED")
    subprocess.run(["scancel", training(project, 2, second)], check=True)
    told, _ = second.communicate()
    assert second.returncode == 0, told
    assert "an earlier run of this folder has left" in told
    found = jobs(project)
    assert [job["State"] for job in found] == ["CANCELLED", "CANCELLED", "COMPLETED"]
    assert all(one["EndTime"] <= two["StartTime"] for one, two in pairwise(found))
    done = alone.snakemake(MODEL, "--cores", "1")
    assert done.returncode == 0, done.stdout
    same(alone, project, 0.0)


def two_nodes(tiny: Project, folder: Path) -> None:
    """One model by a process on each of two nodes: the loss of one process."""
    project = tiny.clone(folder / "project")
    launcher = "srun --nodes=2 --ntasks=2 sh profiles/slurm/torchrun.sh"
    more = {"nodes": 2, "tasks": 2, "mpi": "srun", "launcher": launcher}
    chosen = [f"pretrain_mono:{key}={value}" for key, value in more.items()]
    done = project.snakemake(
        MODEL, *SLURM, "--forcerun", "pretrain_mono", "--set-resources", *chosen
    )
    assert done.returncode == 0, done.stdout
    assert [job["NumNodes"] for job in jobs(project)] == ["2"]
    last = [lines(p)[-1] for p in (tiny, project)]
    one, two = (json.loads(line)["loss"] for line in last)
    assert one == pytest.approx(two, abs=1e-3)
    same(tiny, project, 0.01)


SCENARIOS = [whole_study, out_of_memory_and_time, killed_and_cancelled, two_nodes]


@pytest.fixture(scope="module")
def running(
    tiny: Project, cluster: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[None]]]:
    """All scenarios, under way."""
    with ThreadPoolExecutor(len(SCENARIOS)) as pool:
        names = [scenario.__name__ for scenario in SCENARIOS]
        folders = [tmp_path_factory.mktemp(name) for name in names]
        started = [pool.submit(s, tiny, f) for s, f in zip(SCENARIOS, folders, strict=True)]
        yield dict(zip(names, started, strict=True))


@pytest.mark.parametrize("name", [scenario.__name__ for scenario in SCENARIOS])
def test_on_slurm(running: dict[str, Future[None]], name: str) -> None:
    running[name].result()


def test_a_partition_that_is_not_there_is_named(
    tiny: Project, cluster: None, tmp_path: Path
) -> None:
    project = tiny.clone(tmp_path / "project")
    more = ["--forcerun", "pretrain_mono", "--default-resources", "slurm_partition=nowhere"]
    done = project.snakemake(MODEL, *SLURM, *more, "--retries", "0")
    assert done.returncode == 1 and "nowhere" in done.stdout
    assert not jobs(project)
