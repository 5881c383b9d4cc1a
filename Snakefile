"""Twinlang: which shared properties of two languages let a masked language model transfer?

snakemake --cores all results/table3.csv        the default study, as in config.yaml
snakemake --list-rules                          what the steps are
snakemake -n --configfile config/small.yaml ... a preset, laid over config.yaml
"""

import shlex
import sys

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.0")


# The steps are those of this checkout, in whichever environment a rule runs.
sys.path.insert(0, f"{workflow.basedir}/src")
shell.prefix(f"export PYTHONPATH={shlex.quote(workflow.basedir)}/src; ")


configfile: f"{workflow.basedir}/config.yaml"


include: "rules/common.smk"
include: "rules/hub.smk"
include: "rules/corpus.smk"
include: "rules/encode.smk"
include: "rules/tasks.smk"
include: "rules/trees.smk"
include: "rules/syntax.smk"
include: "rules/pretrain.smk"
include: "rules/import.smk"
include: "rules/dynamics.smk"
include: "rules/finetune.smk"
include: "rules/measure.smk"
include: "rules/publish.smk"
include: "rules/pairs.smk"
include: "rules/paper.smk"
include: "rules/describe.smk"
include: "rules/export.smk"
include: "rules/report.smk"


rule all:
    """The report, and with it every table and figure of the configuration's experiments."""
    default_target: True
    input:
        "results/report.html",
        study.all_scores(config),  # else scores that are refused leave what was made before


onstart:
    begin()
