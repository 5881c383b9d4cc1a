"""Jobs that a killed run has left, in a stand-in for a queue; test_slurm.py has a real one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from twinlang import orphans, slurm_queue
from twinlang.cli import UserError
from twinlang.commands import status

SQUEUE = """#!/bin/sh
[ -e "$QUEUE" ] || { echo "squeue: error: no controller" >&2; exit 1; }
cat "$QUEUE"
"""
SCANCEL = """#!/bin/sh
for job in "$@"; do grep -v "^$job " "$QUEUE" >"$QUEUE.new"; mv "$QUEUE.new" "$QUEUE"; done
"""


SINFO = """#!/bin/sh
printf 'main\\ngpu\\n'
"""


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The queue's file: two jobs of this folder, one of a folder whose name begins alike."""
    for name, text in {"squeue": SQUEUE, "scancel": SCANCEL, "sinfo": SINFO}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    folder = tmp_path / "my study"
    folder.mkdir()
    logs = [folder, folder, f"{folder} 2"]
    states = [("RUNNING", "None"), ("PENDING", "Resources"), ("RUNNING", "None")]
    lines = [
        f"{n:<20}{state:<20}{reason:<60}{log}/.snakemake/slurm_logs/x/%j.log"
        for n, (log, (state, reason)) in enumerate(zip(logs, states, strict=True), 7)
    ]
    (tmp_path / "queue").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("QUEUE", str(tmp_path / "queue"))
    monkeypatch.chdir(folder)
    return tmp_path / "queue"


def test_jobs_of_this_folder_are_cancelled_and_no_others(queue: Path) -> None:
    told: list[str] = []
    orphans.end("local", locked=True, say=told.append)
    orphans.end("slurm", locked=False, say=told.append)
    assert not told and orphans.queued() == ["7", "8"]
    orphans.end("slurm", locked=True, say=told.append)
    assert told == ["Cancelling jobs that an earlier run of this folder has left: 7, 8"]
    assert queue.read_text().startswith("9 ")
    orphans.end("slurm", locked=True, say=told.append)
    assert len(told) == 1


def test_a_job_that_does_not_leave_is_named(queue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (queue.parent / "scancel").write_text("#!/bin/sh\n")
    monkeypatch.setattr(orphans, "WAIT_SECONDS", -1.0)
    with pytest.raises(UserError, match="jobs 7, 8 .* are still in the queue"):
        orphans.end("slurm", locked=True, say=print)


def test_a_queue_that_does_not_answer_is_an_error(queue: Path) -> None:
    queue.unlink()
    with pytest.raises(UserError, match="squeue fails .*no controller.*; run where Slurm answers"):
        orphans.queued()
    assert not status.waiting_lines(Path())


def test_the_status_says_what_waits_and_why(queue: Path) -> None:
    assert status.waiting_lines(Path()) == [
        "waiting  in Slurm's queue, of what is called running: 1 (Resources)"
    ]
    assert [job.state for job in slurm_queue.jobs(Path())] == ["RUNNING", "PENDING"]


def test_partitions_that_slurm_does_not_have_are_named(queue: Path) -> None:
    def job(partition: object) -> SimpleNamespace:
        resources = {"slurm_partition": SimpleNamespace(raw=partition)}
        return SimpleNamespace(is_norun=False, rule=SimpleNamespace(resources=resources))

    slurm_queue.check_partitions(map(job, ["main", "gpu,main", "'gpu' if attempt > 1", None]))
    with pytest.raises(UserError, match="no partition cpu, old; .* name one of gpu, main"):
        slurm_queue.check_partitions(map(job, ["old,main", "cpu"]))
