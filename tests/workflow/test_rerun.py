"""An edit re-runs what is stale and nothing else: dry runs against a finished study.

The study is finished by Snakemake itself, with steps that only make their files: what is stale is
decided by parameters, inputs and contents, not by what a step computed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.folder import write_folder
from tests.workflow.project import Project

STUDY: dict[str, Any] = {
    "data": "folder",
    "languages": {"hi": {"source": "files", "tasks": ["nli", "pos", "retrieval"]}},
    "experiments": [
        {
            "name": "transforms",
            "languages": ["en", "hi"],
            "twins": ["inversion", "transliteration"],
            "pairings": ["parallel"],
            "tasks": ["nli", "pos", "qa", "retrieval"],
        }
    ],
}
PUBLISHED = {
    *(
        "collect_scores",
        "collect_all_scores",
        "write_table",
        "draw_figure",
        "compare",
        "claims",
        "differences",
        "write_report",
    )
}
DRAWN = {"draw_procedure", "draw_training"}  # what was run, and how it went
DESCRIBED = {"show_twins", "describe_data"}
DISTANCES = {"measure_distances"}
TUNED = {"finetune", "finetune_mono", "evaluate"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, fake_python: Path) -> Project:
    """A finished study of two languages, one built in, one of the user's files."""
    project = Project.copied(tmp_path_factory.mktemp("rerun") / "project", STUDY)
    write_folder(project.folder / "folder", ["hi"], sentences=20, items=6)
    project.shim = fake_python
    done = project.snakemake("all", "--cores", "2", "--quiet", "all")
    project.shim = None
    assert done.returncode == 0, done.stdout
    return project


@pytest.fixture
def study(finished: Project, tmp_path: Path) -> Project:
    """The finished study, to be edited."""
    return finished.clone(tmp_path / "project")


def experiment(project: Project) -> dict[str, Any]:
    return project.config["experiments"][0]


def test_a_finished_study_has_nothing_to_do(study: Project) -> None:
    assert not study.plan()
    assert (study.folder / "results" / "table3.csv").exists()


def test_learning_rate_of_a_task(study: Project) -> None:
    study.config["tasks"] = {"pos": {"learning_rate": 0.0007}}
    plan = study.plan()
    assert plan.rules() == TUNED | PUBLISHED
    assert plan.values("task") == {"pos"}
    assert plan.count("finetune") == plan.count("evaluate") == 4  # two languages, two twins
    assert plan.count("finetune_mono") == 2


def test_a_transform_is_added(study: Project) -> None:
    experiment(study)["twins"].append("permutation")
    plan = study.plan()
    chain = {"derive", "write_recipe", "pretrain", "finetune", "evaluate", "retrieve"}
    assert plan.rules() == chain | PUBLISHED | DRAWN | {"show_twins"} | DISTANCES
    assert plan.values("twin") == {"permutation"}
    assert plan.count("pretrain") == 2
    assert plan.values("task") == {"nli", "pos"}  # its answers do not stay together


def test_a_twin_that_reads_trees_is_added(study: Project) -> None:
    """Trees and models of its own languages and of those it follows; nothing of other twins."""
    study.config["syntax"] = {"parser": "udpipe", "shards": 2}
    study.config["languages"]["en"] = {"syntax": {"parser": "treebank", "shards": 1}}
    assert study.plan().rules() == {"write_report"}  # which shows the configuration
    experiment(study)["twins"].append("syntax")
    plan = study.plan()
    assert plan.values("twin") == {"syntax"} and plan.values("form") == {"trees"}
    assert plan.values("lang", {"train_ordering", "fetch_trees"}) == {"en", "fr", "hi"}
    assert plan.values("lang", {"train_parser"}) == {"hi"}
    assert plan.count("parse_corpus") == 3 and plan.count("syntax_report") == 2
    assert plan.count("pretrain") == 2 and not plan.rules() & {"pretrain_mono", "finetune_mono"}


def test_a_twin_that_no_experiment_names(study: Project) -> None:
    study.config["twins"] = {"half": [{"transliteration": {"fraction": 0.5}}]}
    assert not study.plan()


def test_a_language_is_added(study: Project) -> None:
    experiment(study)["languages"].append("fr")
    plan = study.plan()
    assert plan.values("lang") == {"fr"}
    assert plan.rules() > PUBLISHED
    assert plan.count("pretrain") == 2 and plan.count("pretrain_mono") == 1


def test_a_language_is_removed(study: Project) -> None:
    experiment(study)["languages"].remove("hi")
    assert study.plan().rules() == PUBLISHED | DRAWN | DESCRIBED | DISTANCES


def test_vocabulary(study: Project) -> None:
    study.config["tokenizer"] = {"vocabulary": 900}
    plan = study.plan()
    assert plan.values("lang") == {"en"}  # Hindi has a size of its own
    assert not plan.rules() & {"fetch_corpus", "fetch_task"}
    assert plan.rules() > TUNED | PUBLISHED | {"train_tokenizer", "pretrain", "pretrain_mono"}


def test_vocabulary_of_one_language(study: Project) -> None:
    study.config["languages"]["en"] = {"tokenizer": {"vocabulary": 900}}
    plan = study.plan()
    assert plan.values("lang") == {"en"}
    assert plan.count("train_tokenizer") == 1 and plan.count("pretrain") == 2


def test_amount_of_a_task(study: Project) -> None:
    study.config["sources"] = {"builtin": {"items": {"nli": {"train": 50}}}}
    plan = study.plan()
    assert plan.values("lang") == {"en"} and plan.values("task") == {"nli"}
    assert not plan.rules() & {"fetch_corpus", "pretrain", "pretrain_mono", "retrieve"}


def test_size_of_the_corpora(study: Project) -> None:
    study.config["sources"] = {"builtin": {"sentences": 50}}
    plan = study.plan()
    assert plan.values("lang") == {"en"}
    assert plan.count("fetch_task") == 0 and plan.count("fetch_corpus") == 1


def test_a_seed_is_added(study: Project) -> None:
    study.config["seeds"] = {"pretrain": [0, 1]}
    plan = study.plan()
    assert plan.values("seed") == {"1"}
    assert plan.rules() == TUNED | PUBLISHED | DRAWN | {
        "write_recipe", "pretrain", "pretrain_mono", "retrieve", "align"
    }  # fmt: skip


def test_touched_files(study: Project) -> None:
    results = [path for path in (study.folder / "results").rglob("*") if path.is_file()]
    for path in [
        *results[::3],
        study.folder / "folder/pos/hi/train.tsv",
        study.folder / "Snakefile",
    ]:
        path.touch()
    for path in [*study.folder.glob("rules/*"), *study.folder.glob("src/twinlang/steps/*")]:
        path.touch()
    assert not study.plan()


def test_a_changed_file_of_the_user(study: Project) -> None:
    with open(study.folder / "folder/pos/hi/dev.tsv", "a", encoding="utf-8") as file:
        file.write("मा\tNOUN\n\n")
    plan = study.plan()
    assert plan.values("lang") == {"hi"} and plan.values("task") == {"pos"}
    assert plan.count("fetch_task") == 1 and plan.values("split", {"fetch_task"}) == {"dev"}


def test_a_reformatted_rule(study: Project) -> None:
    for path in study.folder.glob("rules/*.smk"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(" \\\n            --", "  \\\n          --"), encoding="utf-8")
    assert not study.plan()


@pytest.mark.parametrize(
    "options",
    [
        ("--cores", "7"),
        ("--profile", "profiles/cpu"),
        ("--set-resources", "pretrain:micro_batch=512", "finetune:precision=bf16"),
        ("--set-threads", "pretrain=2", "evaluate=2"),
    ],
)
def test_how_fast_it_runs(study: Project, options: tuple[str, ...]) -> None:
    assert not study.plan("all", *options)


def test_a_new_version_of_a_step(study: Project) -> None:
    path = study.folder / "src/twinlang/versions.py"
    text = path.read_text(encoding="utf-8")
    assert '"retrieve": 2,' in text
    path.write_text(text.replace('"retrieve": 2,', '"retrieve": 3,'), encoding="utf-8")
    assert study.plan().rules() == {"retrieve"} | PUBLISHED


def test_an_edit_of_a_module_alone(study: Project) -> None:
    path = study.folder / "src/twinlang/training.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# a comment\n", encoding="utf-8")
    os.utime(path)
    assert not study.plan()
