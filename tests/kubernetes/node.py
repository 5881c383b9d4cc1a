"""A node of the stand-in: the pod of a Job is processes of this machine (node.py NAME FATE)."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import Any

import psutil
from state import POLL_SECONDS, STATE, change, read, remove, told

GRACE_SECONDS = 20.0  # between the warning of a pod and its end


def expanded(text: str, env: dict[str, str]) -> str:
    """Kubernetes' reading of a command: $(NAME) is a variable, $$ a dollar, all else itself."""

    def value(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else env.get(found[1], found[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", value, text)


def kubelet(name: str, fate: dict[str, Any]) -> None:
    """Runs the container of a Job's pod until it ends, or is ended."""
    pod = read(name)["job"]["spec"]["template"]["spec"]
    box = pod["containers"][0]
    env = {one["name"]: one["value"] for one in box.get("env", [])}
    command = [expanded(part, env) for part in (*box["command"], *box["args"])]
    if "slow" in fate:
        command = ["/bin/sh", "-c", f'sleep {fate["slow"]}; exec "$@"', "sh", *command]
    # The image, in whose place this machine stands, has a PATH of its own.
    env = {"PATH": os.environ["PATH"], **env}
    running = {"phase": "Running", "containerStatuses": [{"name": "job", "state": {"running": {}}}]}
    told("runs", f"{time.time()} begin {name}")
    process = subprocess.Popen(command, env=env, cwd="/", start_new_session=True)
    change(name, job={"ready": 1}, pod=running)
    begin, reason = time.monotonic(), ""
    while process.poll() is None and not reason:
        age = time.monotonic() - begin
        if (STATE / f"{name}.deleted").exists():
            reason = "Deleted"
        elif "end" in fate and age > fate["after"]:
            reason = fate["end"]
        elif age > pod.get("activeDeadlineSeconds", float("inf")):
            reason = "DeadlineExceeded"
        time.sleep(POLL_SECONDS)
    if reason:
        stop(process, warned=reason != "OOMKilled")
    told("runs", f"{time.time()} end {name}")
    finish(name, process.returncode, reason)


def stop(process: subprocess.Popen[bytes], *, warned: bool) -> None:
    """Ends a container: only its first process is warned, then all are killed."""
    # Sessions that it made are in the container too, which dies as a whole.
    family = psutil.Process(process.pid).children(recursive=True)
    if warned:
        process.terminate()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            (STATE / "killed").touch()
    for one in (*family, process):
        try:
            os.kill(one.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def finish(name: str, code: int, reason: str) -> None:
    """Writes down the end of a pod and with it of its Job; the Job is gone if it was deleted."""
    if (STATE / f"{name}.deleted").exists():
        remove(name)
        return
    ended = {"exitCode": code % 256, "reason": "Completed" if code == 0 else "Error"}
    pod: dict[str, Any] = {"phase": "Succeeded" if code == 0 and not reason else "Failed"}
    if reason == "OOMKilled":
        ended["reason"] = reason
    elif reason:
        pod |= {"reason": reason, "message": f"the stand-in ended the pod: {reason}"}
    pod["containerStatuses"] = [{"name": "job", "state": {"terminated": ended}}]
    over = {"type": "Complete", "status": "True"}
    if pod["phase"] == "Failed":
        over = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
        over["message"] = "Job has reached the specified backoff limit"
    change(name, job={"active": 0, "ready": 0, "conditions": [over]}, pod=pod)
    (STATE / f"{name}.pid").unlink(missing_ok=True)
    if (STATE / f"{name}.deleted").exists():  # in between
        remove(name)


if __name__ == "__main__":
    kubelet(sys.argv[1], json.loads(sys.argv[2]))
