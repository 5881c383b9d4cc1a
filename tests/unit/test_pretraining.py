"""Pre-training: rows, masks and micro-batches of a recipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from safetensors.torch import load_file

from tests.micro import MODEL, PRETRAIN, data_of
from twinlang import kernels, pretraining, sentences, transforms
from twinlang.batching import Rows
from twinlang.cli import UserError
from twinlang.devices import Engine
from twinlang.model import MaskedLM, Shape
from twinlang.pretraining import (
    EVEN,
    make_rows,
    masked_loss,
    masking_of,
    micro_batches,
    planned,
    pretrain,
)
from twinlang.sentences import Sentences

VOCABULARY = 50
TWIN = ["inversion", "transliteration"]


def recipe(**more: Any) -> dict[str, Any]:
    settings = {**PRETRAIN, "tokens": 256, "short_first": {"steps": 0.5, "length": 8}, **more}
    model = {**MODEL, "rows": 2 * VOCABULARY}
    found = {"model": model, "pretrain": settings, "twin": TWIN, "twin_seed": 0, "seed": 0}
    return {**found, "vocabulary": VOCABULARY}


def corpora() -> list[Sentences]:
    """Sixty sentences of four different pieces, and their twins."""
    orig = data_of([[1] * (n % 11 + 2) for n in range(60)], vocabulary=VOCABULARY)
    orig = orig.with_columns(pieces=(5 + orig.columns["mark"] % 4).astype(np.uint32))
    return [orig, transforms.apply(orig, TWIN, vocabulary=VOCABULARY, seed=0)]


def wrapped() -> list[list[Sentences]]:
    return [[corpus] for corpus in corpora()]


def trained(data: list[Sentences] | None = None, *, micro_batch: int = 0, **more: Any) -> MaskedLM:
    engine = Engine(micro_batch=micro_batch, **more.pop("engine", {}))
    made = {**recipe(**more), **({"seed": more["seed"]} if "seed" in more else {})}
    return pretrain(made, [[c] for c in data or corpora()], engine=engine)


def difference(one: MaskedLM, other: MaskedLM) -> float:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return max(float((a - b).abs().max()) for a, b in pairs)


def test_it_learns_and_is_the_same_each_time() -> None:
    model = trained(steps=40)
    assert difference(trained(), trained()) == 0
    assert difference(trained(), trained(seed=1)) > 0.01
    assert not model.training
    rows = make_rows(recipe(), wrapped())
    (batch,) = micro_batches(rows, np.arange(len(rows)), masking_of(recipe(), 2), (9, 9), Engine())
    torch.manual_seed(0)
    fresh = MaskedLM(Shape(**recipe()["model"]))
    with torch.no_grad():
        before, after = (
            float(masked_loss(m, batch.tensors)) / batch.targets for m in (fresh, model)
        )
    assert before == pytest.approx(np.log(2 * VOCABULARY), abs=0.1) and after < before - 1


def test_micro_batches_change_rounding_alone() -> None:
    assert 0 < difference(trained(), trained(micro_batch=64)) < 1e-4


def test_a_compiled_loss_sees_few_shapes_and_computes_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: set[int] = set()

    def compiled(loss: Any, mode: str) -> Any:
        def noted(model: Any, tensors: dict[str, Any]) -> torch.Tensor:
            seen.add(len(tensors["targets"]))
            return loss(model, tensors)

        assert mode == "default"
        return noted

    monkeypatch.setattr(torch, "compile", compiled)
    assert difference(trained(), trained(engine={"compiled": "default"})) < 1e-5
    assert seen and all(size % EVEN == 0 for size in seen)


@pytest.mark.parametrize("pack", [False, True])
def test_the_parts_of_a_step_are_the_step(pack: bool) -> None:
    made = recipe(pack=pack, row=24)
    rows, masking = make_rows(made, wrapped()), masking_of(made, 2)
    (whole,) = micro_batches(rows, np.arange(20), masking, (0, 3), Engine())
    parts = micro_batches(rows, np.arange(20), masking, (0, 3), Engine(micro_batch=60))
    ids = [whole.tensors["ids"], *(part.tensors["ids"] for part in parts)]
    assert all(found is not None for found in ids) and len(parts) > 3
    assert (torch.cat(ids[1:]) == ids[0]).all()  # type: ignore[arg-type]
    targets = [part.tensors["targets"] for part in parts]
    assert (torch.cat(targets) == whole.tensors["targets"]).all()  # type: ignore[arg-type]
    assert sum(p.targets for p in parts) == whole.targets
    assert sum(p.places for p in parts) == whole.places
    for part in parts:
        assert part.tensors["ids"] is not None and part.tensors["ids"].numel() <= 60
        model = MaskedLM(Shape(**made["model"]))
        assert masked_loss(model, part.tensors).isfinite()


def test_a_mono_model_reads_one_language() -> None:
    (orig, _), made = corpora(), recipe()
    rows = make_rows(made, [[orig]])
    assert len(rows) == 60 and not rows.language.any()
    assert len(masking_of(made, 1).tables) == 1
    model = trained([orig], steps=5)
    assert model.encoder.pieces.weight.shape == (100, 16)


def test_random_pieces_are_drawn_from_where_the_recipe_says() -> None:
    own, orig = (masking_of(recipe(random_from=name), 2).tables for name in ("own", "orig"))
    assert own[1].tolist() == [*range(5), *range(55, 100)] and own[0].tolist() == list(range(50))
    assert orig[1].tolist() == list(range(50))


def test_short_rows_come_first() -> None:
    rows = make_rows(recipe(), wrapped())
    settings = recipe(steps=10, short_first={"steps": 0.4, "length": 8})["pretrain"]
    longest = [int(rows.lengths[batch].max()) for batch in islice(planned(rows, settings, 0), 30)]
    assert max(longest[:4]) <= 8 < max(longest[4:])
    settings = recipe(steps=10, short_first={"steps": 0.0, "length": 8})["pretrain"]
    longest = [int(rows.lengths[batch].max()) for batch in islice(planned(rows, settings, 0), 4)]
    assert max(longest) > 8


def test_rows_are_cut_to_what_the_model_can_read() -> None:
    long = data_of([[200], [3]], vocabulary=VOCABULARY)
    rows: Rows = make_rows(recipe(row=512), [[long]])
    assert rows.lengths.tolist() == [MODEL["positions"], 5]
    assert make_rows(recipe(row=64), [[long]]).lengths.tolist() == [64, 5]


def test_what_cannot_be_trained_is_refused() -> None:
    tiny = data_of([[1, 1]], vocabulary=VOCABULARY)
    with pytest.raises(UserError, match="pretrain.row: the corpus does not fill one row"):
        make_rows(recipe(pack=True, row=64), [[tiny]])
    settings = recipe(short_first={"steps": 0.5, "length": 3})["pretrain"]
    with pytest.raises(UserError, match="pretrain.short_first.length: no row is that short"):
        next(planned(make_rows(recipe(), [[tiny]]), settings, 0))
    empty = replace(tiny, offsets=np.zeros(1, dtype=np.int64), columns={"pieces": np.empty(0)})
    with pytest.raises(UserError, match="does not fill one row"):
        make_rows(recipe(), [[empty]])


def test_checkpoints_are_spaced_by_powers_of_two() -> None:
    seen: list[tuple[int, torch.Tensor]] = []

    def note(model: MaskedLM, steps: int) -> None:
        seen.append((steps, model.bias.detach().clone()))

    made = recipe(steps=11)
    model = pretrain(made, wrapped(), engine=Engine(), checkpoint=note)
    assert [steps for steps, _ in seen] == [0, 1, 2, 4, 8]
    torch.manual_seed(0)
    assert (seen[0][1] == MaskedLM(Shape(**made["model"])).bias).all()
    assert (seen[-1][1] != model.bias).any()
    assert difference(model, pretrain(made, wrapped(), engine=Engine())) == 0


RUN = [sys.executable, "-m"]
MANY = [*RUN, "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m"]
ENVIRONMENT = {
    "PYTHONPATH": str(Path(pretraining.__file__).parents[1]),
    "OMP_NUM_THREADS": "1",
}


def prepared(folder: Path, *, steps: int) -> dict[str, Any]:
    """A recipe with dropout and its corpora as files; returns the recipe."""
    made = recipe(steps=steps)
    made["model"] |= {"dropout": 0.1, "attention_dropout": 0.1}
    (folder / "recipe.json").write_text(json.dumps(made))
    for name, corpus in zip(("orig", "deriv"), corpora(), strict=True):
        sentences.write(folder / f"{name}.arrow", [corpus])
    return made


def step_of(name: str) -> list[str]:
    """The step that trains into the folder of that name."""
    flags = ["--recipe", "recipe.json", "--orig", "orig.arrow", "--deriv", "deriv.arrow"]
    flags += ["--model", f"{name}/model.safetensors", "--journal", f"{name}/train.jsonl"]
    return ["twinlang.steps.pretrain", *flags]


def test_a_killed_process_ends_all_of_them(tmp_path: Path) -> None:
    prepared(tmp_path, steps=100_000)
    with open(tmp_path / "errors", "w") as errors:
        run = subprocess.Popen(
            [*MANY, *step_of("many")],
            cwd=tmp_path,
            env={**os.environ, **ENVIRONMENT},
            stdout=errors,
            stderr=errors,
        )
    journal = tmp_path / "many/train.jsonl"
    deadline = time.monotonic() + 120
    while not (journal.exists() and journal.read_text()) and time.monotonic() < deadline:
        assert run.poll() is None, (tmp_path / "errors").read_text()[-2000:]
        time.sleep(0.1)
    workers = psutil.Process(run.pid).children(recursive=True)
    one = next(w for w in workers if "twinlang.steps.pretrain" in w.cmdline())
    one.kill()
    assert run.wait(timeout=120) != 0
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive and not (tmp_path / "many/model.safetensors").exists()


@pytest.mark.parametrize("fused", [False, kernels.available()])
def test_two_processes_train_as_one(tmp_path: Path, fused: bool) -> None:
    """By torchrun with gloo; dropout included, since a row draws by its number in the step."""
    made = prepared(tmp_path, steps=8)
    kernels_ = {"TWINLANG_KERNELS": "on" if fused else "off"}
    for name, launcher in (("one", RUN), ("two", MANY)):
        command = [*launcher, *step_of(name)]
        env = {**os.environ, **ENVIRONMENT, **kernels_}
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    logits = []
    for found in (one, two):
        model = MaskedLM(Shape(**made["model"])).eval()
        model.load_state_dict(found)
        logits.append(model(torch.arange(5, 21)[None], None).detach())
    assert 0 <= float((logits[0] - logits[1]).abs().max()) < 1e-5
    losses = [
        json.loads((tmp_path / name / "train.jsonl").read_text().splitlines()[-1])["loss"]
        for name in ("one", "two")
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    assert not list(tmp_path.glob("*/.resume*"))
