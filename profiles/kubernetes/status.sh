#!/bin/sh
# Prints success, failed or running: status.sh NAME. A job that cannot be asked after is taken to run, and asked again.
here=$(dirname "$0")
export PYTHONPATH="$here/../../src${PYTHONPATH:+:$PYTHONPATH}"
python -m twinlang.kubernetes status "$1" || echo running
