"""Show how far a study has come, from its files alone: done, running, failed, time left, last loss.

Run in the study's folder, or with --directory, on any machine that sees its disk; nothing is
written and no workflow is started. What runs is told by Snakemake's newest log, and models in
training by their journals and locks. On a cluster, what has not begun counts as running; where
Slurm answers, it is asked what waits, and Jobs of Kubernetes have left a note; both say why.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from twinlang import slurm_queue
from twinlang.cli import UserError, parser
from twinlang.kubernetes_job import NOTES

QUIET_SECONDS = 120.0  # a model whose lock has had no heartbeat for so long trains no more
PROGRESS = re.compile(r"^(\d+) of (\d+) steps", re.MULTILINE)
# The log of a failed job, quoted between two rules of equal signs, is a log of Snakemake itself.
QUOTED = re.compile(r"^={40,}\n.*?^={40,}$", re.MULTILINE | re.DOTALL)
STARTED = re.compile(r"^ *(?:local)?rule (\w+):\n(?: +.*\n)*? +jobid: (\d+)$", re.MULTILINE)
ERROR = re.compile(r"^ *Error in rule (\w+):\n(?: +.*\n)*? +jobid: (\d+)$", re.MULTILINE)
AGAIN = re.compile(r"^Trying to restart job (\d+)", re.MULTILINE)
FINISHED = re.compile(r"^Finished jobid: (\d+)", re.MULTILINE)


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--directory", default=".", help="the study's folder")
    folder = Path(flags.parse_args(argv).directory)
    found = [*run_lines(folder), *waiting_lines(folder), *training_lines(folder)]
    print("\n".join(found), flush=True)


def run_lines(folder: Path) -> list[str]:
    """What the newest log of Snakemake says.

    Raises:
        UserError: there is none.
    """
    logs = sorted(folder.glob(".snakemake/log/*.snakemake.log"))
    found = [(log, log.read_text(encoding="utf-8", errors="replace")) for log in reversed(logs)]
    log, text = next(((log, text) for log, text in found if "\nJob stats:" in text), (None, ""))
    if log is None:
        raise UserError(f"{folder}: no run of Snakemake has begun here; name the study's folder")
    progress = PROGRESS.findall(text)
    total = re.search(r"^total\s+(\d+)", text, re.MULTILINE)
    done, whole = map(int, progress[-1]) if progress else (0, int(total[1]) if total else 0)
    text = QUOTED.sub("", text)
    finished, again = set(FINISHED.findall(text)), AGAIN.findall(text)
    failed = {number: rule for rule, number in ERROR.findall(text) if number not in again}
    started = {number: rule for rule, number in STARTED.findall(text)}
    running = [rule for number, rule in started.items() if number not in {*finished, *failed}]
    alive = any(folder.glob(".snakemake/locks/*"))
    state = "locked by a run (or by one that was killed)" if alive else "no run at present"
    lines = [f"{log.name}: {state}", f"done     {done} of {whole} jobs"]
    if alive:
        lines.append(f"running  {_counted(running)}")
    tried = f"; {len(again)} tried again" if again else ""
    lines.append(f"failed   {_counted(list(failed.values()))}{tried}")
    if alive and done:
        spent = log.stat().st_mtime - _begun(log)
        left = timedelta(seconds=round(spent / done * (whole - done)))
        lines.append(f"left     about {left}, if jobs go on at this pace")
    return lines


def waiting_lines(folder: Path) -> list[str]:
    """What was submitted and has not begun, and why: a line of Slurm's queue, where Slurm answers,
    and one for each Job of Kubernetes."""
    lines = []
    try:
        waits = [job.reason for job in slurm_queue.jobs(folder) if job.state == "PENDING"]
    except UserError:
        waits = []
    if waits:
        told = ", ".join(f"{count} ({reason})" for reason, count in Counter(waits).items())
        lines.append(f"waiting  in Slurm's queue, of what is called running: {told}")
    for note in sorted(folder.glob(f"{NOTES}/*.waits")):
        age = timedelta(seconds=round(time.time() - note.stat().st_mtime))
        lines.append(f"waits    {note.stem}: {note.read_text(encoding='utf-8')}, for {age}")
    return lines


def training_lines(folder: Path) -> list[str]:
    """A line for each model in training: step, last loss, and the age of its last sign of life."""
    lines = []
    for lock in sorted(folder.glob("*/**/.resume.lock")):
        age = time.time() - lock.stat().st_mtime
        told = _last(lock.with_name("train.jsonl"))
        step = f"step {told['step']}, loss {told['loss']}" if told else "no step yet"
        sign = "" if age < QUIET_SECONDS else f", silent for {timedelta(seconds=round(age))}"
        lines.append(f"model    {lock.parent.relative_to(folder)}: {step}{sign}")
    return lines


def _counted(rules: list[str]) -> str:
    counts = {rule: rules.count(rule) for rule in sorted(set(rules))}
    return ", ".join(f"{count} {rule}" for rule, count in counts.items()) or "none"


def _begun(log: Path) -> float:
    """When a run began, which its log's name says in local time."""
    stamp = log.name.split(".")[0]
    return time.mktime(time.strptime(stamp, "%Y-%m-%dT%H%M%S"))


def _last(journal: Path) -> dict[str, float] | None:
    """The last whole line of a journal."""
    try:
        lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return None
    whole = [line for line in lines if line.endswith("\n")]
    return dict(json.loads(whole[-1])) if whole else None
