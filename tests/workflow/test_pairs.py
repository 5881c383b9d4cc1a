"""Pairs of natural languages with an encoder of the user's, from the folder to the tables."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.foreign import foreign_model, foreign_tokenizer
from tests.workflow.project import TINY, Project

TABLES = ["results/pairs.csv", "results/pairs-retrieval.csv"]
PAIR = "results/metrics/fr/from-en/natural/s0"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """English and French of one encoder, which `transformers` wrote."""
    foreign_tokenizer(tmp_path / "encoder")
    foreign_model(tmp_path / "encoder", max_position_embeddings=130)
    own = {"model": str(tmp_path / "encoder")}
    items = {"pos": {"train": 60, "dev": 30}, "retrieval": {"dev": 20}}
    config: dict[str, Any] = {
        **TINY,
        "languages": {"en": own, "fr": own},
        "pairs": {"languages": [["en", "fr"], ["fr", "en"]], "tasks": ["pos", "retrieval"]},
        "sources": {"builtin": {"sentences": 400, "items": items}},
    }
    return Project.copied(tmp_path / "project", config)


def test_a_pair_from_the_encoder_to_the_tables(project: Project) -> None:
    plan = project.plan(*TABLES)
    # Nothing is derived; each language is tuned once, and retrieval is from English alone.
    assert not plan.rules() & {"derive", "pretrain", "pretrain_mono", "finetune"}
    assert plan.count("finetune_mono") == 2 and plan.count("evaluate_pair") == 4
    assert plan.count("retrieve_pair") == 1
    done = project.snakemake(*TABLES, "--cores", "2")
    assert done.returncode == 0, done.stdout
    assert not project.plan(*TABLES)

    bz, bs = (read(project, f"{PAIR}/pos/f0/{setting}.json") for setting in ("bz", "bs"))
    mono = read(project, "results/metrics/fr/orig/mono/s0/pos/f0/mo.json")
    assert bs["value"] == mono["value"] and bs["dev_sha256"] == bz["dev_sha256"]
    assert bz["model_sha256"] != bs["model_sha256"]
    rows = table(project, TABLES[0])
    (row,) = [row for row in rows if row["language"] == "fr"]
    assert (row["source"], row["task"]) == ("en", "pos") and "mz" not in row
    assert float(row["delta_bz_bs"]) == pytest.approx(bz["value"] - bs["value"], abs=1e-3)
    page = (project.folder / "results/pairs.html").read_text(encoding="utf-8")
    assert "en → fr" in page and "fr → en" in page and "Computed on cpu" in page

    found = read(project, f"{PAIR}/retrieval.json")
    assert found["n"] == 20 and found["chance"] == 5 and {"layer_0", "layer_2"} < set(found)
    assert "mono" not in found and 0 <= found["bilingual"]["orig_to_deriv"] <= 100
    (line,) = table(project, TABLES[1])
    assert (line["twin"], line["language"]) == ("en", "fr")


def test_the_report_has_the_tables_of_pairs(project: Project) -> None:
    plan = project.plan("results/report.html")
    assert plan.values("table", {"write_pairs"}) == {"pairs", "pairs-retrieval"}


def test_what_pairs_need_is_said(project: Project) -> None:
    project.config["languages"] = {"en": project.config["languages"]["en"]}
    both = [["en", "fr"], ["en", "en"], ["en", "xx"]]
    project.config["pairs"] = {"languages": both, "tasks": ["pso"]}
    done = project.snakemake("--dry-run", *TABLES)
    assert done.returncode == 1 and "4 errors" in done.stdout
    assert "en and fr need one encoder; name its folder in languages.en.model and" in done.stdout
    assert "en is paired with itself" in done.stdout and "no language 'xx'" in done.stdout
    assert "pairs.tasks: there is no task 'pso'; did you mean pos?" in done.stdout


def read(project: Project, path: str) -> dict[str, Any]:
    return json.loads((project.folder / path).read_text(encoding="utf-8"))


def table(project: Project, path: str) -> list[dict[str, str]]:
    with open(project.folder / path, encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))
