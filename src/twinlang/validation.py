"""Checks of the configuration: every error at once, one sentence each, with key and remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from twinlang import modules, pair_parameters, parameters, tree_parameters, tree_validation
from twinlang.cli import UserError
from twinlang.config import MONO, ORIG, TREES, Config, cells, of_language, step_name
from twinlang.naming import closest, said, unknown

KINDS = {
    "object": "a block of keys",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def check(config: Config, schema: str | Path) -> None:
    """Does nothing for a sound configuration.

    Raises:
        UserError: all errors, one a line.
    """
    found = problems(config, schema)
    if found:
        count = f"{len(found)} error{'s' * (len(found) > 1)}"
        raise UserError("\n".join([f"the configuration has {count}:", *found]))


def problems(config: Config, schema: str | Path) -> list[str]:
    """All errors of a configuration; names are compared where the forms are right, and the user's
    files are looked for where the names are right too."""
    rules = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    errors = sorted(Draft202012Validator(rules).iter_errors(config), key=lambda e: _path(e.path))
    found = [sentence for error in errors for sentence in _sentences(error)]
    if not found:
        pairs = pair_parameters.faults
        for compare in (_sources, _languages, _twins, _tasks, _experiments, _numbers, pairs):
            found += compare(config)
    if not found:
        found += [*_files(config), *_models(config)]
    return list(dict.fromkeys(found))


# Forms --------------------------------------------------------------------------------------------


def _path(parts: Iterable[Any]) -> str:
    """`languages.en.tokenizer.vocabulary`, or `experiments[1].twins[0]`."""
    written = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts)
    return written.removeprefix(".")


def _sentences(error: ValidationError) -> Iterator[str]:
    """What one error of the schema says to a user."""
    if error.validator == "anyOf":  # a source's settings, or a step of a twin: report the nearest
        nearest = min(_branches(error), key=_distance)
        for inner in nearest:
            yield from _sentences(inner)
    elif error.validator == "additionalProperties":
        yield from _unknown_keys(error)
    elif error.validator == "required":
        yield from _missing_keys(error)
    else:
        key = _path(error.absolute_path) or "the configuration"
        yield f"{key}: {_must(error)}{_hint(error)}"


def _branches(error: ValidationError) -> list[list[ValidationError]]:
    grouped: dict[Any, list[ValidationError]] = {}
    for inner in error.context or []:
        grouped.setdefault(inner.schema_path[0], []).append(inner)
    right = [
        group for group in grouped.values() if all(e.path or e.validator != "type" for e in group)
    ]
    return right or list(grouped.values())


def _distance(group: list[ValidationError]) -> tuple[int, int]:
    """How far a branch is from what was meant: keys that it does not know count first."""
    return sum(e.validator == "additionalProperties" for e in group), len(group)


def _parts(error: ValidationError) -> tuple[Any, Any, Any]:
    """The value that is wrong, what the schema's keyword says, and the schema around it."""
    return error.instance, error.validator_value, error.schema


def _unknown_keys(error: ValidationError) -> Iterator[str]:
    block, _, schema = _parts(error)
    known = list(schema.get("properties", {}))
    for key in block:
        if key not in known:
            where = _path([*error.absolute_path, key])
            yield f"{where}: there is no such key{closest(str(key), known)}"


def _missing_keys(error: ValidationError) -> Iterator[str]:
    block, required, schema = _parts(error)
    for key in required:
        if key not in block:
            about = schema.get("properties", {}).get(key, {}).get("description", "")
            where = _path([*error.absolute_path, key])
            yield f"{where}: the key is missing; add it ({about.rstrip('.') or 'see config.yaml'})"


def _must(error: ValidationError) -> str:
    """What the value must be, with its unit."""
    value, limit, schema = _parts(error)
    counted = f" ({schema['unit']})" if "unit" in schema else ""
    forms = {
        "type": lambda: f"must be {KINDS.get(limit, limit)}{counted}, {_found(value)}",
        "enum": lambda: f"must be one of {', '.join(limit)}, not {value!r}",
        "const": lambda: f"must be {limit}, not {value!r}",
        "minimum": lambda: f"must be {limit} or more{counted}, not {value!r}",
        "maximum": lambda: f"must be {limit} or less{counted}, not {value!r}",
        "exclusiveMinimum": lambda: f"must be more than {limit}{counted}, not {value!r}",
        "exclusiveMaximum": lambda: f"must be less than {limit}{counted}, not {value!r}",
        "minItems": lambda: f"needs at least {limit} entr{'y' if limit == 1 else 'ies'}",
        "maxItems": lambda: f"has more than {limit} entries; remove some",
        "minProperties": lambda: "is empty; add an entry",
        "maxProperties": lambda: "has several keys; write one list entry for each",
        "minLength": lambda: "is empty; write a value",
        "uniqueItems": lambda: "has an entry twice; remove one",
        "pattern": lambda: f"{value!r} cannot be a name; use letters, digits, '+', '.', '_', '-'",
    }
    return forms[str(error.validator)]()


def _found(value: Any) -> str:
    return "but is empty" if value is None else f"not {value!r}"


def _hint(error: ValidationError) -> str:
    """YAML reads 1e-4 as text, which puzzles everybody once."""
    value = error.instance
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d+e[-+]?\d+", value, re.IGNORECASE):
        return f"; YAML needs a point before the e, as in {value.lower().replace('e', '.0e')}"
    return ""


# Names --------------------------------------------------------------------------------------------


def _sources(config: Config) -> Iterator[str]:
    yield from unknown("sources", "source", config["sources"], modules.names("sources"))
    blocks = {f"sources.{name}.items": block["items"] for name, block in config["sources"].items()}
    for lang, language in config["languages"].items():
        blocks[f"languages.{lang}.settings.items"] = language.get("settings", {}).get("items", {})
    for where, items in blocks.items():
        yield from unknown(where, "task", items, config["tasks"])


def _languages(config: Config) -> Iterator[str]:
    for lang, language in config["languages"].items():
        where = f"languages.{lang}"
        known = [name for name in config["sources"] if name in modules.names("sources")]
        yield from unknown(f"{where}.source", "source", [language["source"]], known)
        yield from unknown(f"{where}.tasks", "task", language.get("tasks", []), config["tasks"])
        target = [language["syntax_target"]] if "syntax_target" in language else []
        yield from unknown(f"{where}.syntax_target", "language", target, config["languages"])
        yield from _settings(where, language, config)
        if language["source"] == "builtin":  # the only source whose languages are known beforehand
            known = modules.constant("grammar", "lexicon", "LANGUAGES")
            yield from unknown(where, "built-in language", [lang], known)
    yield from _data(config)


def _settings(where: str, language: Mapping[str, Any], config: Config) -> Iterator[str]:
    block = config["sources"].get(language["source"], {})
    for key in language.get("settings", {}):
        if key not in block:
            yield f"{where}.settings.{key}: its source has no such key{closest(key, block)}"


def _files(config: Config) -> Iterator[str]:
    """What experiments need and the user's folder lacks."""
    needed = parameters.sources_needed(config) + tree_parameters.treebanks_needed(config)
    for lang, kind, split in needed:
        for error in said(parameters.source_files, config, lang, kind, split):
            yield f"languages.{lang}: {error}"


def _models(config: Config) -> Iterator[str]:
    """Folders of imported models that experiments need and that hold none."""
    wanted = {
        (cell.lang, twin, pairing, cell.seed): None
        for entry in config["experiments"]
        for cell in cells(config, entry["name"])
        for twin, pairing in ((cell.twin, cell.pairing), (ORIG, MONO))
        if "model" in config["languages"][cell.lang]
    }
    for lang, twin, pairing, seed in wanted:
        folder = parameters.checkpoint(config, lang=lang, twin=twin, pairing=pairing, seed=seed)
        if not (folder / "config.json").exists():
            yield f"languages.{lang}.model: {folder} holds no config.json; name a model's folder"


def _data(config: Config) -> Iterator[str]:
    """The folder of the user's files, where a language that runs needs it."""
    run = {lang for entry in config["experiments"] for lang in entry["languages"]}
    if not any(config["languages"].get(lang, {}).get("source") == "files" for lang in run):
        return
    if "data" not in config:
        yield (
            "data: the key is missing; name the folder with your files, "
            "as in: snakemake TARGET --configfile FILE --config data=FOLDER"
        )
    elif not Path(config["data"]).is_dir():
        yield f"data: there is no folder {config['data']}; name one of the form in docs/adding.md"


def _twins(config: Config) -> Iterator[str]:
    known = modules.names("transforms")
    for twin, steps in config["twins"].items():
        where = f"twins.{twin}"
        if twin in (ORIG, TREES):
            yield f"{where}: the name is taken by the untouched language; choose another"
        yield from unknown(where, "transform", map(step_name, steps), known)
        for step in steps:
            if isinstance(step, Mapping) and step_name(step) in known:
                name = step_name(step)
                allowed = modules.parameters(name)
                yield from unknown(where, f"parameter of {name}", step[name], sorted(allowed))
                yield from _values(f"{where}.{name}", name, step[name])
                named = modules.constant("transforms", name, "FROM_LANGUAGE", {})
                given = [value for key, value in step[name].items() if key in named]
                yield from unknown(where, "language", given, config["languages"])
        spelling = [s for s in steps if step_name(s) in known and _respells(step_name(s))]
        if len(spelling) > 1:
            yield f"{where}: only one step may change the script; remove a step"


def _values(where: str, transform: str, given: Mapping[str, Any]) -> Iterator[str]:
    allowed = modules.values(transform)
    for key in given.keys() & allowed.keys():
        for error in Draft202012Validator(allowed[key]).iter_errors(given[key]):
            yield f"{where}.{key}: {_must(error)}{_hint(error)}"


def _respells(transform: str) -> bool:
    return modules.defines("transforms", transform, "respell")


def _tasks(config: Config) -> Iterator[str]:
    yield from unknown("tasks", "task", config["tasks"], modules.names("tasks"))
    if MONO in config["pairings"]:
        yield f"pairings.{MONO}: the name is taken by the monolingual model; choose another"


def _experiments(config: Config) -> Iterator[str]:
    names = [entry["name"] for entry in config["experiments"]]
    for name in {name for name in names if names.count(name) > 1}:
        yield f"experiments: '{name}' stands there twice; rename one"
    yield from tree_validation.faults(config)
    kinds = {"languages": "language", "twins": "twin", "pairings": "pairing", "tasks": "task"}
    for entry in config["experiments"]:
        for block, kind in kinds.items():
            where = f"experiments.{entry['name']}.{block}"
            yield from unknown(where, kind, entry[block], config[block])


# Numbers that must fit each other -----------------------------------------------------------------


def _numbers(config: Config) -> Iterator[str]:
    model = config["model"]
    if model["hidden"] % model["heads"]:
        yield f"model.heads: {model['heads']} must divide model.hidden ({model['hidden']})"
    for lang, language in config["languages"].items():
        where = f"languages.{lang}.pretrain" if "pretrain" in language else "pretrain"
        yield from _pretrain(where, of_language(config, lang, "pretrain"), model)
    for task, block in config["tasks"].items():
        if block.get("max_length", 0) > model["positions"]:
            yield (
                f"tasks.{task}.max_length: {block['max_length']} is more than model.positions "
                f"({model['positions']}); make it smaller"
            )


def _pretrain(where: str, block: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[str]:
    if block["row"] > model["positions"]:
        yield f"{where}.row: {block['row']} must be at most model.positions ({model['positions']})"
    if block["warmup"] >= block["steps"]:
        yield f"{where}.warmup: {block['warmup']} must be less than its steps ({block['steps']})"
    if block["mask_token"] + block["mask_random"] > 1:
        yield f"{where}.mask_random: with mask_token it is more than 1; make it smaller"
