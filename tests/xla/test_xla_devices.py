"""Training on XLA devices, here the CPU's: `make test-xla`, in an environment of its own.

CPU_NUM_DEVICES=2 shares each forward pass out over two devices.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("torch_xla", reason="torch_xla is not installed; make test-xla has it")

from tests.micro import MODEL, SETTINGS, VOCABULARY, Study, step
from tests.unit import test_steps as cell
from twinlang import devices, journal, pretraining, recipe, retrieval, sentences, tasks, xla
from twinlang.cli import read_lines
from twinlang.devices import Engine
from twinlang.finetuning import classifier, finetune, predict
from twinlang.model import Encoder, Shape
from twinlang.resume import Resume

STEPS, TWIN = 40, ["inversion", "transliteration"]


def engine(device: str, precision: str = "fp32") -> Engine:
    flags = {"device": device, "precision": precision, "micro_batch": 0, "threads": 1}
    return replace(devices.prepare(argparse.Namespace(**flags)), fused=False)


@pytest.fixture(scope="module")
def xla_engine() -> Engine:
    """First of all: torch counts its devices at the first backward pass of any."""
    return engine("xla")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return Study(tmp_path_factory.mktemp("study"))


def trained(study: Study, folder: Path, on: Engine, **more: Any) -> tuple[Any, list[float]]:
    """Weights and losses of a training."""
    settings = recipe.read(study.copied_recipe(folder, TWIN, steps=STEPS))
    corpora = [list(sentences.batches(study.corpus(twin))) for twin in ([], TWIN)]
    log = folder / "train.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "LOG_SECONDS", 0.0)
        model = pretraining.pretrain(settings, corpora, engine=on, log=log, **more)
    weights = {name: tensor.cpu() for name, tensor in model.state_dict().items()}
    return weights, [json.loads(line)["loss"] for line in log.read_text().splitlines()]


def compare(one: tuple[Any, list[float]], two: tuple[Any, list[float]], tolerance: float) -> None:
    assert one[1] == pytest.approx(two[1], abs=tolerance)
    for name, tensor in one[0].items():
        assert (tensor - two[0][name]).abs().max() < 10 * tolerance, name


@pytest.fixture(scope="module")
def on_xla(study: Study, xla_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A training, and how many programs had been compiled after so many steps."""
    counts: dict[int, int] = {}

    def note(_model: Any, steps: int) -> None:
        counts[steps] = xla.compilations()

    found = trained(study, tmp_path_factory.mktemp("xla"), xla_engine, checkpoint=note)
    return *found, {**counts, STEPS: xla.compilations()}


def test_losses_are_those_of_the_cpu(study: Study, on_xla: Any, tmp_path: Path) -> None:
    compare(on_xla[:2], trained(study, tmp_path, engine("cpu")), 2e-4)


def test_nothing_is_compiled_after_the_first_steps(on_xla: Any) -> None:
    counts = on_xla[2]
    assert 0 < counts[16] == counts[32] == counts[STEPS] < 12


def test_several_devices_share_the_rows(xla_engine: Engine) -> None:
    assert xla_engine.parts == int(os.environ.get("CPU_NUM_DEVICES", 1))


def test_bf16_learns_too(study: Study, xla_engine: Engine, on_xla: Any, tmp_path: Path) -> None:
    _, losses = trained(study, tmp_path, replace(xla_engine, precision="bf16"))
    assert losses == pytest.approx(on_xla[1], abs=0.05)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("first", ["xla", "cpu"])
def test_a_state_moves_between_devices(
    study: Study, xla_engine: Engine, on_xla: Any, tmp_path: Path, first: str
) -> None:
    order = [xla_engine, engine("cpu")] if first == "xla" else [engine("cpu"), xla_engine]

    class Enough(Exception):
        pass

    def stop(_model: Any, steps: int) -> None:
        if steps == 8:
            raise Enough

    with pytest.raises(Enough), Resume(tmp_path, "a" * 64, every=-1.0) as resume:
        trained(study, tmp_path, order[0], resume=resume, checkpoint=stop)
    assert list(tmp_path.glob(".resume.*.safetensors"))
    with Resume(tmp_path, "a" * 64) as resume:
        compare(on_xla[:2], trained(study, tmp_path, order[1], resume=resume), 2e-4)


def tuned(study: Study, name: str, on: Engine, epochs: int = 4) -> tuple[float, Any]:
    """Score on the dev set, and predictions, of a model fine-tuned on a task."""
    task = tasks.load(name)
    settings = {**SETTINGS, "dropout": 0.0, "freeze_embeddings": False, "language": "en"}
    settings["epochs"] = epochs
    shape = {"model": {**MODEL, "rows": VOCABULARY, "initializer_range": 0.2}}
    train, dev = (read_lines(study.items(name, split)) for split in ("train", "dev"))
    data, shown = (sentences.read(study.task(name, split, [])) for split in ("train", "dev"))
    model = on.place(classifier(shape, task, settings, seed=0))
    common: Any = {"task": task, "settings": settings, "engine": on}
    finetune(model, data=data, records=train, seed=0, **common)
    found = predict(model, data=shown, records=dev, **common)
    return task.score(dev, found, settings)[task.METRIC], found


@pytest.mark.parametrize("name", ["pos", "ner", "nli", "qa"])
def test_a_task_is_tuned_and_scored_as_on_the_cpu(
    study: Study, xla_engine: Engine, name: str
) -> None:
    before = xla.compilations()
    there = tuned(study, name, xla_engine)
    compiled = xla.compilations()
    here = tuned(study, name, engine("cpu"))
    assert there == here
    tuned(study, name, xla_engine, epochs=8)
    assert 0 < compiled - before < 8 and xla.compilations() == compiled


def test_a_task_is_tuned_in_bf16(study: Study, xla_engine: Engine) -> None:
    score, _ = tuned(study, "pos", replace(xla_engine, precision="bf16"))
    assert score == pytest.approx(tuned(study, "pos", engine("cpu"))[0], abs=10.0)


def test_the_steps_of_a_cell_run(study: Study, xla_engine: Engine, tmp_path: Path) -> None:
    """Fine-tuning, the monolingual one and its zero-shot, retrieval, with dropout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cell, "step", partial(step, device="xla"))
        cell.finetuned(study, tmp_path, "pos")
        model = cell.finetuned_mono(study, tmp_path, "pos")
        cell.evaluated(study, tmp_path, "pos", model, TWIN)
        cell.retrieved(study, tmp_path / "retrieval.json", TWIN)
    for name in ("bz", "bs", "mo", "mz", "retrieval"):
        assert json.loads((tmp_path / f"{name}.json").read_text())["device"] == "xla"


def test_sentences_are_embedded_as_on_the_cpu(study: Study, xla_engine: Engine) -> None:
    torch.manual_seed(0)
    encoder = Encoder(Shape(rows=VOCABULARY, **MODEL))
    data = sentences.read(study.task("retrieval", "dev", []))
    here = retrieval.embed(encoder, data, max_length=96, engine=engine("cpu"))
    there = retrieval.embed(xla_engine.place(encoder), data, max_length=96, engine=xla_engine)
    assert here.shape == there.shape and (here - there).abs().max() < 1e-4
