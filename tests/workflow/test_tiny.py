"""A whole study for real, of the smallest size: every step runs, every table is complete."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from tests.workflow.project import TINY, Project


def rows(project: Project, name: str) -> list[dict[str, str]]:
    with open(project.folder / "results" / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_is_finished(tiny: Project) -> None:
    assert not tiny.plan()
    assert not tiny.plan("results/table3.csv", "--cores", "1")


def test_tables_are_complete(tiny: Project) -> None:
    table = {(row["task"], row["twin"]): row for row in rows(tiny, "table3.csv")}
    assert set(table) == {("nli", "transliteration"), ("pos", "transliteration")}
    for row in table.values():
        for column in ("bz", "bs", "mz", "delta_bz_bs", "delta_mz_bs", "constant"):
            assert -100 <= float(row[column]) <= 100
        assert row["n_examples"] == "30"
    assert (tiny.folder / "results/table3.html").read_text(encoding="utf-8").startswith("<!")


def test_scores_have_one_row_a_metric(tiny: Project) -> None:
    metrics = list(tiny.folder.glob("results/metrics/**/*.json"))
    assert len(metrics) == len(rows(tiny, "scores.csv")) == 2 * 4 + 1


def test_a_metric_says_where_it_comes_from(tiny: Project) -> None:
    folder = tiny.folder / "results/metrics/en/transliteration/parallel/s0/pos/f0"
    metric = json.loads((folder / "mz.json").read_text(encoding="utf-8"))
    for key in ("device", "precision", "threads", "versions", "recipe_sha256", "model_sha256"):
        assert metric[key]
    predictions = (folder / "mz.predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(predictions) == metric["n"] == 30


def test_every_job_left_a_log_and_a_benchmark(tiny: Project) -> None:
    for kind in ("logs", "benchmarks"):
        found = {
            path.relative_to(tiny.folder / kind).parts[0]
            for path in Path(tiny.folder / kind).rglob("*.*")
        }
        assert {"fetch_corpus", "derive", "pretrain", "finetune", "evaluate", "align"} <= found


def test_a_run_elsewhere_finds_the_configuration(tmp_path: Path) -> None:
    project = Project.copied(tmp_path / "project", TINY)
    done = project.snakemake("--directory", str(tmp_path / "elsewhere"), "--dry-run", "all")
    assert done.returncode == 0, done.stdout


def test_a_step_that_fails_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    config = {**TINY, "tokenizer": {"vocabulary": 900000}}
    project = Project.copied(tmp_path / "project", config)
    done = project.snakemake("results/tokenizer/en/tokenizer.json", "--cores", "1")
    assert done.returncode == 1
    assert "\nerror: " in done.stdout and "vocabulary" in done.stdout
    assert not list((project.folder / "results/tokenizer").rglob("*.json"))


MODEL = "results/export/en/{twin}/{pairing}/s{seed}/lm"
MINE = MODEL.format(twin="transliteration", pairing="parallel", seed=0)
MONO = MODEL.format(twin="orig", pairing="mono", seed=0)
METRICS = "results/metrics/en/transliteration/parallel/s0"


def test_models_go_out_and_come_in(
    tiny: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is exported loads in `transformers`; a study of the exported models has equal scores."""
    from transformers import AutoModelForMaskedLM, AutoModelForTokenClassification

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    project = tiny.clone(tmp_path / "out")
    tuned = [MINE.replace("lm", "pos/f0/bz"), MONO.replace("lm", "pos/f0/mo")]
    plan = project.plan(MINE, MONO, *tuned)
    assert plan.rules() == {"finetune_again", "export", "export_finetuned"} and len(plan) == 5
    done = project.snakemake(MINE, MONO, *tuned, "--cores", "2")
    assert done.returncode == 0, done.stdout
    assert not project.plan(MINE, MONO, *tuned)
    for folder in (MINE, MONO):
        assert AutoModelForMaskedLM.from_pretrained(project.folder / folder)
    for folder in tuned:
        assert AutoModelForTokenClassification.from_pretrained(project.folder / folder)
    card = (project.folder / MINE / "README.md").read_text(encoding="utf-8")
    assert 'language: ["en", "en-x-translit"]' in card and "nearest neighbour" in card

    config = {**TINY, "languages": {"en": {"model": f"{project.folder}/{MODEL}"}}}
    other = Project.copied(tmp_path / "in", config)
    targets = [f"{METRICS}/pos/f0/{name}.json" for name in ("bz", "mz")]
    targets.append(f"{METRICS}/alignment.json")
    plan = other.plan(*targets)
    assert plan.count("import_model") == 2 and plan.count("import_tokenizer") == 1
    assert not plan.rules() & {"pretrain", "pretrain_mono", "write_recipe", "train_tokenizer"}
    done = other.snakemake(*targets, "--cores", "2")
    assert done.returncode == 0, done.stdout
    for target in targets:
        one, two = (json.loads((p.folder / target).read_text("utf-8")) for p in (tiny, other))
        assert one["value"] == two["value"] and one["n"] == two["n"]
    other.config["pretrain"] = {**TINY["pretrain"], "steps": 13}
    assert not other.plan(*targets)  # nothing here was trained by it


def test_a_refused_score_stops_every_run_until_it_is_mended(tiny: Project, tmp_path: Path) -> None:
    project = tiny.clone(tmp_path / "project")
    metric = project.folder / "results/metrics/en/transliteration/parallel/s0/pos/f0/bz.json"
    good = metric.read_text(encoding="utf-8")
    metric.write_text(re.sub(r'"value": [\d.]+', '"value": NaN', good), encoding="utf-8")
    for _ in range(2):
        done = project.snakemake("all", "--cores", "1")
        assert done.returncode == 1 and "bz.json" in done.stdout
    metric.write_text(good, encoding="utf-8")
    assert project.snakemake("all", "--cores", "1").returncode == 0
    assert rows(project, "table3.csv") == rows(tiny, "table3.csv")
