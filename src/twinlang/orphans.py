"""Jobs that a killed run has left in a cluster's queue: the next run of its folder ends them.

A Snakemake that is killed cannot cancel what it has submitted, and the next one submits the same
jobs anew. They are cancelled first, which loses little: training goes on from its saved state.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from twinlang import kubernetes, slurm_queue
from twinlang.cli import UserError

WAIT_SECONDS = 600.0  # for cancelled jobs to leave; a site's KillWait is half a minute
POLL_SECONDS = 1.0


def end(executor: str, *, locked: bool, say: Callable[[str], object], command: str = "") -> None:
    """Cancels what an earlier run of this folder has left in the queue, and waits until it is gone.

    executor: Slurm's queue is asked, or Kubernetes where `command`, which submits, is its script.
    locked: Snakemake's lock proves that no other run is alive; without it nothing is touched.

    Raises:
        UserError: a job does not leave the queue, or the script is not there.
    """
    if executor == "cluster-generic" and command.endswith("kubernetes/submit.sh"):
        if not Path(command).is_file():
            raise UserError(f"{command} is not seen from {Path.cwd()}; give --profile a full path")
        if locked:
            kubernetes.end(say)
        return
    if executor != "slurm" or not locked or not (found := queued()):
        return
    say(f"Cancelling jobs that an earlier run of this folder has left: {', '.join(found)}")
    subprocess.run(["scancel", *found], check=False)
    until = time.monotonic() + WAIT_SECONDS
    while left := [job for job in queued() if job in found]:
        if time.monotonic() > until:
            raise UserError(
                f"jobs {', '.join(left)} of an earlier run were cancelled and are still in the "
                "queue; when they have left it (squeue --me), run again"
            )
        time.sleep(POLL_SECONDS)


def queued() -> list[str]:
    """The numbers of this folder's jobs in the queue.

    Raises:
        UserError: the queue cannot be asked.
    """
    return [job.number for job in slurm_queue.jobs(Path())]
