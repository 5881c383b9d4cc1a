"""What rules read and what they pass on to their steps, as the configuration has it.

Parameters are canonical JSON, since the workflow compares them as text: the same meaning must be
the same string, and nothing may stand in it that its step does not depend on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twinlang import hub_parameters as hub
from twinlang import modules, sources
from twinlang.config import (
    MONO,
    ORIG,
    Config,
    canonical,
    cells,
    merged,
    metrics,
    of_language,
    splits,
    steps_of,
)
from twinlang.hub import pins


def source_settings(config: Config, lang: str) -> dict[str, Any]:
    """All settings of a language's source; the user's files come with their folder and boundary."""
    language = config["languages"][lang]
    name = language["source"]
    own = {"folder": config["data"], "boundary": config["boundary"]} if name == "files" else {}
    if is_fetched(name) and "data" in config:
        own = {"folder": config["data"]}
    return {"source": name, **own, **merged(config["sources"][name], language.get("settings", {}))}


def is_fetched(source: str) -> bool:
    """Whether the files of a source are made by rules, and are not the user's."""
    return bool(modules.constant("sources", source, "FETCHED", False))


def source_files(config: Config, lang: str, kind: str, split: str) -> list[str]:
    """The files that feed `text/main`, `text/other` or a task: the user's, or what rules fetched.

    Raises:
        UserError: one of the user's is not there.
    """
    settings = source_settings(config, lang)
    plain = kind.removeprefix("text/")
    if is_fetched(settings["source"]) and not hub.from_folder(settings, lang, plain):
        return hub.files(settings, lang, plain)
    source = sources.load(settings["source"])
    return list(source.files(settings, lang=lang, kind=kind, split=split))


def sources_needed(config: Config) -> list[tuple[str, str, str]]:
    """Every (language, kind, split) that the experiments fetch, in the terms of `source_files`."""
    found: dict[tuple[str, str, str], None] = {}
    for entry in config["experiments"]:
        for cell in cells(config, entry["name"]):
            for corpus in config["pairings"][cell.pairing].values():
                domain, half = corpus.split("/")
                found[cell.lang, f"text/{domain}", half] = None
            found |= {(cell.lang, cell.task, split): None for split in splits(cell.task)}
    return list(found)


def corpus_settings(config: Config, lang: str) -> str:
    """What a corpus depends on: no amount of labelled data may make it anew."""
    settings = source_settings(config, lang)
    if is_fetched(settings["source"]):
        return hub.corpus_settings(config, settings)
    return canonical({key: settings[key] for key in settings if key not in ("items", "trees")})


def task_settings(config: Config, lang: str, task: str) -> str:
    """What the data of one task depends on: no size of corpora may make it anew."""
    settings = source_settings(config, lang)
    items = {task: settings["items"].get(task, {})}
    return canonical({**_kept(settings, lang, task), "items": items})


def _kept(settings: dict[str, Any], lang: str, kind: str) -> dict[str, Any]:
    """What labelled data or trees depend on beside their size."""
    if not is_fetched(settings["source"]):
        return {key: settings[key] for key in ("source", "folder", "seed") if key in settings}
    if not hub.from_folder(settings, lang, kind):
        return {"source": settings["source"]}
    return {"source": settings["source"], "from_folder": True, "folder": settings.get("folder")}


def lock(folder: str | Path) -> pins.Lock:
    """The pins of the Hub's data sets, beside the configuration."""
    return pins.read(Path(folder) / pins.NAME)


def table_data(config: Config) -> str:
    """Which data sets of the Hub stand behind each task of each language that takes them there."""
    found: dict[str, dict[str, str]] = {}
    for lang, kind, _ in sources_needed(config):
        settings = source_settings(config, lang)
        if is_fetched(settings["source"]) and not kind.startswith("text/"):
            found.setdefault(kind, {})[lang] = hub.named(settings, lang, kind)
    return canonical(found)


def clean_settings(config: Config, lang: str) -> str:
    """What clean text depends on beside its file."""
    return hub.clean_settings(config, source_settings(config, lang))


def treebank_settings(config: Config, lang: str) -> str:
    """What a treebank depends on."""
    settings = source_settings(config, lang)
    return canonical({**_kept(settings, lang, "trees"), "trees": settings["trees"]})


def tokenizer(config: Config, lang: str, key: str) -> Any:
    """A key of a language's tokenizer."""
    return of_language(config, lang, "tokenizer")[key]


def deriv_corpus(config: Config, pairing: str) -> str:
    """The file name, less its ending, of the corpus that a pairing's deriv side reads."""
    return str(config["pairings"][pairing]["deriv"]).replace("/", "-")


def pretrain_settings(config: Config, *, lang: str, twin: str, pairing: str, seed: str) -> str:
    """What a recipe says: the model, its training, its twin's steps and its seeds."""
    trained = {"model": config["model"], "pretrain": of_language(config, lang, "pretrain")}
    return canonical({**_twin_settings(config, lang, twin, pairing, seed), **trained})


def import_settings(config: Config, *, lang: str, twin: str, pairing: str, seed: str) -> str:
    """What a recipe says of an imported model: what it stands for, and nothing of its training."""
    return canonical(_twin_settings(config, lang, twin, pairing, seed))


def _twin_settings(config: Config, lang: str, twin: str, pairing: str, seed: str) -> dict[str, Any]:
    return {
        "language": lang,
        "name": twin,
        "pairing": pairing,
        "seed": int(seed),
        "twin": [] if twin == ORIG else steps_of(config, lang, twin),
        "twin_seed": config["twin_seed"],
    }


def finetune_settings(config: Config, task: str) -> str:
    """The hyper-parameters of a task."""
    return canonical(config["tasks"][task])


def shown_twins(config: Config) -> str:
    """Which twins are shown by example, with the files of both sides: those of parallel corpora."""
    found = {}
    for entry in config["experiments"]:
        parallel = [p for p in entry["pairings"] if len(set(config["pairings"][p].values())) == 1]
        for lang in entry["languages"] if parallel else []:
            for twin in entry["twins"]:
                found[lang, twin] = {
                    "language": lang,
                    "twin": twin,
                    "steps": config["twins"][twin],
                    "orig": f"results/encoded/{lang}/{ORIG}/corpus/main-a.arrow",
                    "deriv": f"results/encoded/{lang}/{twin}/corpus/main-a.arrow",
                    "tokenizer": f"results/tokenizer/{lang}/tokenizer.json",
                }
    return canonical([value for _, value in sorted(found.items())])


def shown_files(config: Config) -> list[str]:
    """The files of the twins that are shown."""
    names = ("orig", "deriv", "tokenizer")
    shown = json.loads(shown_twins(config))
    return list(dict.fromkeys(entry[name] for entry in shown for name in names))


def reports(config: Config) -> list[str]:
    """The reports of all data that the experiments fetch."""
    found = []
    for lang, kind, split in sources_needed(config):
        folder, _, domain = kind.partition("/")
        place = f"corpus/{lang}/{domain}" if folder == "text" else f"tasks/{lang}/{kind}"
        found.append(f"results/{place}/{split}.report.json")
    return found


def run_pairings(config: Config) -> str:
    """The pairings of all experiments and their corpora."""
    names = {name for entry in config["experiments"] for name in entry["pairings"]}
    return canonical({name: config["pairings"][name] for name in names})


def coordinates(
    _config: Config,
    *,
    lang: str,
    seed: str,
    task: str,
    twin: str = ORIG,
    pairing: str = MONO,
    fseed: str = "",
    setting: str = "",  # stands in the metric itself
) -> str:
    """Where a metric belongs in the tidy scores; no fine-tuning seed where nothing is tuned."""
    return canonical(
        {
            "language": lang,
            "twin": twin,
            "pairing": pairing,
            "pretrain_seed": int(seed),
            "finetune_seed": int(fseed) if fseed else None,
            "task": task,
        }
    )


# Models that come from elsewhere, and models that go there --------------------------------------


def checkpoint(
    config: Config, *, lang: str, twin: str = ORIG, pairing: str = MONO, seed: str | int = ""
) -> Path:
    """The folder of an imported model; without a twin that of the monolingual model."""
    names = {"twin": twin, "pairing": pairing, "seed": seed or config["seeds"]["pretrain"][0]}
    folder = str(config["languages"][lang]["model"])
    for name, value in names.items():
        folder = folder.replace(f"{{{name}}}", str(value))
    return Path(folder)


def checkpoint_files(config: Config, **place: str) -> list[str]:
    """The files of an imported model; config.json, whether it is there or not."""
    folder = checkpoint(config, **place)
    found = {path for form in ("*.json", "*.safetensors") for path in folder.glob(form)}
    return sorted(map(str, found | {folder / "config.json"}))


def checkpoint_folder(config: Config, **place: str) -> str:
    """The folder of an imported model, as a step is given it."""
    return str(checkpoint(config, **place))


def export_data(config: Config, *, lang: str) -> str:
    """What a model card says of the data; the user's own folder is not told."""
    settings = source_settings(config, lang)
    if is_fetched(settings["source"]):
        return canonical(hub.told(settings, lang))
    return canonical({key: value for key, value in settings.items() if key != "folder"})


def known_metrics(config: Config, **place: str) -> list[str]:
    """The metric files of a pre-trained model that are there already, for its model card."""
    folder = "results/metrics/{lang}/{twin}/{pairing}/s{seed}/".format(**place)
    every = {path for entry in config["experiments"] for path in metrics(config, entry["name"])}
    own = {path for path in every if path.startswith(folder) and not path.endswith("/mz.json")}
    return sorted(path for path in own if Path(path).exists())


def tuned_on(config: Config, *, lang: str, twin: str, task: str, setting: str) -> str:
    """The data that BZ or BS was fine-tuned on."""
    side = ORIG if setting == "bz" else twin
    return f"results/encoded/{lang}/{side}/{task}/train.arrow"


def tuned_model(
    config: Config,
    *,
    lang: str,
    twin: str,
    pairing: str,
    seed: str,
    task: str,
    fseed: str,
    setting: str,
) -> str:
    """The weights of a fine-tuned model; the mono model's are kept by the study itself."""
    name = "model" if setting == "mo" else setting
    return f"results/finetune/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/{name}.safetensors"
