"""The configuration: its schema, its errors, what it resolves to, and what rules pass on."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from twinlang import config as study
from twinlang import fetch_parameters, modules, parameters, tree_parameters
from twinlang.cli import UserError
from twinlang.validation import check, problems

PROJECT = Path(__file__).parents[2]
SCHEMA = PROJECT / "schemas/config.schema.yaml"


def load(path: str) -> Any:
    return yaml.safe_load((PROJECT / path).read_text(encoding="utf-8"))


@pytest.fixture
def config() -> dict[str, Any]:
    """The default configuration, to be edited."""
    return copy.deepcopy(load("config.yaml"))


def changed(config: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The configuration with one value changed, `a.b.c`."""
    *parents, last = path.split(".")
    block = config
    for key in parents:
        block = block.setdefault(key, {})
    block[last] = value
    return config


def keys(schema: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that the schema describes, with its description."""
    if isinstance(schema, dict):
        for name, block in schema.get("properties", {}).items():
            yield f"{where}.{name}", block
            yield from keys(block, f"{where}.{name}")
        for part in ("items", "additionalProperties"):
            yield from keys(schema.get(part), f"{where}[]")
        for name, block in schema.get("$defs", {}).items():
            yield f"{name}", block
            yield from keys(block, name)


def test_every_key_has_type_description_reason() -> None:
    schema = load("schemas/config.schema.yaml")
    found = dict(keys(schema))
    assert len(found) > 80
    for where, block in found.items():
        if "$ref" in block:
            continue
        assert {"type", "enum", "const"} & set(block), where
        assert block.get("description") and block.get("reason"), where
        if block.get("type") == "object":
            assert {"additionalProperties", "anyOf"} & set(block), where
        if block.get("type") == "integer" and not where.endswith("seed"):
            assert "unit" in block or where.startswith("model."), where


def test_the_default_and_the_presets_are_sound(config: dict[str, Any]) -> None:
    assert problems(config, SCHEMA) == []
    assert problems(study.merged(config, load("tests/workflow/tiny.yaml")), SCHEMA) == []


FORMS = [
    ("pretrain.stepz", 1, "pretrain.stepz: there is no such key; did you mean steps?"),
    ("languages.en.colour", 1, "languages.en.colour: there is no such key; there are name, "),
    ("pretrain.steps", "many", "pretrain.steps: must be a whole number (updates), not 'many'"),
    ("pretrain.steps", True, "pretrain.steps: must be a whole number (updates), not True"),
    ("pretrain.mask", 1.5, "pretrain.mask: must be less than 1 (share of pieces), not 1.5"),
    ("tokenizer.vocabulary", 100, "tokenizer.vocabulary: must be 262 or more (pieces), not 100"),
    ("pretrain.learning_rate", "1e-4", "YAML needs a point before the e, as in 1.0e-4"),
    ("boundary", "word", "boundary: must be one of sentence, line, not 'word'"),
    ("pairings.parallel.orig", "main/b", "pairings.parallel.orig: must be main/a, not 'main/b'"),
    ("seeds.pretrain", [0, 0], "seeds.pretrain: has an entry twice; remove one"),
    ("seeds.pretrain", [], "seeds.pretrain: needs at least 1 entry"),
    ("pretrain.betas", [0.9], "pretrain.betas: needs at least 2 entries"),
    ("languages.e/n", {"name": "x", "source": "builtin"}, "'e/n' cannot be a name"),
    ("languages.de", {"name": "German"}, "languages.de.source: the key is missing; add it (Where"),
    ("languages.en.settings", {"sentencs": 5}, "settings.sentencs: there is no such key; did you"),
    ("languages.en.settings", {"sentences": "x"}, "must be a whole number (sentences), not 'x'"),
    ("twins.odd", [["inversion"]], "twins.odd[0]: must be text, not ['inversion']"),
    ("tasks.pos", None, "tasks.pos: must be a block of keys, but is empty"),
    ("experiments", {}, "experiments: must be a list, not {}"),
]
NAMES = [
    ("languages.en.source", "builtn", "there is no source 'builtn'; did you mean builtin?"),
    ("languages.en.tasks", ["poss"], "languages.en.tasks: there is no task 'poss'; did you mean"),
    ("languages.en.syntax_target", "de", "there is no language 'de'; there are en, fr, hi, ar"),
    ("languages.de", {"name": "German", "source": "builtin"}, "no built-in language 'de'"),
    ("languages.en.settings", {"longest": 9}, "languages.en.settings.longest: its source has no"),
    ("twins.odd", ["inverson"], "there is no transform 'inverson'; did you mean inversion?"),
    ("twins.odd", [{"transliteration": {"share": 1}}], "no parameter of transliteration 'share'"),
    ("twins.odd", ["transliteration"] * 2, "twins.odd: only one step may change the script"),
    ("twins.orig", ["inversion"], "twins.orig: the name is taken by the untouched language"),
    ("twins.trees", ["inversion"], "twins.trees: the name is taken by the untouched language"),
    ("twins.odd", [{"syntax": {"nouns": "de"}}], "twins.odd: there is no language 'de'"),
    ("syntax.parser", "spacy", "syntax.parser: there is no parser 'spacy'; there are stanza, "),
    ("syntax.stanza.hub.id", "stanza", "syntax.stanza.hub.id: "),
    ("pairings.mono", {"orig": "main/a", "deriv": "main/b"}, "pairings.mono: the name is taken"),
    ("tasks.parsing", {}, "tasks: there is no task 'parsing'"),
    ("sources.builtin.items.poss", {}, "sources.builtin.items: there is no task 'poss'"),
    ("languages.en.source", "files", "data: the key is missing; name the folder"),
    ("model.heads", 3, "model.heads: 3 must divide model.hidden (64)"),
    ("pretrain.row", 1000, "pretrain.row: 1000 must be at most model.positions (512)"),
    ("pretrain.warmup", 10**6, "pretrain.warmup: 1000000 must be less than its steps"),
    ("languages.fr.pretrain", {"steps": 1}, "languages.fr.pretrain.warmup: "),
    ("pretrain.mask_random", 0.5, "pretrain.mask_random: with mask_token it is more than 1"),
    ("tasks.pos.max_length", 4096, "tasks.pos.max_length: 4096 is more than model.positions"),
]


@pytest.mark.parametrize(("path", "value", "message"), FORMS + NAMES)
def test_one_error_is_one_sentence(
    config: dict[str, Any], path: str, value: Any, message: str
) -> None:
    found = problems(changed(config, path, value), SCHEMA)
    assert len(found) == 1 and message in found[0], found


@pytest.mark.parametrize("block", ["languages", "twins", "pairings", "tasks"])
def test_names_of_experiments(config: dict[str, Any], block: str) -> None:
    config["experiments"][0][block] = ["nowhere"]
    (found,) = problems(config, SCHEMA)
    assert found.startswith(f"experiments.transforms.{block}: there is no {block[:-1]} 'nowhere'")


def test_an_experiment_twice(config: dict[str, Any]) -> None:
    config["experiments"][1]["name"] = "transforms"
    assert problems(config, SCHEMA) == ["experiments: 'transforms' stands there twice; rename one"]


def test_all_errors_at_once(config: dict[str, Any]) -> None:
    for path, value, _ in FORMS[:1] + FORMS[4:8]:
        changed(config, path, value)
    with pytest.raises(UserError) as raised:
        check(config, SCHEMA)
    lines = str(raised.value).splitlines()
    assert lines[0] == "the configuration has 5 errors:" and len(lines) == 6


def test_a_folder_that_is_not_there(config: dict[str, Any], tmp_path: Path) -> None:
    config["languages"]["en"]["source"] = "files"
    config["data"] = str(tmp_path / "nowhere")
    (found,) = problems(config, SCHEMA)
    assert found.startswith("data: there is no folder") and "docs/adding.md" in found
    config["data"] = str(tmp_path)
    found = problems(config, SCHEMA)
    assert len(found) > 5 and all(line.startswith("languages.en: ") for line in found)


def test_languages_override_key_by_key(config: dict[str, Any]) -> None:
    config["languages"]["hi"]["tokenizer"] = {"vocabulary": 2048}
    config["languages"]["hi"]["settings"] = {"items": {"pos": {"train": 7}}}
    assert study.of_language(config, "hi", "tokenizer")["vocabulary"] == 2048
    assert study.of_language(config, "hi", "tokenizer")["min_frequency"] == 2
    assert study.of_language(config, "en", "tokenizer") == config["tokenizer"]
    items = parameters.source_settings(config, "hi")["items"]
    assert items["pos"] == {**config["sources"]["builtin"]["items"]["pos"], "train": 7}
    assert config["sources"]["builtin"]["items"]["pos"]["train"] != 7


def test_cells_and_what_is_left_out(config: dict[str, Any]) -> None:
    config["languages"]["fr"]["tasks"] = ["nli", "ner", "pos"]
    cells, skipped = study.cells(config, "transforms"), study.skipped(config, "transforms")
    assert len(cells) == len(set(cells))
    asked = 4 * 4 * 5
    assert len(cells) + len(skipped) == asked
    reasons = {(s.lang, s.twin, s.task): s.reason for s in skipped}
    assert reasons["en", "permutation", "qa"] == "answers do not stay together"
    assert reasons["fr", "inversion", "qa"] == reasons["fr", "inversion", "retrieval"] == "no data"
    assert reasons["hi", "syntax", "qa"] == "answers do not stay together"
    assert len(skipped) == 4 + 4 + 6  # fr without qa and retrieval; twins that scatter answers
    told = study.left_out(config)
    assert "experiment transforms: 8 cells left out, no data: fr/inversion/qa" in told
    assert "6 cells left out, answers do not stay together: en/permutation/qa" in told


def test_seeds_meet_each_other(config: dict[str, Any]) -> None:
    config["seeds"] = {"pretrain": [0, 1], "finetune": [5, 6, 7]}
    cells = [c for c in study.cells(config, "composed") if c.twin == "inversion"]
    assert {(c.seed, c.fseed) for c in cells if c.task == "pos"} == {
        (s, f) for s in (0, 1) for f in (5, 6, 7)
    }
    assert {(c.seed, c.fseed) for c in cells if c.task == "retrieval"} == {(0, None), (1, None)}


def test_metrics_of_an_experiment(config: dict[str, Any]) -> None:
    found = study.metrics(config, "composed")
    model = "results/metrics/en/inversion+transliteration/parallel/s0"
    for name in ("pos/f0/bz", "pos/f0/bs", "qa/f0/mz", "retrieval", "alignment"):
        assert f"{model}/{name}.json" in found
    assert "results/metrics/en/orig/mono/s0/pos/f0/mo.json" in found
    assert "results/metrics/en/inversion/parallel/s0/alignment.json" not in found
    assert len(found) == len(set(found))


def test_tables_and_their_experiments(config: dict[str, Any]) -> None:
    measured = ["table7", "retrieval", "alignment"]
    assert study.tables(config) == ["table3", "table5", "table6", *measured]
    assert study.table_scores(config, "table6") == ["results/scores/composed.csv"]
    assert list(json.loads(study.table_twins(config, "table6"))) == [
        "inversion", "syntax", "transliteration",
        "inversion+transliteration", "syntax+transliteration",
    ]  # fmt: skip
    del config["experiments"][1]
    assert study.tables(config) == ["table3", "table5", *measured]
    with pytest.raises(UserError, match="table6 reads an experiment named 'composed'"):
        study.table_scores(config, "table6")


def test_parameters_hold_what_a_step_depends_on(config: dict[str, Any]) -> None:
    def passed() -> dict[str, str]:
        place = {"lang": "en", "twin": "inversion", "pairing": "parallel", "seed": "0"}
        return {
            "corpus": parameters.corpus_settings(config, "en"),
            "pos": parameters.task_settings(config, "en", "pos"),
            "nli": parameters.task_settings(config, "en", "nli"),
            "pretrain": parameters.pretrain_settings(config, **place),
            "finetune": parameters.finetune_settings(config, "pos"),
        }

    edits = {
        "sources.builtin.sentences": {"corpus"},
        "sources.builtin.items.nli.train": {"nli"},
        "sources.builtin.seed": {"corpus", "nli", "pos"},
        "pretrain.steps": {"pretrain"},
        "model.layers": {"pretrain"},
        "twin_seed": {"pretrain"},
        "tasks.pos.epochs": {"finetune"},
        "tokenizer.vocabulary": set(),
    }
    for path, expected in edits.items():
        before = passed()
        changed(config, path, 4321)
        after = passed()
        assert {name for name in after if after[name] != before[name]} == expected, path


def test_steps_take_from_the_language_what_they_leave_open(config: dict[str, Any]) -> None:
    config["twins"]["both"] = [{"syntax": {"verbs": "hi", "share": 0.9}}, "transliteration"]
    first, second = study.steps_of(config, "ar", "both")
    assert first == {"syntax": {"nouns": "en", "verbs": "hi", "own": "ar", "share": 0.9}}
    assert second == "transliteration" and study.steps_of(config, "ar", "inversion") == [
        "inversion"
    ]
    files = [f"results/ordering/{lang}.json" for lang in ("en", "hi", "ar")]
    assert tree_parameters.twin_files(config, "ar", "both") == files
    assert tree_parameters.twin_files(config, "ar", "inversion") == []
    assert tree_parameters.treebanks(config, "ar", "both") == ["en", "hi", "ar"]
    recipe = parameters.pretrain_settings(
        config, lang="ar", twin="both", pairing="parallel", seed="0"
    )
    assert json.loads(recipe)["twin"] == [first, second]
    del config["languages"]["ar"]["syntax_target"]
    with pytest.raises(UserError, match="languages.ar.syntax_target: the key is missing; the twin"):
        study.steps_of(config, "ar", "syntax")
    assert any("languages.ar.syntax_target" in line for line in problems(config, SCHEMA))


def test_only_twins_that_read_trees_need_them(config: dict[str, Any]) -> None:
    data = "corpus/main-a"
    assert tree_parameters.derived_from(config, "en", "syntax", data).startswith(
        "results/encoded/en/trees/"
    )
    assert tree_parameters.derived_from(config, "en", "inversion", data).startswith(
        "results/encoded/en/orig/"
    )
    assert tree_parameters.corpus_trees(config, "orig", "en", "main", "a") == []
    config["languages"]["en"]["syntax"] = {"shards": 3, "parser": "udpipe"}
    assert len(tree_parameters.corpus_trees(config, "trees", "en", "main", "a")) == 3
    assert tree_parameters.parser_files(config, "en") == ["results/parsers/en.udpipe"]
    assert (
        tree_parameters.parser_files(config, "fr")
        == []
        == tree_parameters.parsed_from(config, "fr")
    )
    assert "source" in json.loads(tree_parameters.corpus_parser(config, "fr"))
    assert json.loads(tree_parameters.task_parser(config, "en", "pos")) == {"parser": "udpipe"}


def test_treebanks_say_what_they_are(config: dict[str, Any]) -> None:
    assert json.loads(tree_parameters.treebank_name(config, "en"))["name"] == "built-in grammar"
    config["languages"]["fr"] |= {"source": "files", "treebank": {"name": "GSD", "version": "2.5"}}
    found = json.loads(tree_parameters.treebank_name(config, "fr"))
    assert found == {"name": "GSD", "version": "2.5", "licence": "not stated"}


def test_equal_meanings_are_equal_strings(config: dict[str, Any]) -> None:
    before = parameters.finetune_settings(config, "pos")
    config["tasks"]["pos"] = dict(reversed(config["tasks"]["pos"].items()))
    assert parameters.finetune_settings(config, "pos") == before


def test_recipes_of_bilingual_and_mono_models(config: dict[str, Any]) -> None:
    mono = json.loads(
        parameters.pretrain_settings(config, lang="en", twin="orig", pairing="mono", seed="3")
    )
    assert mono["twin"] == [] and mono["seed"] == 3
    twin = "inversion+transliteration"
    both = json.loads(
        parameters.pretrain_settings(config, lang="en", twin=twin, pairing="parallel", seed="3")
    )
    assert both["twin"] == ["inversion", "transliteration"]
    assert both["pretrain"] == mono["pretrain"] and both["model"] == mono["model"]


def test_modules_are_read_without_import() -> None:
    known = {"inversion", "permutation", "reversal", "shuffle", "syntax", "transliteration"}
    assert set(modules.names("transforms")) == known
    assert modules.names("parsers") == ["stanza", "treebank", "udpipe"]
    assert modules.names("tasks") == ["ner", "nli", "pos", "qa", "retrieval"]
    assert {"builtin", "files"} <= set(modules.names("sources"))
    assert modules.constant("transforms", "permutation", "KEEPS_SPANS") is False
    assert modules.parameters("transliteration") == {"fraction"}
    assert "unit" in modules.parameters("permutation")


def test_the_paper_is_the_paper(config: dict[str, Any]) -> None:
    """Section 3.4 and Appendix F."""
    paper = study.merged(config, load("config/paper.yaml"))
    model = {key: paper["model"][key] for key in ("layers", "heads", "hidden")}
    assert model == {"layers": 8, "heads": 8, "hidden": 512}
    assert paper["tokenizer"]["vocabulary"] == 40000
    training = paper["pretrain"]
    assert (training["steps"], training["learning_rate"], training["warmup"]) == (
        500000,
        1e-4,
        10000,
    )
    assert training["tokens"] == 128 * 512 and training["short_first"]["steps"] == 0
    rates = {task: block.get("learning_rate") for task, block in paper["tasks"].items()}
    assert rates["nli"] == rates["ner"] == rates["pos"] == 2e-5 and rates["qa"] == 3e-5
    epochs = {task: block.get("epochs") for task, block in paper["tasks"].items()}
    assert (epochs["nli"], epochs["ner"], epochs["pos"], epochs["qa"]) == (5, 10, 10, 2)


@pytest.mark.parametrize(
    "step, expected",
    [
        ({"permutation": {"unit": "words"}}, "permutation.unit: must be one of piece, word"),
        ({"permutation": {"keep_spans": 7}}, "permutation.keep_spans: must be true or false"),
        ({"transliteration": {"fraction": 5}}, "transliteration.fraction: must be 1 or less"),
        ({"transliteration": {"fraction": "half"}}, "transliteration.fraction: must be a number"),
        ({"shuffle": {"window": -3}}, "shuffle.window: must be 1 or more"),
        ({"syntax": {"draw": "all"}}, "syntax.draw: must be one of sample, best"),
    ],
)
def test_values_of_a_twins_parameters(
    config: dict[str, Any], step: dict[str, Any], expected: str
) -> None:
    config["twins"]["mine"] = [step]
    (found,) = problems(config, SCHEMA)
    assert found.startswith(f"twins.mine.{expected}")


def test_every_parameter_of_a_transform_has_its_values() -> None:
    for name in modules.names("transforms"):
        named = modules.constant("transforms", name, "FROM_LANGUAGE", {})
        assert modules.parameters(name) - named.keys() <= modules.values(name).keys(), name


def test_published_models_are_named_for_every_language_that_is_parsed(
    config: dict[str, Any],
) -> None:
    config["syntax"]["parser"] = "stanza"
    assert not problems(config, SCHEMA)
    del config["syntax"]["stanza"]["hub"]["models"]["hi"]
    (told,) = problems(config, SCHEMA)
    assert told.startswith("syntax.stanza.hub.models.hi: the key is missing; name its models")
    config["languages"]["hi"]["syntax"] = {"stanza": {"folder": "models"}}
    assert not problems(config, SCHEMA)
    assert tree_parameters.parser_files(config, "hi") == []
    assert tree_parameters.parser_files(config, "fr") == ["results/hub/fr/parser.json"]
    expected = fetch_parameters.megabytes(config, lock={}, lang="fr", kind="parser")
    assert expected == config["syntax"]["stanza"]["hub"]["mb"]
    needed = {lang for name, lang in fetch_parameters.needed(config) if name == "stanza"}
    assert needed == {"en", "fr", "ar"}


def test_trees_are_not_looked_up_for_text_of_the_hub(config: dict[str, Any]) -> None:
    config["languages"]["en"]["source"] = "hub"
    (told,) = [line for line in problems(config, SCHEMA) if "finds no trees" in line]
    assert "languages.en.syntax.parser: treebank" in told and "udpipe or stanza" in told
