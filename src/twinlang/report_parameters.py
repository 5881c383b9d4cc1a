"""What the report and the drawings of the run are given, as the configuration has it.

Names and coordinates come along with each file, since nothing is parsed out of a file name.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from twinlang import config as study
from twinlang import pair_parameters, tree_parameters
from twinlang.cli import UserError
from twinlang.config import MONO, ORIG, Config, canonical

DYNAMICS = "dynamics"
ALWAYS = ("table1", "table2", "table4")  # tables of what was run
MEASURED = (*study.TABLES, *study.MEASURES)
HIDDEN = "as given by the user"  # in the place of folders, which say where somebody works
FOLDERS = ("data", "model", "folder")  # keys whose values are folders


def parts(config: Config) -> list[dict[str, str]]:
    """The parts of the report in their order: a name, and the files or why there are none."""
    found: list[dict[str, str]] = [_part("claims", "claims", "csv", "html")]
    figures = ["figure1", *study.FIGURES, "training", DYNAMICS]
    found += [_drawn(config, name) for name in figures]
    for name in sorted({*ALWAYS, *study.TABLES, "table7"}) + [study.RETRIEVAL, study.ALIGNMENT]:
        missing = "" if name in ALWAYS else _not_run(config, name)
        found.append(_part("tables", name, "csv", "html", missing=missing))
    found += [_part("tables", name, "csv", "html") for name in pair_parameters.tables(config)]
    found.append(_part("tables", "differences", "csv", "html"))
    found.append(_part("tables", "distances", "csv"))
    for path in tree_parameters.order_reports(config)[1:]:
        found.append(_part("tables", path.removeprefix("results/")[:-4], "csv", "svg"))
    found.append(_part("compare", "compare", "csv", "html"))
    found += [_part("data", name, "csv") for name in ("agreement", "scores")]
    return found


def braced(paths: Iterable[str]) -> str:
    """Paths as a word that Bash expands to them, `a/{b,c}`, grouped by their folders."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        head, _, rest = path.partition("/")
        groups.setdefault(head, []).append(rest)
    words = [
        shlex.quote(head) if rest == [""] else f"{shlex.quote(head)}/{braced(rest)}"
        for head, rest in groups.items()
    ]
    return words[0] if len(words) == 1 else "{" + ",".join(words) + "}"


def _part(group: str, name: str, *forms: str, missing: str = "") -> dict[str, str]:
    part = {"group": group, "name": name, "target": f"results/{name}.{forms[0]}"}
    if missing:
        return {**part, "missing": missing}
    return {**part, **{form: f"results/{name}.{form}" for form in forms}}


def _drawn(config: Config, name: str) -> dict[str, str]:
    missing = _not_run(config, study.FIGURES[name]) if name in study.FIGURES else ""
    if name == DYNAMICS and not Path(f"results/figures/{name}.svg").exists():
        missing = "Learning curves are drawn only where they are asked for: many more trainings."
    if name == "training" and not list(models(config)):
        missing = "No model was trained here: all were read from the user's folder."
    part = _part("figures", f"figures/{name}", "svg", missing=missing)
    return {**part, "name": name}


def _not_run(config: Config, table: str) -> str:
    """Why a table is not there; empty if it is."""
    try:
        study.table_scores(config, table)
    except UserError as error:
        return str(error)
    return ""


def files(config: Config) -> list[str]:
    """The files that the report reads, less the journals."""
    return [part[form] for part in parts(config) for form in ("csv", "html", "svg") if form in part]


def models(config: Config) -> Iterator[tuple[str, str, str, int]]:
    """Language, twin, pairing and seed of every model that the experiments train here."""
    found: dict[tuple[str, str, str, int], None] = {}
    for entry in config["experiments"]:
        for cell in study.cells(config, entry["name"]):
            if cell.lang not in study.imported(config):
                if cell.fseed is not None or cell.task == study.RETRIEVAL:
                    found[cell.lang, ORIG, MONO, cell.seed] = None
                found[cell[:4]] = None
    yield from found


def journals(config: Config) -> list[str]:
    """The progress of the training of each model."""
    return ["results/pretrain/{}/{}/{}/s{}/train.jsonl".format(*place) for place in models(config)]


def journals_told(config: Config) -> str:
    """The same with the models that they are of."""
    keys = ("language", "twin", "pairing", "seed", "path")
    pairs = zip(models(config), journals(config), strict=True)
    return canonical([dict(zip(keys, (*place, path), strict=True)) for place, path in pairs])


def parts_told(config: Config) -> str:
    """The parts, as JSON."""
    return canonical(parts(config))


def shown(config: Config) -> str:
    """The configuration without folders of the user's machine, and without what is not run."""
    run = {
        key: {n for e in config["experiments"] for n in e[key]} for key in ("languages", "twins")
    }
    run["languages"] |= {lang for lang, *_ in tree_parameters.treebanks_needed(config)}
    run["languages"] |= {lang for pair in pair_parameters.pairs(config) for lang in pair}
    used = {
        key: {name: block for name, block in config[key].items() if name in names}
        for key, names in run.items()
    }
    return canonical(_without_folders({**config, **used}))


def _without_folders(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if key in FOLDERS and isinstance(inner, str) else _without_folders(inner)
            for key, inner in value.items()
        }
    return [_without_folders(inner) for inner in value] if isinstance(value, list) else value


def dynamics(config: Config) -> list[str]:
    """The learning curves of one language, pairing and pair of seeds: each twin and task of it."""
    entry = config["experiments"][0]
    langs = [lang for lang in entry["languages"] if lang not in study.imported(config)]
    found: dict[str, None] = {}
    for cell in study.cells(config, entry["name"]):
        first = (langs[:1], entry["pairings"][0], config["seeds"]["pretrain"][0])
        if ([cell.lang], cell.pairing, cell.seed) == first and cell.fseed is not None:
            folder = f"{cell.lang}/{cell.twin}/{cell.pairing}/s{cell.seed}/{cell.task}"
            found[f"results/dynamics/{folder}/f{config['seeds']['finetune'][0]}.csv"] = None
    return list(found)
