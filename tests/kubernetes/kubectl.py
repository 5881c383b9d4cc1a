"""A stand-in for kubectl and a cluster whose Jobs run on this machine; see state.py."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from state import POLL_SECONDS, STATE, change, fault, locked, read, record, remove, told, write

SCHEMA = Path(__file__).with_name("job.schema.yaml")


def problems(job: dict[str, Any]) -> list[str]:
    """Why Kubernetes would refuse a Job."""
    import yaml  # here: the other verbs are asked often
    from jsonschema import Draft202012Validator

    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    found = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in Draft202012Validator(schema).iter_errors(job)
    ]
    if found:
        return found
    pod = job["spec"]["template"]["spec"]
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    for box in pod["containers"]:
        found += [f"volumeMounts: Not found: {m['name']}" for m in box.get("volumeMounts", [])
                  if m["name"] not in volumes]  # fmt: skip
        asked = box["resources"]
        found += [f"requests: {key} has no equal limit" for key, value in asked["requests"].items()
                  if key != "cpu" and asked["limits"].get(key) != value]  # fmt: skip
    return found


def create(arguments: argparse.Namespace) -> None:
    assert arguments.filename == "-"
    job = json.loads(sys.stdin.read())
    if wrong := problems(job):
        sys.exit(f'The Job "{job["metadata"].get("name")}" is invalid: {"; ".join(wrong)}')
    name = job["metadata"]["name"]
    fate = fault("run") or {}
    with locked():
        if record(name).exists():
            sys.exit(f'Error from server (AlreadyExists): jobs.batch "{name}" already exists')
        job["status"] = {"active": 1, "ready": 0}
        labels = job["spec"]["template"]["metadata"]["labels"]
        pod = {"kind": "Pod", "metadata": {"name": f"{name}-x", "labels": labels}, "status": {}}
        write(name, {"job": job, "pod": pod, "events": []})
    if "waits" in fate:
        change(name, **waiting(fate))
        return
    call = [sys.executable, str(Path(__file__).with_name("node.py")), name, json.dumps(fate)]
    with open(STATE / f"{name}.log", "a") as log:
        quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        node = subprocess.Popen(call, start_new_session=True, **quiet)
    (STATE / f"{name}.pid").write_text(str(node.pid))
    print(f"job.batch/{name} created")


def waiting(fate: dict[str, str]) -> dict[str, Any]:
    """The state of a Job whose pod does not begin: for lack of a node, an image or a quota."""
    message = fate["message"]
    if fate["waits"] == "quota":
        return {"pod": {"phase": None}, "events": [{"message": message}]}
    scheduled = fate["waits"] != "node"
    place = {"type": "PodScheduled", "status": str(scheduled)}
    state = {"waiting": {"reason": "ImagePullBackOff", "message": message}}
    return {
        "pod": {
            "phase": "Pending",
            "conditions": [place if scheduled else {**place, "message": message}],
            "containerStatuses": [{"name": "job", "state": state}] if scheduled else [],
        }
    }


def selected(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The Jobs of a name or a label, with their pods and events."""
    found = []
    key, _, value = (arguments.selector or "").partition("=")
    field = re.match(r"involvedObject\.name=([^,]*),type=Warning$", arguments.field_selector or "")
    names = [field[1]] if field else arguments.names
    for path in sorted(STATE.glob("twinlang-*.json")):
        one = read(path.stem)
        if path.stem in names or (key and one["job"]["metadata"]["labels"].get(key) == value):
            found.append(one)
    return found


def get(arguments: argparse.Namespace) -> None:
    assert arguments.output == "json"
    found = selected(arguments)
    if arguments.kind == "job":
        if not found:
            missing = f'jobs.batch "{arguments.names[0]}" not found'
            sys.exit(f"Error from server (NotFound): {missing}")
        print(json.dumps(found[0]["job"]))
        return
    items: list[Any] = []
    for kind in arguments.kind.split(","):
        if kind == "events":
            items += [event for one in found for event in one["events"]]
        elif kind == "jobs":
            items += [one["job"] for one in found]
        else:
            items += [one["pod"] for one in found if one["pod"]["status"].get("phase")]
    print(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def delete(arguments: argparse.Namespace) -> None:
    assert arguments.kind == "job" and arguments.cascade == "foreground"
    assert arguments.ignore_not_found
    names = [one["job"]["metadata"]["name"] for one in selected(arguments)]
    for name in names:
        pid = STATE / f"{name}.pid"  # of the kubelet: there as long as the pod is
        (STATE / f"{name}.deleted").touch()
        if not pid.exists():
            remove(name)
    while arguments.wait == "true" and any(record(name).exists() for name in names):
        time.sleep(POLL_SECONDS)


def main() -> None:
    flags = argparse.ArgumentParser(allow_abbrev=False)
    flags.add_argument("verb", choices=["create", "get", "delete"])
    flags.add_argument("kind", nargs="?")
    flags.add_argument("names", nargs="*")
    for option in ("--filename", "--selector", "--field-selector", "--output", "--cascade"):
        flags.add_argument(option)
    for option in ("--wait", "--timeout", "--request-timeout"):
        flags.add_argument(option, default="true")
    flags.add_argument("--ignore-not-found", action="store_true")
    arguments = flags.parse_intermixed_args()
    told("calls", " ".join(sys.argv[1:]))
    wrong = fault(arguments.verb)
    if wrong and not wrong.startswith("lost: "):
        sys.exit(wrong)
    {"create": create, "get": get, "delete": delete}[arguments.verb](arguments)
    if wrong:
        sys.exit(wrong.removeprefix("lost: "))


if __name__ == "__main__":
    main()
