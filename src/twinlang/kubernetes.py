"""Jobs of a Kubernetes cluster, by `kubectl`: submitted, asked after, and ended for a killed run.

The scripts of profiles/kubernetes, which Snakemake's cluster-generic executor calls, call this:
`python -m twinlang.kubernetes submit TEMPLATE JOBSCRIPT` and `... status NAME`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from twinlang import cli
from twinlang.cli import UserError
from twinlang.kubernetes_job import JOB, NOTES, STUDY, SUBMISSION, manifest, study

WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)  # seconds between tries to reach the cluster
DELETED = ("--cascade=foreground", "--wait=true", "--timeout=600s")  # the Job goes after its pods
# What kubectl says where nothing was decided: no connection, or a server that is busy.
UNREACHED = re.compile(
    r"unable to connect|was refused|connection re|timed? ?out|deadline exceeded|handshake|\bEOF\b"
    r"|no such host|unreachable|no route|failed to download openapi|etcdserver"
    r"|\((Timeout|ServerTimeout|InternalError|ServiceUnavailable|TooManyRequests)\)",
    re.IGNORECASE,
)
Json = Mapping[str, Any]


def main(argv: list[str] | None = None) -> None:
    flags = cli.parser(__doc__)
    kinds = flags.add_subparsers(dest="kind", required=True)
    made = kinds.add_parser("submit", help="create a Job and print its name")
    made.add_argument("template", help="what the Job is made from: YAML")
    made.add_argument("jobscript", help="what Snakemake has written for the job")
    asked = kinds.add_parser("status", help="print success, failed or running")
    asked.add_argument("name", help="of the Job")
    arguments = flags.parse_args(argv)
    if arguments.kind == "submit":
        print(submit(Path(arguments.template), Path(arguments.jobscript)))
    else:
        print(status(arguments.name))


def kubectl(*arguments: str, told: str | None = None) -> subprocess.CompletedProcess[str]:
    """What kubectl answers; `told` is its standard input.

    Raises:
        UserError: there is no kubectl.
    """
    try:
        return subprocess.run(
            ["kubectl", *arguments], input=told, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise UserError("kubectl is not installed here; run where it reaches the cluster") from None


# Submission --------------------------------------------------------------------------------------


def submit(template: Path, jobscript: Path) -> str:
    """Creates the Job of a jobscript; a Job of the same name, left from before, ends first.

    Raises:
        UserError: the cluster refuses the Job, or cannot be reached for two minutes.
    """
    script = jobscript.read_text(encoding="utf-8")
    try:
        job = manifest(yaml.safe_load(template.read_text(encoding="utf-8")), script)
    except (yaml.YAMLError, KeyError, IndexError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{template} is no Job of one container ({reason}); mend it") from None
    name = job["metadata"]["name"]
    told = ""
    for seconds in WAITS:
        done = kubectl("create", "--request-timeout=30s", "--filename=-", told=json.dumps(job))
        told = " ".join(done.stderr.split())
        if done.returncode == 0:
            return str(name)
        if "AlreadyExists" in told:
            if _is_there(job):  # the answer to an earlier try was lost
                return str(name)
            done = kubectl("delete", "job", name, "--ignore-not-found", *DELETED)
            if done.returncode == 0:
                continue
            told = " ".join(done.stderr.split())
        if not UNREACHED.search(told):
            raise UserError(f"Kubernetes refuses {name}: {told}")
        print(f"{name} is submitted again: {told}", file=sys.stderr)
        time.sleep(seconds)
    raise UserError(f"{name} could not be submitted ({told}); see whether kubectl get jobs answers")


def _is_there(job: Json) -> bool:
    """Whether the cluster has this very Job."""
    name = job["metadata"]["name"]
    done = kubectl("get", "job", name, "--request-timeout=30s", "--output=json")
    if done.returncode:
        return False
    found = json.loads(done.stdout)["metadata"].get("annotations", {})
    return bool(found.get(SUBMISSION) == job["metadata"]["annotations"][SUBMISSION])


# Status ------------------------------------------------------------------------------------------


def status(name: str) -> str:
    """How a Job is, as Snakemake asks it: success, failed or running. Reasons go to stderr.

    A cluster that does not answer has not decided anything: the job is taken to run.
    """
    selector = f"--selector={JOB}={name}"
    done = kubectl("get", "jobs,pods", selector, "--request-timeout=30s", "--output=json")
    if done.returncode:
        print(f"{name} is asked after again: {' '.join(done.stderr.split())}", file=sys.stderr)
        return "running"
    found = json.loads(done.stdout)["items"]
    pods = [item for item in found if item["kind"] == "Pod"]
    job = next((item for item in found if item["kind"] == "Job"), None)
    ends = {
        one["type"]: one
        for one in (job or {}).get("status", {}).get("conditions", [])
        if one["status"] == "True" and one["type"] in ("Complete", "Failed")
    }
    _note(name, "" if ends or job is None else _waits(name, job, pods))
    if "Complete" in ends:
        return "success"
    if job is not None and not ends:
        return "running"
    reason = "; ".join(_reasons(ends["Failed"], pods)) if ends else "it was deleted"
    print(f"{name} has failed: {reason}", file=sys.stderr)
    return "failed"


def _waits(name: str, job: Json, pods: Sequence[Json]) -> str:
    """Why a Job has not begun; nothing if it has."""
    if job.get("status", {}).get("ready"):
        return ""
    for pod in pods:
        told = pod.get("status", {})
        for one in told.get("conditions", []):
            if one["type"] == "PodScheduled" and one["status"] == "False":
                return str(one.get("message", "no place"))
        for box in told.get("containerStatuses", []):
            if waiting := box.get("state", {}).get("waiting"):
                return ": ".join(filter(None, (waiting.get("reason"), waiting.get("message"))))
    if pods:
        return ""
    fields = f"--field-selector=involvedObject.name={name},type=Warning"
    done = kubectl("get", "events", fields, "--request-timeout=30s", "--output=json")
    events = json.loads(done.stdout)["items"] if done.returncode == 0 else []
    return str(events[-1]["message"]) if events else "no pod yet"


def _reasons(condition: Json, pods: Sequence[Json]) -> list[str]:
    """What a failed Job and its pods say of it."""
    told = [": ".join(filter(None, (condition.get("reason"), condition.get("message"))))]
    for pod in pods:
        state = pod.get("status", {})
        told.append(": ".join(filter(None, (state.get("reason"), state.get("message")))))
        for box in state.get("containerStatuses", []):
            if ended := box.get("state", {}).get("terminated"):
                told.append(f"{ended.get('reason')}, exit status {ended.get('exitCode')}")
    return list(filter(None, told))


def _note(name: str, reason: str) -> None:
    """Keeps why a Job waits, for `twinlang status`; the file's age is that of the reason."""
    path = NOTES / f"{name}.waits"
    if not reason:
        path.unlink(missing_ok=True)
    elif not path.exists() or path.read_text(encoding="utf-8") != reason:
        with cli.writing(path) as file:
            file.write(reason)


# A killed run ------------------------------------------------------------------------------------


def end(say: Callable[[str], object]) -> None:
    """Deletes the Jobs that an earlier run of this folder has left, and waits for their pods' end.

    Raises:
        UserError: the cluster does not answer, or a Job does not go.
    """
    for note in NOTES.glob("*.waits"):
        note.unlink(missing_ok=True)
    mine = f"--selector={STUDY}={study()}"
    done = kubectl("get", "jobs", mine, "--request-timeout=30s", "--output=json")
    if done.returncode == 0:
        found = [item for item in json.loads(done.stdout)["items"] if not _ended(item)]
        if not found:
            return
        names = [item["metadata"]["name"] for item in found]
        say(f"Deleting Jobs that an earlier run of this folder has left: {', '.join(names)}")
        done = kubectl("delete", "job", *names, "--ignore-not-found", *DELETED)
    if done.returncode:
        reason = " ".join(done.stderr.split())
        raise UserError(f"kubectl fails ({reason}); run where the cluster answers, or wait for it")


def _ended(job: Json) -> bool:
    """Whether a Job is over, and is not in the middle of being deleted."""
    ends = {one["type"] for one in job.get("status", {}).get("conditions", [])}
    return bool(ends & {"Complete", "Failed"}) and "deletionTimestamp" not in job["metadata"]


if __name__ == "__main__":
    cli.run(main)
