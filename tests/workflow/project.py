"""The workflow as users run it: a copy of the project, a subprocess, and what it says."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parents[2]
TINY = yaml.safe_load((PROJECT / "tests/workflow/tiny.yaml").read_text(encoding="utf-8"))
PARTS = (
    "Snakefile",
    "config.yaml",
    "data.lock.yaml",
    "config",
    "rules",
    "schemas",
    "profiles",
    "envs",
    "report",
    "src",
)


@dataclass(frozen=True)
class Job:
    """A job of a dry run."""

    rule: str
    wildcards: Mapping[str, str]


class Plan(list):
    """The jobs of a dry run."""

    def count(self, rule: str) -> int:  # type: ignore[override]
        return Counter(job.rule for job in self)[rule]

    def rules(self) -> set[str]:
        return {job.rule for job in self}

    def values(self, wildcard: str, rules: set[str] | None = None) -> set[str]:
        """The values of a wildcard in the jobs (of these rules) that have it."""
        jobs = [job for job in self if rules is None or job.rule in rules]
        return {job.wildcards[wildcard] for job in jobs if wildcard in job.wildcards}


class Project:
    """A copy of the project in a folder of its own, and a configuration laid over its default."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.folder, self.config, self.shim = folder, config, None

    @classmethod
    def copied(cls, folder: Path, config: dict[str, Any]) -> Project:
        folder.mkdir(parents=True, exist_ok=True)
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        for part in PARTS:
            source = PROJECT / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=ignored)
            else:
                shutil.copy2(source, folder / part)
        return cls(folder, config)

    def clone(self, folder: Path) -> Project:
        """The same project with all its results, times of change included."""
        shutil.copytree(self.folder, folder)
        return Project(folder, copy.deepcopy(self.config))

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs Snakemake on the configuration; both streams come back as one text."""
        process = self.start(*arguments)
        told, _ = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, told)

    def start(
        self, *arguments: str, program: Sequence[str] = ("-m", "snakemake")
    ) -> subprocess.Popen[str]:
        """Starts Snakemake on the configuration, as the leader of a group of processes."""
        overlay = self.folder / "overlay.yaml"
        overlay.write_text(yaml.safe_dump(self.config, allow_unicode=True), encoding="utf-8")
        folders = [str(self.shim)] if self.shim else []
        folders += [str(Path(sys.executable).parent), os.environ["PATH"]]
        return subprocess.Popen(
            [sys.executable, *program, *arguments, "--configfile", "overlay.yaml"],
            cwd=self.folder,
            env={**os.environ, "PATH": ":".join(folders)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def plan(self, *arguments: str) -> Plan:
        """The jobs that a dry run lists, less the target that only gathers."""
        done = self.snakemake(*(arguments or ("all",)), "--dry-run")
        assert done.returncode == 0, done.stdout
        blocks = re.split(r"\n(?=\w*rule \w+:\n)", done.stdout)[1:]
        jobs = Plan()
        for block in blocks:
            rule = block.split(":", 1)[0].split()[1]
            found = re.search(r"^    wildcards: (.*)$", block, re.MULTILINE)
            pairs = found[1].split(", ") if found else []
            jobs.append(Job(rule, dict(pair.split("=", 1) for pair in pairs)))
        assert jobs or "Nothing to be done" in done.stdout, done.stdout
        return Plan(job for job in jobs if job.rule != "all")
