"""What the rules share: the legal values of wildcards, and the functions that rules name.
READS    the configuration; all of its meaning is in twinlang.config and twinlang.parameters
"""

import re

from twinlang import config as study
from twinlang import fetch_parameters, hub_parameters, orphans, pair_parameters
from twinlang import parameters, procedure_parameters, report_parameters
from twinlang import slurm_queue, tree_parameters, validation, yaml_keys
from twinlang.cli import UserError
from twinlang.versions import VERSIONS

try:
    yaml_keys.check(workflow.configfiles)
    validation.check(config, f"{workflow.basedir}/schemas/config.schema.yaml")
    LOCK = parameters.lock(workflow.basedir)
except UserError as error:
    raise WorkflowError(str(error)) from None


def one_of(names):
    """A regular expression of exactly these names; `+` and `.` stand for themselves."""
    return "|".join(map(re.escape, names)) or "(?!)"  # no names: nothing


def from_config(function, names=None, **fixed):
    """An input or a parameter that a function makes of the wildcards of these names, or of all."""

    def of_wildcards(wildcards):
        chosen = wildcards.keys() if names is None else names
        try:
            return function(config, **{n: wildcards[n] for n in chosen}, **fixed)
        except UserError as error:
            raise WorkflowError(str(error)) from None

    return of_wildcards


wildcard_constraints:
    lang=one_of(config["languages"]),
    source=one_of(config["languages"]),
    twin=one_of(config["twins"]),
    pairing=one_of(config["pairings"]),
    task=one_of(config["tasks"]),
    domain="main|other",
    half="a|b",
    split="train|dev",
    form=f"{study.ORIG}|{study.TREES}|{study.TRANSLATIONS}",
    shard=r"\d+",
    kind=one_of(["main", "other", "trees", "parser", *config["tasks"]]),
    seed=r"\d+",
    fseed=r"\d+",
    setting="bz|bs|mo",
    experiment=one_of(entry["name"] for entry in config["experiments"]),
    table=one_of([*study.TABLES, *study.MEASURES]),
    figure=one_of(study.FIGURES),


# With the names of the untouched language and of its monolingual model.
ANY_TWIN = one_of([*config["twins"], study.ORIG])
ANY_PAIRING = one_of([*config["pairings"], study.MONO])
# Languages whose models are read from the user's folder, and those whose models are trained here.
IMPORTED = one_of(study.imported(config))
TRAINED = one_of(config["languages"].keys() - study.imported(config))
# What is derived: a corpus or a split of a task, by its path within results/encoded/{lang}/orig.
ANY_DATA = rf"corpus/(main|other)-[ab]|({one_of(config['tasks'])})/(train|dev)"


def corpus_files(wildcards):
    """The user's text files that a corpus is made from; none for built-in languages."""
    return parameters.source_files(
        config, wildcards.lang, f"text/{wildcards.domain}", wildcards.half
    )


def task_files(wildcards):
    """The user's files that a split of a task is made from; none for built-in languages."""
    return parameters.source_files(
        config, wildcards.lang, wildcards.task, wildcards.split
    )


checkpoint_files = from_config(parameters.checkpoint_files)
mono_files = from_config(parameters.checkpoint_files, ["lang"])
known_metrics = from_config(parameters.known_metrics)
tuned_on = from_config(parameters.tuned_on, ["lang", "twin", "task", "setting"])
tuned_model = from_config(parameters.tuned_model)
experiment_metrics = from_config(study.metrics)
all_scores = from_config(study.all_scores)
table_scores = from_config(study.table_scores)


def deriv_corpus(wildcards):
    """The twin's corpus, which the pairing chooses."""
    corpus = parameters.deriv_corpus(config, wildcards.pairing)
    return f"results/encoded/{wildcards.lang}/{wildcards.twin}/corpus/{corpus}.arrow"


corpus_settings = from_config(parameters.corpus_settings, ["lang"])
task_settings = from_config(parameters.task_settings, ["lang", "task"])


def tokenizer(key):
    """A parameter that is this key of a language's tokenizer."""
    return from_config(parameters.tokenizer, ["lang"], key=key)


def braced_metrics(wildcards, input):
    """The metric files as Bash writes many: a command of thousands of names is too long."""
    return report_parameters.braced(input.metrics)


table_twins = from_config(study.table_twins)
pretrain_settings = from_config(parameters.pretrain_settings)
import_settings = from_config(parameters.import_settings)
checkpoint_folder = from_config(parameters.checkpoint_folder)
mono_folder = from_config(parameters.checkpoint_folder, ["lang"])
export_data = from_config(parameters.export_data, ["lang"])
finetune_settings = from_config(parameters.finetune_settings, ["task"])
retrieval_settings = from_config(parameters.finetune_settings, [], task=study.RETRIEVAL)
coordinates = from_config(parameters.coordinates)
retrieval_coordinates = from_config(parameters.coordinates, task=study.RETRIEVAL)
alignment_coordinates = from_config(parameters.coordinates, task=study.ALIGNMENT)
procedure = from_config(procedure_parameters.chained, [], rules=workflow.rules)


def begin():
    """Says what is left out or not pinned; ends what a killed run has left in a queue."""
    if lines := study.left_out(config):
        logger.info(lines)
    executor, locked = workflow.executor_plugin.name, workflow.execution_settings.lock
    command = getattr(workflow.executor_settings, "submit_cmd", None) or ""
    jobs = list(workflow.dag.needrun_jobs())
    try:
        hub_parameters.check(j.params.pins for j in jobs if j.rule.name == "fetch_hub")
        if executor == "slurm":
            slurm_queue.check_partitions(jobs)
        orphans.end(executor, locked=locked, say=logger.info, command=command)
    except UserError as error:
        raise WorkflowError(str(error)) from None
