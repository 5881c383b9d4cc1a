"""What the stand-in for Kubernetes knows: files in the folder that KUBE_STATE names.

NAME.json is a Job with its pod and events, `calls` what kubectl was asked, `runs` when pods began
and ended. faults.json lists by verb what goes wrong, in order: for create, get and delete a message
of kubectl ("" for none; "lost: MESSAGE" where only the answer is lost), for `run` the fate of
a pod ({"end": "Evicted", "after": seconds}, {"slow": seconds}, {"waits": "node", "message": ...}).
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STATE = Path(os.environ.get("KUBE_STATE", "."))
POLL_SECONDS = 0.05


def install(folder: Path) -> None:
    """Puts a `kubectl` into a folder, for the front of a PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_name("kubectl.py")
    (folder / "kubectl").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n', "utf-8"
    )
    (folder / "kubectl").chmod(0o755)


@contextmanager
def locked() -> Iterator[None]:
    with open(STATE / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def told(name: str, line: str) -> None:
    """Adds a line to `calls` or `runs`."""
    with locked(), open(STATE / name, "a", encoding="utf-8") as file:
        file.write(line + "\n")


def fault(verb: str) -> Any:
    """What goes wrong this time, if anything."""
    path = STATE / "faults.json"
    with locked():
        faults = json.loads(path.read_text("utf-8")) if path.exists() else {}
        found = faults.get(verb, [])
        first = found.pop(0) if found else ""
        path.write_text(json.dumps(faults), "utf-8")
    return first


def record(name: str) -> Path:
    return STATE / f"{name}.json"


def read(name: str) -> dict[str, Any]:
    return dict(json.loads(record(name).read_text("utf-8")))


def write(name: str, known: dict[str, Any]) -> None:
    beside = record(name).with_suffix(".new")
    beside.write_text(json.dumps(known), "utf-8")
    beside.rename(record(name))


def change(name: str, **status: Any) -> None:
    """Sets what is known of a Job: `job` and `pod` are parts of their status; `events` replace."""
    with locked():
        if not record(name).exists():
            return
        known = read(name)
        for kind in ("job", "pod"):
            known[kind]["status"].update(status.get(kind, {}))
        known["events"] = status.get("events", known["events"])
        write(name, known)


def remove(name: str) -> None:
    with locked():
        for path in (record(name), STATE / f"{name}.deleted", STATE / f"{name}.pid"):
            path.unlink(missing_ok=True)
