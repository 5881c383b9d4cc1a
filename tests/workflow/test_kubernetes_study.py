"""The tiny study as Jobs of Kubernetes, or of a stand-in that runs them here, and its faults."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes import state
from tests.workflow.project import TINY, Project

pytest.importorskip("snakemake_executor_plugin_cluster_generic")

LOST = "The connection to the server localhost:1 was refused - did you specify the right host?"
PATIENCE = 120.0  # seconds that a busy machine may need for one thing


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def runs(folder: Path) -> list[list[str]]:
    """When pods began and ended: time, begin or end, name."""
    path = folder / "runs"
    return [line.split() for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def test_the_tiny_study(tiny: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed once, a pod evicted, the server away: the tables are those of a run on one machine.

    As the documentation says: three lines are changed, and the study is a folder of its own.
    """
    project, cluster = Project.copied(tmp_path / "shared/project", TINY), tmp_path / "cluster"
    study = tmp_path / "shared/my study"
    for folder in (cluster, study):
        folder.mkdir()
    template = project.folder / "profiles/kubernetes/job.yaml"
    text = template.read_text("utf-8").replace("value: /tmp", f"value: {Path.home()}")
    template.write_text(text.replace("/shared", str(tmp_path / "shared")), "utf-8")
    state.install(tmp_path / "bin")
    project.shim = tmp_path / "bin"
    monkeypatch.setenv("KUBE_STATE", str(cluster))
    run = ["results/table3.csv", "--profile", str(project.folder / "profiles/kubernetes")]
    run += ["--directory", str(study), "--seconds-between-status-checks", "1"]
    run += ["--latency-wait", "5"]

    faults = {"create": [LOST], "run": [{"slow": 300}]}
    (cluster / "faults.json").write_text(json.dumps(faults))
    first = project.start(*run)
    until(lambda: runs(cluster))
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert "be locked" in project.snakemake(*run).stdout
    assert project.snakemake("--unlock", "--directory", str(study)).returncode == 0

    # What the killed run has left is asked for first.
    faults = {"get": ["", LOST], "run": [{}, {}, {"end": "Evicted", "after": 1}]}
    (cluster / "faults.json").write_text(json.dumps(faults))
    done = project.snakemake(*run)
    assert done.returncode == 0, done.stdout
    assert "Deleting Jobs that an earlier run of this folder has left: twinlang-" in done.stdout
    assert "has failed: BackoffLimitExceeded" in done.stdout and "Evicted" in done.stdout
    assert f"is asked after again: {LOST}" in done.stdout
    mine, theirs = study / "results/table3.csv", tiny.folder / "results/table3.csv"
    assert mine.read_bytes() == theirs.read_bytes()
    assert not project.plan("results/table3.csv", "--directory", str(study))

    found, alive = runs(cluster), Counter[str]()
    for _, what, name in found:
        alive[name] += 1 if what == "begin" else -1
        assert alive[name] in (0, 1)  # no job is there twice
    begun = Counter(name for _, what, name in found if what == "begin")
    assert sorted(begun.values())[-3:] == [1, 2, 2]  # the killed run's, and the evicted one
