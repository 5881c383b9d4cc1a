"""A real Slurm on this machine: the tiny study, and what may befall jobs, daemons and nodes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workflow import slurm
from tests.workflow.project import TINY, Project
from tests.workflow.slurm import MODEL, SLURM, finish, jobs, lines, start, states, training
from twinlang.commands import status

pytestmark = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing() or "here")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two nodes, and a spare one that may die."""
    with slurm.started(tmp_path_factory.mktemp("cluster"), 2, 1):
        yield


@dataclass(frozen=True)
class Studies:
    """The finished tiny study; it with a longer pre-training to be done; and that, done here."""

    tiny: Project
    long: Project
    alone: Future[Project]


def longer(tiny: Project, folder: Path, steps: int) -> Project:
    """The finished tiny study, with a longer pre-training that is still to be done."""
    project = tiny.clone(folder)
    project.config["pretrain"] = {**TINY["pretrain"], "steps": steps}
    done = project.snakemake(MODEL.replace("model.safetensors", "recipe.json"), "--cores", "1")
    assert done.returncode == 0, done.stdout
    return project


def trained(long: Project, folder: Path) -> Project:
    """The same without a cluster and without a fault."""
    project = long.clone(folder)
    done = project.snakemake(MODEL, "--cores", "1")
    assert done.returncode == 0, done.stdout
    return project


# What happens, all at once: jobs mostly wait for each other.


def whole_study(studies: Studies, folder: Path) -> None:
    """The tiny study by sbatch alone: its tables are those of a run without a cluster."""
    project = Project.copied(folder / "project", TINY)
    finish(start(project, "results/table3.csv"))
    mine, theirs = (p.folder / "results/table3.csv" for p in (project, studies.tiny))
    assert mine.read_bytes() == theirs.read_bytes()
    # No work is done twice; a submission that the busy machine itself fails may be tried again.
    assert states(project).count("COMPLETED") == 10
    assert not project.plan("results/table3.csv")


def out_of_memory_and_time(studies: Studies, folder: Path) -> None:
    """A job that needs more is submitted with more, and goes on where it was."""
    project = longer(studies.tiny, folder / "project", 1_000_000)
    more = ["pretrain_mono:mem_mb=200 if attempt == 1 else 2000", "pretrain_mono:runtime=5*attempt"]
    process = start(project, MODEL, "--set-resources", *more)
    slurm.scontrol("update", f"JobId={training(project, 2, process)}", "EndTime=now+1")
    begin = lines(project)[0]
    slurm.left(project, 2, "TIMEOUT")
    training(project, 3, process)
    os.killpg(process.pid, signal.SIGKILL)
    assert states(project) == ["FAILED", "TIMEOUT", "RUNNING"]
    assert [job["MinMemory"] for job in jobs(project)] == ["200M", "2000M", "2000M"]
    assert jobs(project)[2]["TimeLimit"] == "15:00"
    assert lines(project)[0] == begin  # which the saved state keeps
    subprocess.run(["scancel", jobs(project)[2]["JobID"]], check=True)


def killed_and_cancelled(studies: Studies, folder: Path) -> None:
    """Two runs at once; one killed and run again; a job cancelled: one job at a time, one model."""
    project = studies.long.clone(folder / "project")
    first = start(project, MODEL)
    slurm.until(lambda: jobs(project), "a job")
    assert "be locked" in project.snakemake(MODEL, *SLURM).stdout
    training(project, 1, first)
    os.killpg(first.pid, signal.SIGKILL)
    assert states(project) == ["RUNNING"]
    assert project.snakemake("--unlock").returncode == 0

    second = start(project, MODEL)
    slurm.left(project, 1, "CANCELLED")
    subprocess.run(["scancel", training(project, 2, second)], check=True)
    assert "an earlier run of this folder has left" in finish(second)
    assert states(project) == ["CANCELLED", "CANCELLED", "COMPLETED"]
    slurm.one_after_another(project)
    slurm.same(studies.alone.result(), project, 0.0)


def dead_node_and_daemon(studies: Studies, folder: Path) -> None:
    """A node dies and comes back: its job is submitted again. Its daemon dies: the job runs on."""
    project = studies.long.clone(folder / "project")
    process = start(project, MODEL, "--default-resources", "slurm_partition=spare")
    job = training(project, 1, process)
    slurm.daemon("kill", 3)
    slurm.kill_processes(job)
    slurm.ended(project, 1, "NODE_FAIL")
    slurm.daemon("node", 3)
    training(project, 2, process)
    slurm.daemon("kill", 3)
    slurm.daemon("node", 3)
    finish(process)
    assert states(project) == ["NODE_FAIL", "COMPLETED"]
    slurm.one_after_another(project)
    slurm.same(studies.alone.result(), project, 0.0)


def two_nodes(studies: Studies, folder: Path) -> None:
    """One model by a process on each of two nodes: the loss of one process."""
    project = studies.tiny.clone(folder / "project")
    launcher = "srun --nodes=2 --ntasks=2 sh profiles/slurm/torchrun.sh"
    more = {"nodes": 2, "tasks": 2, "mpi": "srun", "launcher": launcher}
    chosen = [f"pretrain_mono:{key}={value}" for key, value in more.items()]
    finish(start(project, MODEL, "--forcerun", "pretrain_mono", "--set-resources", *chosen))
    assert [job["NumNodes"] for job in jobs(project)] == ["2"]
    last = [lines(p)[-1] for p in (studies.tiny, project)]
    one, two = (json.loads(line)["loss"] for line in last)
    assert one == pytest.approx(two, abs=1e-3)
    slurm.same(studies.tiny, project, 0.01)


def no_such_partition(studies: Studies, folder: Path) -> None:
    """A partition that is not there is named before anything is submitted or deleted."""
    project = studies.tiny.clone(folder / "project")
    more = ["--forcerun", "pretrain_mono", "--default-resources", "slurm_partition=nowhere"]
    told, _ = (process := start(project, MODEL, *more)).communicate(timeout=slurm.PATIENCE)
    assert process.returncode == 1
    assert "Slurm has no partition nowhere; in the profile, name one of main, spare" in told
    assert not jobs(project) and (project.folder / MODEL).exists()


def never_starts(studies: Studies, folder: Path) -> None:
    """A queue that never starts a job: the status says so; the run waits."""
    project = studies.tiny.clone(folder / "project")
    more = ["--forcerun", "pretrain_mono", "--set-resources", "pretrain_mono:runtime=9999"]
    process = start(project, MODEL, *more)  # longer than the partition gives
    slurm.until(lambda: states(project) == ["PENDING"], "a job that waits")
    (told,) = status.waiting_lines(project.folder)
    assert told.endswith(("running: 1 (PartitionConfig)", "running: 1 (PartitionTimeLimit)"))
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    subprocess.run(["scancel", slurm.jobs(project)[0]["JobID"]], check=True)
    slurm.ended(project, 1, "CANCELLED")


SCENARIOS = [whole_study, dead_node_and_daemon, out_of_memory_and_time, killed_and_cancelled]
SCENARIOS += [two_nodes, no_such_partition, never_starts]


@pytest.fixture(scope="module")
def running(
    tiny: Project, cluster: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[None]]]:
    """All scenarios, under way."""
    base = tmp_path_factory.mktemp("long")
    with ThreadPoolExecutor(len(SCENARIOS) + 1) as pool:
        long = longer(tiny, base / "long", 3000)
        studies = Studies(tiny, long, pool.submit(trained, long, base / "alone"))
        names = [scenario.__name__ for scenario in SCENARIOS]
        folders = [tmp_path_factory.mktemp(name) for name in names]
        futures = [pool.submit(s, studies, f) for s, f in zip(SCENARIOS, folders, strict=True)]
        yield dict(zip(names, futures, strict=True))


def test_a_cluster_of_one_node(tiny: Project, tmp_path: Path) -> None:
    with slurm.started(tmp_path, 1):
        project = tiny.clone(tmp_path / "project")
        finish(start(project, "results/table3.csv", "--forcerun", "write_table"))
        assert states(project) == ["COMPLETED"]
        assert not project.plan("results/table3.csv")


@pytest.mark.parametrize("name", [scenario.__name__ for scenario in SCENARIOS])
def test_on_slurm(running: dict[str, Future[None]], name: str) -> None:
    running[name].result()
