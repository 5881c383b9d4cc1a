"""What tests ask of the stand-in for Kubernetes: its state, the template of its Jobs, a study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.workflow.project import PROJECT
from twinlang import kubernetes

SCRIPTS = PROJECT / "profiles/kubernetes"


class Cluster:
    """The stand-in's state, the template of its Jobs, and a study."""

    def __init__(self, folder: Path) -> None:
        self.state, self.study = folder / "state", folder / "shared/my study"
        self.template = folder / "job.yaml"
        for made in (self.state, self.study):
            made.mkdir(parents=True)
        text = (SCRIPTS / "job.yaml").read_text("utf-8")
        self.template.write_text(text.replace("/shared", str(folder / "shared")), "utf-8")

    def script(self, body: str, rule: str = "pre_train", **more: Any) -> Path:
        """A jobscript as Snakemake writes it."""
        properties = {"rule": rule, "wildcards": {"lang": "en"}, "threads": 2}
        properties["resources"] = {"mem_mb": 500, "runtime": 5, **more.pop("resources", {})}
        path = self.study / "snakejob.sh"
        path.write_text(f"#!/bin/sh\n# properties = {json.dumps({**properties, **more})}\n{body}\n")
        return path

    def submit(self, body: str, rule: str = "pre_train", **more: Any) -> str:
        return kubernetes.submit(self.template, self.script(body, rule, **more))

    def faults(self, **faults: Any) -> None:
        (self.state / "faults.json").write_text(json.dumps(faults))

    def job(self, name: str) -> dict[str, Any]:
        return dict(json.loads((self.state / f"{name}.json").read_text("utf-8"))["job"])

    def calls(self, verb: str) -> int:
        lines = (self.state / "calls").read_text("utf-8").splitlines()
        return sum(line.startswith(verb) for line in lines)
