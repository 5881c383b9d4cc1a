"""What all tests share: fixed randomness, one thread, and a micro study made once a session."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: other work runs beside

import pytest
from hypothesis import settings

from tests.foreign import foreign_model, foreign_tokenizer
from tests.micro import Study

settings.register_profile(
    "twinlang", derandomize=True, deadline=None, database=None, max_examples=30
)
settings.load_profile("twinlang")


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Corpus, tokenizer, tasks and two pre-trained models, a few kilobytes; read only."""
    return Study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def tokenizer_file(study: Study) -> Path:
    return study.tokenizer


@pytest.fixture(scope="session")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in the form of roberta-base; read only."""
    folder = tmp_path_factory.mktemp("foreign")
    foreign_tokenizer(folder)
    foreign_model(folder)
    return folder


@pytest.fixture
def copy(foreign: Path, tmp_path: Path) -> Path:
    """The same, to be spoilt."""
    shutil.copytree(foreign, tmp_path / "copy")
    return tmp_path / "copy"
