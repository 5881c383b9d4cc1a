"""A Job of Kubernetes, made of a template and of what Snakemake writes for a job.

A Job's name follows from the folder, the rule and its wildcards, so that no job can be there twice.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twinlang import cli
from twinlang.cli import UserError

NOTES = Path(".snakemake/kubernetes")  # of a study: its id, and why Jobs have not begun
STUDY, JOB = "twinlang-study", "twinlang-job"  # labels
SUBMISSION = "twinlang-submission"  # an annotation: a Job of this name is the one that we asked for
DEVICES = {"gpu": "nvidia.com/gpu", "tpu": "google.com/tpu"}
SELECTORS = {
    "tpu_accelerator": "cloud.google.com/gke-tpu-accelerator",
    "tpu_topology": "cloud.google.com/gke-tpu-topology",
}


def study() -> str:
    """The label of this folder's Jobs; a copy of the folder has another."""
    path = NOTES / "study"
    if not path.exists():
        with cli.writing(path) as file:
            file.write(uuid.uuid4().hex)
    return _digest([path.read_text(encoding="utf-8"), os.getcwd()], 16)


def _digest(parts: Any, length: int) -> str:
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def name_of(properties: Mapping[str, Any]) -> str:
    """A Job's name: at most 52 of the characters a-z, 0-9 and -, the same at each attempt."""
    rule = properties.get("rule") or properties["groupid"]
    parts = [rule, properties["wildcards"] if "rule" in properties else properties["jobid"]]
    short = re.sub(r"[^a-z0-9]+", "-", rule.lower())[:30].strip("-")
    return f"twinlang-{short}-{_digest([study(), *parts], 12)}"


def manifest(template: Mapping[str, Any], script: str) -> dict[str, Any]:
    """The Job of a jobscript: the template, with what this job is and asks for.

    Raises:
        UserError: the jobscript is none, or this folder is on no volume of the template.
    """
    found = re.search(r"^# properties = (.*)$", script, re.MULTILINE)
    if not found:
        raise UserError("the jobscript has no line of properties; use Snakemake's own jobscript")
    properties = json.loads(found[1])
    job: dict[str, Any] = copy.deepcopy(dict(template))
    pod = job["spec"]["template"]
    box = pod["spec"]["containers"][0]
    _check_volume([mount["mountPath"] for mount in box.get("volumeMounts", [])])
    labels = {STUDY: study(), JOB: name_of(properties)}
    for told in (job.setdefault("metadata", {}), pod.setdefault("metadata", {})):
        told["labels"] = {**told.get("labels", {}), **labels}
    job["metadata"]["name"] = labels[JOB]
    job["metadata"]["annotations"] = {"twinlang-folder": os.getcwd(), SUBMISSION: uuid.uuid4().hex}
    job["spec"]["backoffLimit"] = 0  # only Snakemake tries again, with more
    pod["spec"]["restartPolicy"] = "Never"
    # The files of a study belong to who runs it, whoever the image's user is.
    pod["spec"].setdefault("securityContext", {"runAsUser": os.getuid(), "runAsGroup": os.getgid()})
    # Kubernetes reads $(NAME) in arguments, and $$ as $.
    box["args"] = [script.replace("$", "$$")]
    _ask(pod["spec"], properties)
    return job


def _check_volume(mounts: list[str]) -> None:
    """Does nothing where this folder is on one of the volumes that the Jobs see."""
    if not any(Path.cwd().is_relative_to(mount) for mount in mounts):
        raise UserError(
            f"{Path.cwd()} is on no volume of the Jobs (mountPath in job.yaml: "
            f"{', '.join(mounts) or 'none'}); put the study on the shared volume, mounted at the "
            "same path here and there"
        )


def _ask(pod: dict[str, Any], properties: Mapping[str, Any]) -> None:
    """Writes what a job asks for into its pod: processors, memory, time, devices, nodes."""
    wanted, box = properties["resources"], pod["containers"][0]
    if minutes := wanted.get("runtime"):
        pod["activeDeadlineSeconds"] = 60 * int(minutes)  # of the pod: waiting does not count
    if image := wanted.get("image"):
        box["image"] = image
    requests, limits = {"cpu": str(properties["threads"])}, {}
    if memory := wanted.get("mem_mb"):
        requests["memory"] = limits["memory"] = f"{memory}M"
    limits |= {name: str(wanted[key]) for key, name in DEVICES.items() if wanted.get(key)}
    box["resources"] = {"requests": requests, "limits": limits}
    if DEVICES["tpu"] in limits:
        box["env"] = [*box.get("env", []), {"name": "PJRT_DEVICE", "value": "TPU"}]
    if chosen := {label: wanted[key] for key, label in SELECTORS.items() if wanted.get(key)}:
        pod["nodeSelector"] = {**pod.get("nodeSelector", {}), **chosen}
