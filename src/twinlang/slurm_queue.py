"""Slurm's queue, as far as it concerns a study: the jobs that write their log into its folder."""

from __future__ import annotations

import getpass
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twinlang.cli import UserError

LOGS = ".snakemake/slurm_logs"  # where the executor's jobs of a folder write
PATIENCE = 60.0  # seconds for an answer
WIDTHS = {"JobID": 20, "State": 20, "Reason": 60, "StdOut": 4096}


@dataclass(frozen=True)
class Job:
    """A job in the queue; reason: Slurm's word for why a job that is PENDING waits."""

    number: str
    state: str
    reason: str


def jobs(folder: Path) -> list[Job]:
    """This user's jobs of a study in Slurm's queue, running or waiting.

    Raises:
        UserError: the queue cannot be asked.
    """
    form = ",".join(f"{name}:{width}" for name, width in WIDTHS.items())
    told = _ask("squeue", "--noheader", "--user", getpass.getuser(), f"--Format={form}")
    logs = str((folder / LOGS).resolve()) + "/"
    return [Job(*fields) for *fields, log in map(_fields, told) if log.startswith(logs)]


def check_partitions(jobs: Iterable[Any]) -> None:
    """Refuses a run whose jobs (Snakemake's) name partitions that Slurm does not have: else each
    would fail four times, and its former outputs be deleted.

    Raises:
        UserError: such names, and those that there are.
    """
    values = [job.rule.resources.get("slurm_partition").raw for job in jobs if not job.is_norun]
    named = {name for value in values for name in str(value or "").split(",")}
    known = {line.strip() for line in _ask("sinfo", "--noheader", "--all", "--format=%R")}
    # What is no name is an expression, which each job evaluates.
    if wrong := sorted(name for name in named - known if re.fullmatch(r"[\w.-]+", name)):
        raise UserError(
            f"slurm_partition: Slurm has no partition {', '.join(wrong)}; in the profile, name one "
            f"of {', '.join(sorted(known))}"
        )


def _ask(*command: str) -> list[str]:
    """The lines that a command of Slurm answers."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        reason = (getattr(error, "stderr", "") or str(error)).strip()
        raise UserError(
            f"{command[0]} fails ({reason}); run where Slurm answers, or with another profile"
        ) from None
    return done.stdout.splitlines()


def _fields(line: str) -> list[str]:
    """The columns of a line, whose values may hold blanks."""
    found, at = [], 0
    for width in WIDTHS.values():
        found.append(line[at : at + width].strip())
        at += width
    return found
