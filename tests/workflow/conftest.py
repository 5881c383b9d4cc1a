"""What tests of the workflow share: a finished tiny study, and a stand-in for the steps."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from tests.workflow.project import TINY, Project

# Makes the outputs of a step: every file that its flags name and that is not there yet.
FAKE = """#!/bin/sh
for value in "$@"; do
    case $value in
        *.predictions.jsonl | *\\ * ) ;;
        results/*.*) [ -e "$value" ] || echo "$value" >"$value" ;;
    esac
    case $value in
        results/metrics/*/m[zo].json | results/metrics/*/b[zs].json)
            echo "$value" >"${value%.json}.predictions.jsonl" ;;
    esac
done
"""


@pytest.fixture(scope="session")
def fake_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a `python` that makes a step's outputs and computes nothing."""
    folder = tmp_path_factory.mktemp("fake")
    (folder / "python").write_text(FAKE, encoding="utf-8")
    (folder / "python").chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The smallest whole study, finished on this machine; made once for all of pytest's workers."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    project, finished = Project(base / "tiny", TINY), base / "tiny.finished"
    with open(base / "tiny.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            done = Project.copied(project.folder, TINY).snakemake("all", "--cores", "2")
            assert done.returncode == 0, done.stdout
            finished.touch()
    return project
