"""A real Slurm of two nodes on this machine: the tiny study, and what happens to jobs on the way."""

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
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.workflow.project import PROJECT, TINY, Project

CLUSTER = PROJECT / "tests/slurm/cluster.sh"
PATIENCE = 120.0  # seconds that a busy machine may need for one thing
# Asked after often: real clusters are asked every ten seconds and more.
SLURM = ["--profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "3"]
SLURM += ["--latency-wait", "5"]
MODEL = "results/pretrain/en/orig/mono/s0/model.safetensors"
JOURNAL, RULE = "results/pretrain/en/orig/mono/s0/train.jsonl", "pretrain_mono"


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


@pytest.fixture(scope="module")
def study(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The tiny study, under way on the cluster while the other tests run."""
    project = Project.copied(tmp_path_factory.mktemp("slurm") / "project", TINY)
    process = project.start(*SLURM, "--", "results/table3.csv")
    project.finish = process.communicate  # type: ignore[attr-defined]
    project.process = process  # type: ignore[attr-defined]
    yield project
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def longer(tiny: Project, folder: Path, steps: int) -> Project:
    """The finished tiny study with a longer pre-training to be done."""
    project = tiny.clone(folder)
    project.config["pretrain"] = {**TINY["pretrain"], "steps": steps}
    done = project.snakemake(MODEL.replace("model.safetensors", "recipe.json"), "--cores", "1")
    assert done.returncode == 0, done.stdout
    return project


def jobs(project: Project, rule: str = RULE) -> list[dict[str, str]]:
    """The cluster's jobs of a rule in a project's folder, oldest first, running and ended ones."""
    fields = "JobID:20,State:20,MinMemory:20,StartTime:30,EndTime:30,Comment:100,StdOut:500"
    command = ["squeue", "--noheader", "--states=all", "--sort=i", f"--Format={fields}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = [field.split(":")[0] for field in fields.split(",")]
    found = [dict(zip(names, line.split(), strict=True)) for line in told.splitlines()]
    mine = [job for job in found if job["StdOut"].startswith(f"{project.folder}/")]
    return [job for job in mine if job["Comment"].startswith(f"rule_{rule}_")]


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


def training(project: Project, number: int) -> dict[str, str]:
    """The job of this number, once it trains."""

    def begun() -> bool:
        found = jobs(project)
        return (
            len(found) == number
            and found[-1]["State"] == "RUNNING"
            and (project.folder / JOURNAL).exists()
            and (project.folder / JOURNAL).read_text(encoding="utf-8") != ""
        )

    until(begun, f"training of job {number}")
    return jobs(project)[-1]


def steps_saved(project: Project) -> bool:
    return bool(list((project.folder / MODEL).parent.glob(".resume.*.safetensors")))


def ended(project: Project, job: dict[str, str], state: str) -> None:
    """Waits until a job has ended, in this state, and has left its own."""
    same = [found for found in jobs(project) if found["JobID"] == job["JobID"]]
    until(lambda: [j["State"] for j in jobs(project) if j == j][0:0] == [], "squeue")
    until(
        lambda: any(
            j["JobID"] == job["JobID"] and j["State"] == state for j in jobs(project)
        ),
        f"{state} of {same}",
    )
