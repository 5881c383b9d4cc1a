"""Profiles name rules that there are, and set the device of every rule that has one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workflow.project import PROJECT, TINY, Project

RULES = {
    name: text
    for path in (PROJECT / "rules").glob("*.smk")
    for name, text in re.findall(
        r"^rule (\w+):\n(.*?)(?=^rule |\Z)", path.read_text(encoding="utf-8"), re.M | re.S
    )
}
# With rules that share another's body.
NAMES = {
    name
    for path in (PROJECT / "rules").glob("*.smk")
    for name in re.findall(r"^(?:use )?rule \w+ as (\w+)", path.read_text("utf-8"), re.M)
} | set(RULES)
PROFILES = [p for p in sorted((PROJECT / "profiles").iterdir()) if p.name != "default"]


def profile(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((path / "config.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.name)
def test_rules_exist_and_devices_are_set(path: Path) -> None:
    found = profile(path)
    named = {*found.get("set-resources", {}), *found.get("set-threads", {})}
    named |= set(found.get("groups", {}))
    assert not named - NAMES
    if path.name == "cpu":
        return  # what rules say themselves
    for name, text in RULES.items():
        if "device=" in text:
            assert "device" in found["set-resources"].get(name, {}), name


@pytest.mark.parametrize("cluster", ["slurm", "kubernetes"])
def test_clusters_give_every_rule_more_at_each_attempt(cluster: str) -> None:
    """A rule that is new needs a line in the profiles of clusters, and perhaps a group."""
    resources = profile(PROJECT / "profiles" / cluster)["set-resources"]
    for name in RULES:
        for key in ("mem_mb", "runtime"):
            assert "attempt" in str(resources.get(name, {}).get(key)), f"{name}: {key}"


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.name)
def test_a_dry_run_takes_the_profile(path: Path, tmp_path: Path) -> None:
    executor = profile(path).get("executor", "local").replace("-", "_")
    if executor != "local":
        pytest.importorskip(f"snakemake_executor_plugin_{executor}")
    project = Project.copied(tmp_path / "project", TINY)
    plan = project.plan("results/table3.csv", "--profile", f"profiles/{path.name}")
    assert {"pretrain", "pretrain_mono", "finetune"} <= plan.rules()


def test_an_unknown_key_of_a_profile_is_named(tmp_path: Path) -> None:
    project = Project.copied(tmp_path / "project", TINY)
    (project.folder / "profiles/odd").mkdir()
    (project.folder / "profiles/odd/config.yaml").write_text("cores: 1\nlatency-weight: 5\n")
    done = project.snakemake("results/table3.csv", "--profile", "profiles/odd", "--dry-run")
    assert done.returncode and "latency-weight" in done.stdout
