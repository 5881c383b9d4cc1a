"""A stand-in for the steps, where a test asks what would run and not what it computes."""

from __future__ import annotations

from pathlib import Path

import pytest

# Makes the outputs of a step: every file that its flags name and that is not there yet.
FAKE = """#!/bin/sh
for value in "$@"; do
    case $value in
        *.predictions.jsonl | *\\ * ) ;;
        results/*.*) [ -e "$value" ] || echo "$value" >"$value" ;;
    esac
    case $value in
        results/metrics/*/m[zo].json | results/metrics/*/b[zs].json)
            echo "$value" >"${value%.json}.predictions.jsonl" ;;
    esac
done
"""


@pytest.fixture(scope="session")
def fake_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a `python` that makes a step's outputs and computes nothing."""
    folder = tmp_path_factory.mktemp("fake")
    (folder / "python").write_text(FAKE, encoding="utf-8")
    (folder / "python").chmod(0o755)
    return folder
