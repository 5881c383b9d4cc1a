"""The workflow before it runs: targets, presets, profiles, rules and their steps, and bad input."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
import yaml

from tests.folder import write_folder
from tests.workflow.project import PROJECT, Project
from twinlang import config as study

RULES = sorted((PROJECT / "rules").glob("*.smk"))
STEPS = sorted((PROJECT / "src/twinlang/steps").glob("[a-z]*.py"))
TINY = yaml.safe_load((PROJECT / "tests/workflow/tiny.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project with its default configuration."""
    return Project.copied(tmp_path, {})


def preset(name: str, data: Path) -> dict:
    write_folder(data, ["en", "fr", "hi", "ar"], sentences=10, items=4)
    config: dict = {"data": str(data)}
    for layer in dict.fromkeys([name.removesuffix("-fixed"), name]):  # laid over what it mends
        path = PROJECT / "config" / f"{layer}.yaml"
        config = study.merged(config, yaml.safe_load(path.read_text(encoding="utf-8")))
    return config


def merged(config: dict) -> dict:
    default = yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8"))
    return study.merged(default, config)


def test_the_default_study(project: Project) -> None:
    """Tables 3 and 6 need exactly the cells of their experiments."""
    plan = project.plan("results/table3.csv", "results/table6.csv")
    config = merged({})
    wanted = {cell for name in ("transforms", "composed") for cell in study.cells(config, name)}
    tuned = {cell for cell in wanted if cell.fseed is not None}
    keys = ("lang", "twin", "pairing", "seed", "task", "fseed")
    for rule in ("finetune", "evaluate"):
        found = {tuple(j.wildcards[key] for key in keys) for j in plan if j.rule == rule}
        assert found == {tuple(map(str, cell)) for cell in tuned}
    assert plan.count("retrieve") == len(wanted - tuned) == 18
    assert plan.count("pretrain") == 18 and plan.count("pretrain_mono") == 4
    assert plan.count("train_ordering") == 4 and plan.count("train_parser") == 0
    assert plan.count("write_table") == 2 and plan.count("collect_all_scores") == 0


def test_a_table_needs_its_experiments_alone(project: Project) -> None:
    plan = project.plan("results/table6.csv")
    assert plan.values("lang", {"pretrain", "finetune"}) == {"en"}
    assert plan.values("lang") == {"en", "fr"}  # whose treebank English syntax is learned from
    assert plan.values("experiment") == {"composed"}


@pytest.mark.parametrize("name", [path.stem for path in (PROJECT / "config").glob("*.yaml")])
def test_a_preset_runs_what_it_says(tmp_path: Path, name: str) -> None:
    config = preset(name, tmp_path / "data")
    plan = Project.copied(tmp_path / "project", config).plan()
    wanted = {
        cell for e in config["experiments"] for cell in study.cells(merged(config), e["name"])
    }
    assert plan.count("finetune") == len({cell for cell in wanted if cell.fseed is not None})
    for key, rules in (("languages", None), ("twins", {"finetune"}), ("pairings", {"finetune"})):
        asked = {value for entry in config["experiments"] for value in entry[key]}
        assert plan.values({"languages": "lang"}.get(key, key[:-1]), rules) == asked
    assert {e["name"] for e in config["experiments"]} == plan.values("experiment")


def test_the_folder_of_a_real_study_is_asked_for(tmp_path: Path) -> None:
    config = preset("small", tmp_path / "data")
    del config["data"]
    done = Project.copied(tmp_path / "project", config).snakemake("--dry-run")
    assert done.returncode == 1
    assert "data: the key is missing" in done.stdout and "--config data=FOLDER" in done.stdout


def test_a_folder_that_lacks_files(tmp_path: Path) -> None:
    config = preset("small", tmp_path / "data")
    for gone in ("pos/hi/dev.tsv", "text/ar/main.txt"):
        (tmp_path / "data" / gone).unlink()
    done = Project.copied(tmp_path / "project", config).snakemake("--dry-run")
    assert done.returncode == 1
    assert "2 errors" in done.stdout
    assert "pos/hi/dev.tsv" in done.stdout and "text/ar/main.txt" in done.stdout


def test_all_errors_at_once_and_no_job(project: Project) -> None:
    project.config = {
        "pretrian": {"steps": 1},
        "pretrain": {"steps": "many", "learning_rate": "1e-3"},
        "tokenizer": {"vocabluary": 900},
    }
    done = project.snakemake("--cores", "1", "results/table3.csv")
    assert done.returncode == 1
    assert "4 errors" in done.stdout
    for word in ("did you mean pretrain?", "whole number", "1.0e-3", "did you mean vocabulary?"):
        assert word in done.stdout
    assert not (project.folder / "results").exists()


def test_a_table_without_its_experiment(project: Project) -> None:
    project.config = TINY
    done = project.snakemake("--dry-run", "results/table6.csv")
    assert done.returncode == 1 and "experiment named 'composed'" in done.stdout


def test_a_language_that_does_not_exist(project: Project) -> None:
    done = project.snakemake("--dry-run", "results/corpus/xx/main/a.txt")
    assert done.returncode == 1 and "No rule to produce" in done.stdout


@pytest.mark.parametrize("profile", sorted(p.name for p in (PROJECT / "profiles").iterdir()))
def test_profiles_load(project: Project, profile: str) -> None:
    project.config = TINY
    assert project.plan("results/table3.csv", "--profile", f"profiles/{profile}")


def test_the_default_profile_names_no_hardware() -> None:
    profile = yaml.safe_load((PROJECT / "profiles/default/config.yaml").read_text(encoding="utf-8"))
    hardware = {"cores", "jobs", "resources", "set-threads", "set-resources", "default-resources"}
    assert not set(profile) & hardware


def test_every_rule_is_described(project: Project) -> None:
    listed = project.snakemake("--list-rules").stdout
    names = {name for path in RULES for name in re.findall(r"^rule (\w+):", path.read_text(), re.M)}
    assert len(names) >= len(STEPS)
    for name in names:
        assert re.search(rf"^{name} \(.+\)$", listed, re.MULTILINE), name


def test_every_rule_has_its_step() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in RULES)
    assert set(re.findall(r"twinlang\.steps\.(\w+)", text)) == {path.stem for path in STEPS}


@pytest.mark.parametrize("step", [path.stem for path in STEPS])
def test_steps_have_help_and_the_flags_of_their_rule(
    step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        importlib.import_module(f"twinlang.steps.{step}").main(["--help"])
    assert stopped.value.code == 0
    told = capsys.readouterr().out
    text = "".join(path.read_text(encoding="utf-8") for path in RULES)
    called = re.findall(rf"twinlang\.steps\.{step} \\\n(.*?)>{{log", text, re.DOTALL)
    flags = {flag for call in called for flag in re.findall(r"--[a-z-]+", call)}
    assert flags and not {flag for flag in flags if not re.search(rf"{flag}\b", told)}


def test_rules_decide_nothing() -> None:
    """No function but in common.smk, no lambda, no name of a language, twin or transform."""
    config = merged({})
    transforms = {path.stem for path in (PROJECT / "src/twinlang/transforms").glob("[a-z]*.py")}
    names = transforms | set(config["languages"]) | set(config["twins"]) | set(config["pairings"])
    for path in RULES:
        text = re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = text.replace('"results/syntax/', '"')  # an artifact may be called as a twin is
        words = set(re.findall(r"[\w+-]+", text))
        assert not words & names, path
        assert "lambda" not in words and ("def" not in words or path.stem == "common"), path
        assert not words & {"script", "run"}, path
        assert len(text.splitlines()) <= 150


def test_steps_read_no_configuration() -> None:
    for path in (PROJECT / "src").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not path.stem.endswith(("config", "parameters")):
            assert "results/" not in text, path
        if path.parent.name == "steps":
            assert "config.yaml" not in text and "snakemake" not in text, path


def test_environments_have_the_same_pins() -> None:
    lines = (PROJECT / "requirements/constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {line for line in lines if line and not line.startswith("#")}
    for path in (PROJECT / "envs").glob("*.yaml"):
        packages = yaml.safe_load(path.read_text(encoding="utf-8"))["dependencies"][-1]["pip"]
        own = {p for p in packages if path.stem == "tpu" and p.startswith("torch")}
        assert set(packages) - own <= pins, path
    names = {re.split("==", pin)[0] for pin in pins}
    for file in ("base.txt", "clusters.txt", "dev.txt", "parse.txt"):
        wanted = (PROJECT / "requirements" / file).read_text(encoding="utf-8").splitlines()
        assert {line.split("#")[0].strip() for line in wanted} - {""} <= names
