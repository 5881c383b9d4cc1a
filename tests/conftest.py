"""What all tests share: fixed randomness, one thread, no network, and a micro study made once."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.hub_server import Hub
from tests.offline import forbid_network

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: other work runs beside
HUB, HOME = Hub(), Path(tempfile.mkdtemp(prefix="twinlang-hub-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
# Before huggingface_hub is imported, which reads them once: all that asks for a Hub asks this one.
os.environ |= {"HF_ENDPOINT": HUB.url, "HF_HOME": str(HOME), "HF_HUB_DISABLE_TELEMETRY": "1"}
for name in ("HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN_PATH", "TRANSFORMERS_OFFLINE"):
    os.environ.pop(name, None)
forbid_network()

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

from tests.foreign import foreign_model, foreign_tokenizer  # noqa: E402
from tests.micro import Study  # noqa: E402

settings.register_profile(
    "twinlang", derandomize=True, deadline=None, database=None, max_examples=30
)
settings.load_profile("twinlang")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The local Hub, empty, and an empty cache; waiting takes no time."""
    import huggingface_hub.file_download
    import huggingface_hub.utils._http

    HUB.clear()
    shutil.rmtree(HOME, ignore_errors=True)
    for module in (huggingface_hub.file_download, huggingface_hub.utils._http):
        monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    yield HUB
    HUB.clear()


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
