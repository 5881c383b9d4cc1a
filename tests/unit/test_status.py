"""How far a study has come, told from a log as Snakemake writes it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from twinlang import __main__ as command
from twinlang.cli import UserError
from twinlang.commands import status

LOG = """Building DAG of jobs...
Job stats:
job          count
---------  -------
derive           1
finetune         2
pretrain         1
total            4

[Wed Nov 25 15:00:00 2026] Group job pieces (jobs in lexicogr. order):

    [Wed Nov 25 15:00:00 2026]
    rule derive:
        input: a
        jobid: 3

[Wed Nov 25 15:00:00 2026]
rule pretrain:
    input: b
    jobid: 2
[Wed Nov 25 15:00:30 2026]
Error in rule pretrain:
    message: SLURM-job '2' failed
    jobid: 2
Logfile x.log:
================================================================================
Error in rule pretrain:
    jobid: 0
================================================================================
Trying to restart job 2.
Finished jobid: 3 (Rule: derive)
1 of 4 steps (25%) done

rule finetune:
    jobid: 1
Error in rule finetune:
    jobid: 1
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    log = tmp_path / ".snakemake/log/2026-11-25T150000.000000.snakemake.log"
    log.parent.mkdir(parents=True)
    log.write_text(LOG)
    (log.parent / "2026-11-25T160000.000000.snakemake.log").write_text("Unlocking\n")
    begun = time.mktime(time.strptime("2026-11-25T150000", "%Y-%m-%dT%H%M%S"))
    os.utime(log, (begun + 60, begun + 60))
    locks = tmp_path / ".snakemake/locks"
    locks.mkdir()
    (locks / "0.output.lock").touch()
    model = tmp_path / "results/pretrain/en/orig/mono/s0"
    model.mkdir(parents=True)
    (model / ".resume.lock").write_text("{}")
    (model / "train.jsonl").write_text(json.dumps({"step": 9, "loss": 3.5}) + '\n{"step": 1')
    return tmp_path


def test_a_running_study(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status.main(["--directory", str(study)])
    assert capsys.readouterr().out.splitlines()[1:] == [
        "done     1 of 4 jobs",
        "running  1 pretrain",
        "failed   1 finetune; 1 tried again",
        "left     about 0:03:00, if jobs go on at this pace",
        "model    results/pretrain/en/orig/mono/s0: step 9, loss 3.5",
    ]


def test_a_model_without_a_heartbeat_is_silent(study: Path) -> None:
    lock = study / "results/pretrain/en/orig/mono/s0/.resume.lock"
    os.utime(lock, (time.time() - 3600,) * 2)
    assert "silent for 1:00:0" in status.training_lines(study)[0]
    lock.with_name("train.jsonl").unlink()
    assert "no step yet" in status.training_lines(study)[0]


def test_a_study_that_nobody_runs(study: Path) -> None:
    (study / ".snakemake/locks/0.output.lock").unlink()
    assert "no run at present" in status.run_lines(study)[0]
    assert not any(line.startswith(("running", "left")) for line in status.run_lines(study))


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run of Snakemake has begun here"):
        status.run_lines(tmp_path)


def test_it_is_a_command(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["twinlang", "status", "--directory", str(study)])
    command.main()
    assert "done     1 of 4 jobs" in capsys.readouterr().out
    assert "  status " in command.usage()
