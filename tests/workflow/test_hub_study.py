"""A study of data sets of the Hub, against the local one: pinned, fetched, run, run offline."""

from __future__ import annotations

import csv
import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import hub_data
from tests.hub_server import Hub
from tests.workflow.project import PROJECT, Project
from twinlang import config as study
from twinlang.cli import UserError
from twinlang.commands import lock

TINY = yaml.safe_load((PROJECT / "tests/workflow/tiny.yaml").read_text(encoding="utf-8"))
GERMAN = re.search(
    r"\n    languages:\n      de:\n        name.*?\n\n",
    (PROJECT / "docs/adding.md").read_text("utf-8"),
    re.S,
)
assert GERMAN  # the language that the documentation adds, end to end
CONFIG: dict[str, Any] = study.merged(
    study.merged(TINY, yaml.safe_load(textwrap.dedent(GERMAN[0]))),
    {
        "tokenizer": {"vocabulary": 300},
        "sources": {"hub": {"size": 400, "unit": "words"}},
        "experiments": [
            {
                "name": "transforms",
                "languages": ["de"],
                "twins": ["transliteration"],
                "pairings": ["parallel"],
                "tasks": ["pos", "retrieval"],
            },
            {  # asked for by its files alone
                "name": "data",
                "languages": ["de"],
                "twins": ["transliteration"],
                "pairings": ["non-parallel-same", "non-parallel-diff"],
                "tasks": ["nli", "ner"],
            },
        ],
    },
)
TASKS = [f"results/tasks/de/{name}.jsonl" for name in ("nli/train", "ner/dev")]
CORPORA = [f"results/corpus/de/{name}.txt" for name in ("main/a", "main/b", "other/a")]


def pinned(project: Project) -> None:
    """Writes the project's lock file."""
    project.snakemake("--version")  # writes the overlay
    folder = project.folder
    lock.main(["--directory", str(folder), "--configfile", str(folder / "overlay.yaml")])


@pytest.fixture
def project(hub: Hub, tmp_path: Path) -> Project:
    hub_data.fill(hub, ["de"])
    made = Project.copied(tmp_path / "project", CONFIG)
    (made.folder / "data.lock.yaml").unlink(missing_ok=True)
    return made


def report(project: Project, name: str) -> dict[str, Any]:
    return json.loads((project.folder / f"results/{name}.report.json").read_text("utf-8"))


def test_a_study_end_to_end_and_offline(
    hub: Hub, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned(project)
    targets = ["results/table3.csv", "results/table4.csv", *TASKS]
    done = project.snakemake("--cores", "2", *targets)
    assert done.returncode == 0, done.stdout
    with open(project.folder / "results/table3.csv", encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["task"] == "pos" and row["data"] == "de: google/xtreme"
    for path in TASKS:
        assert (project.folder / path).read_text("utf-8").count("\n") >= 38
    with open(project.folder / "results/table4.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert {"cc-by-sa-4.0", "odc-by", "cc-by-nc-4.0", "other"} == {r["licence"] for r in table}
    assert any(row["source"].startswith("facebook/xnli de @ ") for row in table)
    texts = [(project.folder / path).read_text("utf-8").splitlines() for path in CORPORA]
    for number, lines in enumerate(texts):
        assert 400 <= sum(len(line.split()) for line in lines) < 410
        assert all("|" not in line and "Пояснение" not in line for line in lines)
        for other in texts[:number]:
            assert not set(lines) & set(other)
    clean = report(project, "hub/de/main/0")
    assert clean["other_script"] and clean["tables"] and clean["documents"] == 90

    # Again with nothing but the cache: the Hub is gone, and offline mode asks nobody.
    hub.fail("*", times=10**6, status=503)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    asked = len(hub.requests)
    for path in CORPORA:
        (project.folder / path).unlink()
    done = project.snakemake("--cores", "2", *CORPORA, "--forcerun", "fetch_hub")
    assert done.returncode == 0, done.stdout
    assert [(project.folder / path).read_text("utf-8").splitlines() for path in CORPORA] == texts
    assert len(hub.requests) == asked


def test_what_is_not_pinned_stops_and_names_the_remedy(hub: Hub, project: Project) -> None:
    done = project.snakemake("--cores", "1", CORPORA[0], *TASKS)
    assert done.returncode == 1
    (told,) = re.findall("not pinned: (.*); run twinlang lock", done.stdout)  # all at once, at once
    assert told == "facebook/xnli (de), google/xtreme (PAN-X.de), wikimedia/wikipedia (20231101.de)"
    assert not hub.requests and not (project.folder / "results").exists()
    done = project.snakemake("--cores", "1", "results/hub/de/main.json", "--no-hooks")
    assert done.returncode == 1 and "not pinned: wikimedia/wikipedia (2023" in done.stdout


def test_a_dry_run_says_what_is_fetched(hub: Hub, project: Project) -> None:
    assert "download_mb=600" in project.snakemake("--dry-run", CORPORA[0]).stdout  # expected
    pinned(project)
    hub.requests.clear()
    told = project.snakemake("--dry-run", CORPORA[0]).stdout
    assert "rule fetch_hub:" in told and "download_mb=1" in told and not hub.requests
    assert "localrule: True" in (PROJECT / "rules/hub.smk").read_text("utf-8").split("rule ")[1]


def test_a_new_pin_makes_its_own_data_anew(hub: Hub, project: Project) -> None:
    pinned(project)
    task = "results/tasks/de/nli/dev.jsonl"
    assert project.snakemake("--cores", "2", task).returncode == 0
    files = dict(hub.repos["facebook/xnli"].commits[hub.repos["facebook/xnli"].branches["main"]])
    hub.put("facebook/xnli", {**files, "more.txt": b"a new commit"})
    assert not project.plan(task)  # a branch that moves changes nothing
    pinned(project)
    plan = project.plan(task)
    assert plan.rules() == {"fetch_hub", "fetch_task"} and len(plan) == 2


def test_a_language_without_a_configuration_is_told_at_once(hub: Hub, project: Project) -> None:
    project.config = study.merged(
        CONFIG, {"languages": {"de": {"settings": {"use": {"ner": "piaf"}}}}}
    )
    done = project.snakemake("--dry-run")
    assert (
        done.returncode == 1 and "settings.sets.piaf.configs.de: the key is missing" in done.stdout
    )


def test_lock_tells_what_changed(
    hub: Hub, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    pinned(project)
    files = hub_data.sets(["de"], 90, 41)["facebook/xnli"]
    hub.put("facebook/xnli", files[0], card={**files[1], "license": "cc0-1.0"})
    capsys.readouterr()
    flags = [
        "--directory",
        str(project.folder),
        "--configfile",
        str(project.folder / "overlay.yaml"),
    ]
    with pytest.raises(UserError, match="differences from .*data.lock.yaml"):
        lock.main([*flags, "--check", "--only", "xnli"])
    told = capsys.readouterr().out
    assert "licence: cc-by-nc-4.0 -> cc0-1.0" in told and "rows 40 -> 41" in told
    assert "pan-x" not in told
