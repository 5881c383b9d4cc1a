"""What the rules share: the legal values of wildcards, and the functions that rules name.
READS    the configuration; all of its meaning is in twinlang.config and twinlang.parameters
"""

import re

from twinlang import config as study
from twinlang import parameters, validation
from twinlang.cli import UserError
from twinlang.versions import VERSIONS

try:
    validation.check(config, f"{workflow.basedir}/schemas/config.schema.yaml")
except UserError as error:
    raise WorkflowError(str(error)) from None


def one_of(names):
    """A regular expression of exactly these names; `+` and `.` stand for themselves."""
    return "|".join(map(re.escape, names))


wildcard_constraints:
    lang=one_of(config["languages"]),
    twin=one_of(config["twins"]),
    pairing=one_of(config["pairings"]),
    task=one_of(config["tasks"]),
    domain="main|other",
    half="a|b",
    split="train|dev",
    form=f"{study.ORIG}|{study.TREES}",  # without and with the trees of its sentences
    shard=r"\d+",
    seed=r"\d+",
    fseed=r"\d+",
    experiment=one_of(entry["name"] for entry in config["experiments"]),
    table=one_of([*study.TABLES, study.RETRIEVAL]),


# Names of the untouched language and of its monolingual model, beside those of the configuration.
ANY_TWIN = one_of([*config["twins"], study.ORIG])
ANY_PAIRING = one_of([*config["pairings"], study.MONO])
# What is derived: a corpus or a split of a task, by its path within results/encoded/{lang}/orig.
ANY_DATA = rf"corpus/(main|other)-[ab]|({one_of(config['tasks'])})/(train|dev)"


def asked(function, *names):
    """The function that asks the configuration about wildcards of these names."""

    def of_wildcards(wildcards):
        return function(config, *(wildcards[name] for name in names))

    return of_wildcards


# Inputs -----------------------------------------------------------------------


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


def deriv_corpus(wildcards):
    """The twin's corpus, which the pairing chooses."""
    return "results/encoded/{}/{}/corpus/{}.arrow".format(
        wildcards.lang,
        wildcards.twin,
        parameters.deriv_corpus(config, wildcards.pairing),
    )


def experiment_metrics(wildcards):
    """All metric files of an experiment."""
    return study.metrics(config, wildcards.experiment)


def all_scores(wildcards):
    """The tidy scores of every experiment."""
    return [f"results/scores/{entry['name']}.csv" for entry in config["experiments"]]


def table_scores(wildcards):
    """The tidy scores that a table reads; an error names the experiment that is missing."""
    try:
        return study.table_scores(config, wildcards.table)
    except UserError as error:
        raise WorkflowError(str(error)) from None


def final_tables():
    """The tables whose experiments the configuration has, as CSV and HTML."""
    return expand(
        "results/{table}.{form}", table=study.tables(config), form=["csv", "html"]
    )


# Parameters -------------------------------------------------------------------


corpus_settings = asked(parameters.corpus_settings, "lang")
task_settings = asked(parameters.task_settings, "lang", "task")
finetune_settings = asked(parameters.finetune_settings, "task")


def tokenizer(key):
    """The function that looks up a key of a language's tokenizer."""

    def of_language(wildcards):
        return study.of_language(config, wildcards.lang, "tokenizer")[key]

    return of_language


def table_twins(wildcards):
    return study.table_twins(config, wildcards.table)


def pretrain_settings(wildcards):
    return parameters.pretrain_settings(config, **wildcards)


def retrieval_settings(wildcards):
    return parameters.finetune_settings(config, study.RETRIEVAL)


def coordinates(wildcards):
    return parameters.coordinates(**wildcards)


def retrieval_coordinates(wildcards):
    return parameters.coordinates(**wildcards, task=study.RETRIEVAL)


def alignment_coordinates(wildcards):
    return parameters.coordinates(**wildcards, task=study.ALIGNMENT)


def say_what_is_left_out():
    """Lists the cells that experiments ask for and cannot have."""
    if lines := study.left_out(config):
        logger.info(lines)
