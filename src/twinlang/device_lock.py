"""The GPUs of a machine, handed out to processes, and taken back by the kernel when it dies."""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from twinlang.cli import UserError

POLL_SECONDS = 1.0
_held: list[int] = []  # open files, whose locks last as long as the process


def hold(names: Sequence[str], *, slots: int = 1) -> str:
    """The first of these devices that fewer than `slots` processes of this machine hold, held until
    this one ends; devices fill evenly.

    Waits while all are held, and says so once. Locks are files of the temporary folder, which
    `TMPDIR` names: jobs that share devices must share it.

    Raises:
        UserError: there are no devices.
    """
    if not names:
        raise UserError("device cuda:free: there is no GPU here; choose a profile with device: cpu")
    told = False
    while True:
        for slot, name in product(range(slots), names):
            if _take(Path(tempfile.gettempdir()) / f"twinlang-gpu-{name}.{slot}.lock"):
                return name
        if not told:
            print(
                f"waiting for one of {len(names)} GPUs, held by other jobs; resources: gpu of the "
                "profile says how many run at once",
                file=sys.stderr,
            )
        told = True
        time.sleep(POLL_SECONDS)


def _take(path: Path) -> bool:
    """Whether a lock was free and is ours now. It opens for reading: another user may own it."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        file = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return False
    _held.append(file)
    return True
