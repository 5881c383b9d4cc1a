"""Slurm's queue, as far as it concerns a study: the jobs that write their log into its folder."""

from __future__ import annotations

import getpass
import subprocess
from dataclasses import dataclass
from pathlib import Path

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
    command = ["squeue", "--noheader", "--user", getpass.getuser(), f"--Format={form}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        reason = (getattr(error, "stderr", "") or str(error)).strip()
        raise UserError(
            f"squeue fails ({reason}); run where Slurm answers, or with another profile"
        ) from None
    logs = str((folder / LOGS).resolve()) + "/"
    found = map(_fields, done.stdout.splitlines())
    return [Job(*told) for *told, log in found if log.startswith(logs)]


def _fields(line: str) -> list[str]:
    """The columns of a line, whose values may hold blanks."""
    found, at = [], 0
    for width in WIDTHS.values():
        found.append(line[at : at + width].strip())
        at += width
    return found
