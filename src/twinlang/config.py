"""The configuration: what it says for a language, and which cells its experiments have.

Nothing here imports numpy or torch, since the workflow asks at every start.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from twinlang import modules
from twinlang.cli import UserError

Config = Mapping[str, Any]

ORIG, MONO = "orig", "mono"  # folders of the untouched language and of its monolingual model
TREES = "trees"  # folder of the untouched language with the columns of its trees
TRANSLATIONS = "translations"  # folder of the English side of retrieval, for pairs of languages
RETRIEVAL, ALIGNMENT = "retrieval", "alignment"  # measures of a model that is not fine-tuned
TABLES = {  # and experiment
    "table3": "transforms",
    "table5": "transforms",
    "table6": "composed",
    "table8": "pairings",
}
MEASURES = {"table7": ALIGNMENT, RETRIEVAL: RETRIEVAL, ALIGNMENT: ALIGNMENT}  # of all experiments
# Figures and the tables whose rows they show.
FIGURES = {"figure2": "table6", "figure3": "table8", "figure4": "table7", "figure5": "table7"}


class Cell(NamedTuple):
    """One measurement of an experiment; a task without fine-tuning has no fine-tuning seed."""

    lang: str
    twin: str
    pairing: str
    seed: int
    task: str
    fseed: int | None


class Skip(NamedTuple):
    """A measurement that an experiment asks for and that cannot be made, with its reason."""

    lang: str
    twin: str
    task: str
    reason: str


def canonical(value: Any) -> str:
    """JSON with sorted keys: equal values are equal strings."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def of_language(config: Config, lang: str, block: str) -> dict[str, Any]:
    """A block such as `tokenizer` with what the language overrides, merged key by key."""
    return merged(config[block], config["languages"][lang].get(block, {}))


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `base`; mappings merge, everything else replaces."""
    found = dict(base)
    for key, value in over.items():
        old = found.get(key)
        both = isinstance(value, Mapping) and isinstance(old, Mapping)
        found[key] = merged(old, value) if both else value  # type: ignore[arg-type]
    return found


def imported(config: Config) -> list[str]:
    """The languages whose models are not trained here but read from the folder `model`."""
    return [lang for lang, language in config["languages"].items() if "model" in language]


# What twins and tasks are -------------------------------------------------------------------------


def step_name(step: str | Mapping[str, Any]) -> str:
    """The transform of a step, `name` or `{name: {parameter: value}}`."""
    return step if isinstance(step, str) else next(iter(step))


def keeps_spans(config: Config, twin: str) -> bool:
    """Whether every step of a twin keeps runs of pieces together, or is told to keep answers so."""
    return all(
        modules.constant("transforms", step_name(step), "KEEPS_SPANS")
        or (isinstance(step, Mapping) and step[step_name(step)].get("keep_spans", False))
        for step in config["twins"][twin]
    )


def respells(config: Config, twin: str) -> bool:
    """Whether a twin moves ids, so that alignment is defined."""
    names = map(step_name, config["twins"][twin])
    return any(modules.defines("transforms", name, "respell") for name in names)


def is_finetuned(task: str) -> bool:
    """Whether a task has a head to train."""
    return modules.constant("tasks", task, "HEAD") != "none"


def splits(task: str) -> list[str]:
    """The splits of a task's data."""
    return ["train", "dev"] if is_finetuned(task) else ["dev"]


def has(transform: str, mark: str) -> bool:
    """Whether a transform declares something, for example TREES."""
    return modules.defines("transforms", transform, mark)


def reads_trees(config: Config, twin: str) -> bool:
    """Whether a step of a twin reads trees."""
    known = modules.names("transforms")
    names = [step_name(step) for step in config["twins"][twin]]
    return any(name in known and has(name, "TREES") for name in names)


def steps_of(config: Config, lang: str, twin: str) -> list[Any]:
    """The steps of a language's twin; what a step leaves open is taken from the language.

    Raises:
        UserError: the language lacks a key that a step needs.
    """
    language, found = {**config["languages"][lang], "code": lang}, []
    for step in config["twins"][twin]:
        name = step_name(step)
        taken = modules.constant("transforms", name, "FROM_LANGUAGE", {})
        given = step[name] if isinstance(step, Mapping) else {}
        for key in taken.values():
            if key not in language:
                raise UserError(
                    f"languages.{lang}.{key}: the key is missing; the twin {twin} needs it"
                )
        filled = {parameter: language[key] for parameter, key in taken.items()}
        found.append({name: {**filled, **given}} if filled else step)
    return found


def tree_twins(config: Config, lang: str) -> list[str]:
    """The twins of a language that experiments name and that read trees."""
    asked = [entry["twins"] for entry in config["experiments"] if lang in entry["languages"]]
    named = dict.fromkeys(t for twins in asked for t in twins if t in config["twins"])
    return [twin for twin in named if reads_trees(config, twin)]


# What runs ----------------------------------------------------------------------------------------


def experiment(config: Config, name: str) -> dict[str, Any]:
    """An experiment by its name.

    Raises:
        KeyError: the configuration has none of that name.
    """
    found: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in config["experiments"]}
    return found[name]


def cells(config: Config, name: str) -> list[Cell]:
    """The measurements of an experiment, less those that `skipped` lists."""
    left_out = {skip[:3] for skip in skipped(config, name)}
    found = []
    for lang, twin, pairing, task in _combinations(experiment(config, name)):
        if (lang, twin, task) in left_out:
            continue
        seeds: Sequence[int | None] = config["seeds"]["finetune"] if is_finetuned(task) else [None]
        for seed in config["seeds"]["pretrain"]:
            found += [Cell(lang, twin, pairing, seed, task, fseed) for fseed in seeds]
    return found


def skipped(config: Config, name: str) -> list[Skip]:
    """The measurements that an experiment cannot have, each once, with the reason."""
    found = {}
    for lang, twin, _, task in _combinations(experiment(config, name)):
        offered = config["languages"][lang].get("tasks", list(config["tasks"]))
        if task not in offered:
            found[lang, twin, task] = "no data"
        elif modules.constant("tasks", task, "HEAD") == "span" and not keeps_spans(config, twin):
            found[lang, twin, task] = "answers do not stay together"
    return [Skip(*key, reason) for key, reason in found.items()]


def left_out(config: Config) -> str:
    """One line for each reason why experiments lack cells; empty if none does."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for entry in config["experiments"]:
        for skip in skipped(config, entry["name"]):
            where = f"{skip.lang}/{skip.twin}/{skip.task}"
            reasons.setdefault((entry["name"], skip.reason), []).append(where)
    return "\n".join(
        f"experiment {name}: {len(found)} cells left out, {reason}: {', '.join(found)}"
        for (name, reason), found in reasons.items()
    )


def _combinations(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for lang in entry["languages"]:
        for twin in entry["twins"]:
            for pairing in entry["pairings"]:
                for task in entry["tasks"]:
                    yield lang, twin, pairing, task


def metrics(config: Config, experiment: str) -> list[str]:
    """The metric files of an experiment, each once, in the order of its cells."""
    return list(dict.fromkeys(metrics_of(config, cells(config, experiment))))


def metrics_of(config: Config, found: Iterable[Cell]) -> Iterator[str]:
    """The metric files of cells, those that cells share more than once."""
    for cell in found:
        model = f"results/metrics/{cell.lang}/{cell.twin}/{cell.pairing}/s{cell.seed}"
        if not is_finetuned(cell.task):
            yield f"{model}/{cell.task}.json"
        else:
            mono = f"results/metrics/{cell.lang}/{ORIG}/{MONO}/s{cell.seed}"
            seeded = f"{cell.task}/f{cell.fseed}"
            yield from (f"{model}/{seeded}/{setting}.json" for setting in ("bz", "bs", "mz"))
            yield f"{mono}/{seeded}/mo.json"
        if respells(config, cell.twin):
            yield f"{model}/{ALIGNMENT}.json"


# Tables -------------------------------------------------------------------------------------------


def tables(config: Config) -> list[str]:
    """The tables that the configuration's experiments fill."""
    return [table for table in (*TABLES, *MEASURES) if _read_by(config, table)]


def figures(config: Config) -> list[str]:
    """The figures of these tables."""
    return [figure for figure, table in FIGURES.items() if _read_by(config, table)]


def all_scores(config: Config) -> list[str]:
    """The tidy scores of every experiment."""
    return [f"results/scores/{entry['name']}.csv" for entry in config["experiments"]]


def table_scores(config: Config, table: str = "", figure: str = "") -> list[str]:
    """The scores that a table or figure reads: of its experiment, or of all with its measure.

    Raises:
        UserError: the configuration has no such experiment.
    """
    name, table = figure or table, table or FIGURES[figure]
    if not (found := _read_by(config, table)):
        wanted = f"named '{TABLES[table]}'" if table in TABLES else NEEDED[MEASURES[table]]
        raise UserError(
            f"{name} reads an experiment {wanted}; add one to `experiments`, "
            "or take a preset that has one, as config/full.yaml"
        )
    return [f"results/scores/{entry['name']}.csv" for entry in found]


NEEDED = {
    RETRIEVAL: f"with the task {RETRIEVAL}",
    ALIGNMENT: "with a twin that changes the script",
}


def table_twins(config: Config, table: str = "", figure: str = "") -> str:
    """The twins of a table's or figure's experiments, with steps, in the configuration's order."""
    found = _read_by(config, table or FIGURES[figure])
    names = {twin for entry in found for twin in entry["twins"]}
    return json.dumps({twin: steps for twin, steps in config["twins"].items() if twin in names})


def run_twins(config: Config) -> str:
    """The twins of all experiments and their steps."""
    names = {twin for entry in config["experiments"] for twin in entry["twins"]}
    return canonical({twin: steps for twin, steps in config["twins"].items() if twin in names})


def run_languages(config: Config) -> str:
    """The names of the languages of all experiments, by their codes."""
    codes = {lang for entry in config["experiments"] for lang in entry["languages"]}
    return canonical({code: config["languages"][code]["name"] for code in codes})


def _read_by(config: Config, table: str) -> list[dict[str, Any]]:
    """The experiments that a table reads."""
    entries = config["experiments"]
    if MEASURES.get(table) == RETRIEVAL:
        return [entry for entry in entries if RETRIEVAL in entry["tasks"]]
    if MEASURES.get(table) == ALIGNMENT:
        return [e for e in entries if any(respells(config, twin) for twin in e["twins"])]
    return [entry for entry in entries if entry["name"] == TABLES[table]]
