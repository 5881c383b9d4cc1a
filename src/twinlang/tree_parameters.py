"""What the rules of trees and syntax read and pass on to their steps, as the configuration has it.

As in `twinlang.parameters`: canonical JSON, in which nothing stands that a step does not depend on.
"""

from __future__ import annotations

import json
from typing import Any

from twinlang import config as study
from twinlang import hub_parameters as hub
from twinlang import modules
from twinlang.cli import UserError
from twinlang.config import ORIG, TREES, Config, canonical, cells, of_language
from twinlang.parameters import corpus_settings, source_files, task_settings

TREEBANK = "trees"  # folder of the user's trees, and kind of what is fetched from it


def twin_steps(config: Config, lang: str, twin: str) -> str:
    """The steps of a language's twin, with what they take from the language."""
    return canonical(study.steps_of(config, lang, twin))


def twin_files(config: Config, lang: str, twin: str) -> list[str]:
    """The files that the steps of a twin read, each once."""
    return list(dict.fromkeys(path for _, path in _files_of(config, lang, twin)))


def treebanks(config: Config, lang: str, twin: str) -> list[str]:
    """The languages whose trees a twin's models or its own trees are learned from."""
    found = [value for value, _ in _files_of(config, lang, twin)]
    if study.reads_trees(config, twin) and _needs(config, lang) in ("model", "source"):
        found.append(lang)
    return list(dict.fromkeys(found))


def treebanks_needed(config: Config) -> list[tuple[str, str, str]]:
    """Every (language, kind, split) of a treebank that the experiments fetch."""
    pairs = {
        (cell.lang, cell.twin): None
        for e in config["experiments"]
        for cell in cells(config, e["name"])
    }
    langs = {lang: None for pair in pairs for lang in treebanks(config, *pair)}
    return [(lang, TREEBANK, split) for lang in langs for split in ("train", "dev")]


def _files_of(config: Config, lang: str, twin: str) -> list[tuple[str, str]]:
    """Values of the parameters that name files, and the files."""
    found = []
    for step in study.steps_of(config, lang, twin):
        name = study.step_name(step)
        folders = modules.constant("transforms", name, "FILES", {})
        found += [
            (step[name][key], f"results/{folders[key]}/{step[name][key]}.json") for key in folders
        ]
    return found


def derived_from(config: Config, lang: str, twin: str, data: str) -> str:
    """What a twin is made of: the encoded original, with its trees where a step reads them."""
    form = TREES if study.reads_trees(config, twin) else ORIG
    return f"results/encoded/{lang}/{form}/{data}.arrow"


def leave_out(config: Config, data: str) -> str:
    """The flag of a corpus, which may lack sentences; a task must have all that its records say."""
    return "--leave-out" if data.startswith("corpus/") else ""


def corpus_trees(config: Config, form: str, lang: str, domain: str, half: str) -> list[str]:
    """The shards of a corpus's trees, in order; none for the form without trees."""
    if form != TREES:
        return []
    shards = of_language(config, lang, "syntax")["shards"]
    folder = f"results/trees/{lang}/corpus/{domain}-{half}"
    return [f"{folder}/{shard}.conllu" for shard in range(shards)]


def task_trees(config: Config, form: str, lang: str, task: str, split: str) -> list[str]:
    """The trees of a split of a task; none for the form without trees."""
    return [f"results/trees/{lang}/{task}/{split}.conllu"] if form == TREES else []


def _needs(config: Config, lang: str) -> str:
    """What the parser of a language needs: its source, a trained model or a folder."""
    return str(modules.constant("parsers", of_language(config, lang, "syntax")["parser"], "NEEDS"))


def parser_files(config: Config, lang: str) -> list[str]:
    """The model of a language's parser, or where its published models lie, if it has such."""
    if has_published_models(config, lang):
        return [hub.manifest(lang, "parser")]
    parser = of_language(config, lang, "syntax")["parser"]
    return [f"results/parsers/{lang}.{parser}"] if _needs(config, lang) == "model" else []


def has_published_models(config: Config, lang: str) -> bool:
    """Whether a language's parser has its models from the Hub, not from a folder."""
    block = of_language(config, lang, "syntax")
    return _needs(config, lang) == "folder" and not block[block["parser"]]["folder"]


def parsed_from(config: Config, lang: str) -> list[str]:
    """The user's trees, where sentences are looked up in them."""
    if _needs(config, lang) != "source":
        return []
    found = [source_files(config, lang, TREEBANK, split) for split in ("train", "dev")]
    return [path for paths in found for path in paths]


def corpus_parser(config: Config, lang: str) -> str:
    """The parser of a corpus and its settings."""
    return _parser(config, lang, corpus_settings(config, lang))


def task_parser(config: Config, lang: str, task: str) -> str:
    """The parser of a task and its settings."""
    return _parser(config, lang, task_settings(config, lang, task))


def _parser(config: Config, lang: str, source: str) -> str:
    block = of_language(config, lang, "syntax")
    own = dict(block.get(block["parser"], {})) if _needs(config, lang) == "folder" else {}
    own.pop("hub", None)  # what was fetched stands in the manifest
    more = {"source": json.loads(source)} if _needs(config, lang) == "source" else {}
    return canonical({"parser": block["parser"], **own, **more})


def trained_parser(config: Config, lang: str) -> str:
    """How a language's parser is trained."""
    block = of_language(config, lang, "syntax")
    return canonical(block[block["parser"]])


def shards(config: Config, lang: str) -> int:
    """In how many shards a corpus of the language is parsed."""
    return int(of_language(config, lang, "syntax")["shards"])


def treebank_files(config: Config, lang: str, split: str) -> list[str]:
    """The user's file that a split of a treebank is made from."""
    return source_files(config, lang, TREEBANK, split)


def treebank_name(config: Config, lang: str) -> str:
    """Name, version and licence of a language's treebank."""
    built_in = {
        "name": "built-in grammar",
        "version": f"seed {config['sources']['builtin'].get('seed')}",
        "licence": "Apache-2.0",
    }
    language = config["languages"][lang]
    unknown = dict.fromkeys(built_in, "not stated")
    known = built_in if language["source"] == "builtin" else unknown
    return canonical({**known, **language.get("treebank", {})})


def ordering_settings(config: Config, lang: str) -> str:
    """How a language's ordering models are trained."""
    return canonical(of_language(config, lang, "syntax")["ordering"])


# Reports ------------------------------------------------------------------------------------------


def _syntax_twins(config: Config, lang: str) -> dict[str, list[Any]]:
    """The twins that read trees, by name: their steps that do. Of equal ones the first.

    Raises:
        UserError: the language has none.
    """
    found: dict[str, list[Any]] = {}
    for twin in study.tree_twins(config, lang):
        steps = study.steps_of(config, lang, twin)
        kept = [step for step in steps if study.has(study.step_name(step), "TREES")]
        if kept not in found.values():
            found[twin] = kept
    if not found:
        raise UserError(
            f"results/syntax/{lang}.csv: no experiment has a syntax twin of {lang}; add one to the "
            "twins of an experiment of that language"
        )
    return found


def _syntax_targets(config: Config, lang: str) -> list[str]:
    """The languages that these twins' nouns and verbs follow."""
    given = [next(iter(steps[0].values())) for steps in _syntax_twins(config, lang).values()]
    return list(dict.fromkeys(g[k] for g in given for k in ("nouns", "verbs")))


def syntax_twins(config: Config, lang: str) -> str:
    """The twins of a proof sheet and their steps, as a parameter."""
    return canonical(_syntax_twins(config, lang))


def syntax_targets(config: Config, lang: str) -> str:
    """The languages that they follow, as a parameter."""
    return canonical(_syntax_targets(config, lang))


def syntax_inputs(config: Config, lang: str) -> dict[str, Any]:
    """Held-out trees of a language and of its targets, and the models between them."""
    codes = lang, *_syntax_targets(config, lang)
    paths = [f"results/trees/{code}/treebank/dev.conllu" for code in codes]
    twins = _syntax_twins(config, lang)
    files = dict.fromkeys(path for twin in twins for path in twin_files(config, lang, twin))
    return {"source": paths[0], "targets": paths[1:], "files": list(files)}


def order_reports(config: Config) -> list[str]:
    """The distances of all twins, and the proof sheets of languages with a syntax twin."""
    langs = dict.fromkeys(lang for lang, _ in distance_cells(config))
    sheets = [f"results/syntax/{lang}.csv" for lang in langs if study.tree_twins(config, lang)]
    return ["results/distances.csv", *sheets]


def distance_cells(config: Config) -> list[tuple[str, str]]:
    """Every language and twin that experiments name, each once."""
    found: dict[tuple[str, str], None] = {}
    for entry in config["experiments"]:
        found |= {(cell.lang, cell.twin): None for cell in cells(config, entry["name"])}
    return list(found)


def distance_corpora(config: Config) -> list[str]:
    """The twins' corpora, in the order of `distance_cells`."""
    return [
        f"results/encoded/{lang}/{twin}/corpus/main-a.arrow"
        for lang, twin in distance_cells(config)
    ]
