#!/bin/sh
# Deletes Jobs and their pods: cancel.sh NAME ... Snakemake gives it two seconds; what then is left goes on by itself.
setsid kubectl delete job --ignore-not-found --cascade=foreground --wait=false "$@" &
wait $!
