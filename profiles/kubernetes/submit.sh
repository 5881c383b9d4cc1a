#!/bin/sh
# Makes a Job of Kubernetes of a job of Snakemake, and prints its name: submit.sh JOBSCRIPT
here=$(dirname "$0")
export PYTHONPATH="$here/../../src${PYTHONPATH:+:$PYTHONPATH}"
exec python -m twinlang.kubernetes submit "$here/job.yaml" "$1"
