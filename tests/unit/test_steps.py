"""The steps of one cell, end to end and in process: what they write and what they demand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from tests.micro import SETTINGS, VOCABULARY, Study, recipe, step
from twinlang import measure, modules, sentences
from twinlang.cli import UserError, read_json, read_lines
from twinlang.recipe import sha256

TWIN = ["inversion", "transliteration"]
TUNED = [name for name in modules.names("tasks") if name != "retrieval"]
COORDINATES = {
    **{"language": "en", "twin": "inversion+transliteration", "pairing": "parallel"},
    **{"pretrain_seed": 0, "finetune_seed": 0},
}
KEYS = {
    *("language", "twin", "pairing", "pretrain_seed", "finetune_seed", "task", "setting"),
    *("metric", "value", "scores", "constant", "n", "keeps_order", "device", "precision", "path"),
    *("threads", "recipe_sha256", "model_sha256", "dev_sha256", "versions"),
}


def common(study: Study, task: str, twin: list, **more: Any) -> dict[str, Any]:
    flags = {"recipe": study.recipe(twin), "task": task, "settings": {**SETTINGS, **more}}
    flags |= {"model": study.model(twin), "items_dev": study.items(task, "dev")}
    return {**flags, "coordinates": {**COORDINATES, "task": task}}


def finetuned(study: Study, folder: Path, task: str, *, trained_on: list = TWIN) -> None:
    """bz.json and bs.json in a folder."""
    flags = {**common(study, task, TWIN), "items_train": study.items(task, "train")}
    for side, twin in (("orig", []), ("deriv", trained_on)):
        flags[f"{side}_train"] = study.task(task, "train", twin)
    flags["deriv_dev"] = study.task(task, "dev", TWIN)
    step("finetune", **flags, bz=folder / "bz.json", bs=folder / "bs.json")


def finetuned_mono(study: Study, folder: Path, task: str) -> Path:
    flags = {**common(study, task, []), "items_train": study.items(task, "train")}
    flags |= {f"orig_{split}": study.task(task, split, []) for split in ("train", "dev")}
    model = folder / "model.safetensors"
    step("finetune_mono", **flags, output=model, metric=folder / "mo.json")
    return model


def evaluated(
    study: Study, folder: Path, task: str, model: Path, twin: list, *, how: str = "draw"
) -> dict[str, Any]:
    flags = {**common(study, task, []), "model": model, "metric": folder / "mz.json"}
    step("evaluate", **flags, unseen_rows=how, deriv_dev=study.task(task, "dev", twin))
    return read_json(folder / "mz.json")


def checked(study: Study, path: Path, task: str) -> dict[str, Any]:
    """A metric file, whose form is right and whose predictions lie beside it."""
    found = read_json(path)
    assert set(found) == KEYS
    assert found["setting"] == path.stem and found["task"] == task
    assert found["value"] == found["scores"][found["metric"]]
    assert all(0 <= value <= 100 for value in found["scores"].values())
    predictions = read_lines(path.with_suffix(".predictions.jsonl"))
    records = read_lines(study.items(task, "dev"))
    assert found["n"] == len(predictions) == len(records) == 12
    assert [p["id"] for p in predictions] == [record["id"] for record in records]
    return found


@pytest.mark.parametrize("task", TUNED)
def test_a_cell(study: Study, tmp_path: Path, task: str) -> None:
    """BZ, BS, MO and MZ of one task, MZ on ids that the mono model has never seen."""
    finetuned(study, tmp_path, task)
    model = finetuned_mono(study, tmp_path, task)
    evaluated(study, tmp_path, task, model, TWIN)
    found = {
        name: checked(study, tmp_path / f"{name}.json", task) for name in ("bz", "bs", "mo", "mz")
    }
    dev = study.task(task, "dev", TWIN)
    assert sentences.read(dev).pieces.min() >= VOCABULARY
    assert len(load_file(model)["encoder.pieces.weight"]) == VOCABULARY
    assert {found[name]["dev_sha256"] for name in ("bz", "bs", "mz")} == {sha256(dev)}
    assert found["bz"]["model_sha256"] == found["bs"]["model_sha256"] == sha256(study.model(TWIN))
    assert found["mz"]["model_sha256"] == sha256(model)
    assert found["bz"]["recipe_sha256"] == sha256(study.recipe(TWIN))
    assert not found["bz"]["keeps_order"] and found["mo"]["keeps_order"]
    assert [found[name]["constant"] is None for name in found] == [True, True, True, False]
    assert 0 <= found["mz"]["constant"] <= 100


def test_the_same_cell_again_is_the_same(study: Study, tmp_path: Path) -> None:
    for name in ("a", "b"):
        finetuned(study, tmp_path / name, "pos")
    for name in ("bz.json", "bs.json", "bz.predictions.jsonl", "bs.predictions.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_bz_is_trained_on_orig_and_bs_on_deriv(study: Study, tmp_path: Path) -> None:
    finetuned(study, tmp_path / "a", "ner")
    finetuned(study, tmp_path / "b", "ner", trained_on=[])
    one, other = (
        {name: read_json(tmp_path / n / f"{name}.json")["scores"] for name in ("bz", "bs")}
        for n in ("a", "b")
    )
    assert other["bz"] == other["bs"] == one["bz"] != one["bs"]


def test_answers_are_swapped_in_a_twin_that_moves_pieces_alone(study: Study) -> None:
    for twin, swap in (([], False), (["transliteration"], False), (["inversion"], True)):
        data = sentences.read(study.task("qa", "dev", twin))
        found = measure.task_settings(SETTINGS, COORDINATES, data)
        assert found["swap"] == swap and found["language"] == "en"
        assert not measure.task_settings({**SETTINGS, "swap": False}, COORDINATES, data)["swap"]


def test_unseen_ids_get_rows_of_a_fixed_seed_or_the_last_row(study: Study, tmp_path: Path) -> None:
    model = finetuned_mono(study, tmp_path, "pos")
    one, other = (evaluated(study, tmp_path / n, "pos", model, TWIN) for n in ("a", "b"))
    assert one == other
    clamped = evaluated(study, tmp_path / "c", "pos", model, TWIN, how="clamp")
    assert clamped["value"] == clamped["constant"]  # every piece is the last row


def test_what_the_mono_model_has_seen_is_not_touched(study: Study, tmp_path: Path) -> None:
    model = finetuned_mono(study, tmp_path, "pos")
    drawn, clamped = (
        evaluated(study, tmp_path / how, "pos", model, ["inversion"], how=how)
        for how in ("draw", "clamp")
    )
    assert drawn["scores"] == clamped["scores"]


def retrieved(study: Study, path: Path, twin: list) -> dict[str, Any]:
    flags: dict[str, Any] = {"recipe": study.recipe(twin), "model": study.model(twin)}
    flags |= {"mono_recipe": study.recipe([]), "mono_model": study.model([])}
    flags |= {"orig_dev": study.task("retrieval", "dev", [])}
    flags |= {"deriv_dev": study.task("retrieval", "dev", twin), "settings": {"max_length": 64}}
    step("retrieve", **flags, unseen_rows="draw", metric=path, coordinates=COORDINATES)
    return read_json(path)


def test_retrieval(study: Study, tmp_path: Path) -> None:
    found = retrieved(study, tmp_path / "retrieval.json", TWIN)
    assert set(found) >= {*COORDINATES, "bilingual", "mono", "n", "chance", "versions", "device"}
    assert set(found["bilingual"]) == set(found["mono"]) == {"orig_to_deriv", "deriv_to_orig"}
    assert found["n"] == 12 and found["chance"] == pytest.approx(100 / 12)
    same = retrieved(study, tmp_path / "same.json", ["inversion"])
    assert same["mono"]["orig_to_deriv"] > 90  # layer 0 of one layer: the same bag of pieces


def test_alignment(study: Study, tmp_path: Path) -> None:
    flags = {"recipe": study.recipe(TWIN), "model": study.model(TWIN), "orig": study.corpus([])}
    step("align", **flags, output=tmp_path / "a.json", coordinates=COORDINATES)
    found = read_json(tmp_path / "a.json")
    assert set(found) >= {*COORDINATES, "value", "n", "chance", "seen", "bands", "model_sha256"}
    assert found["n"] == VOCABULARY - 5 and found["chance"] == pytest.approx(100 / 295)
    assert found["seen"]["n"] == sum(band["n"] for band in found["bands"].values()) < found["n"]
    assert 0 <= found["value"] <= 100


def test_where_no_id_moves_nothing_is_aligned(study: Study, tmp_path: Path) -> None:
    flags = {"recipe": study.recipe([]), "model": study.model([]), "orig": study.corpus([])}
    with pytest.raises(UserError, match="recipe.json: this twin moves no ids"):
        step("align", **flags, output=tmp_path / "a.json", coordinates=COORDINATES)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "twin, rows",
    [
        (["inversion"], VOCABULARY),
        (["transliteration"], 2 * VOCABULARY),
        (["inversion", {"transliteration": {"fraction": 0.5}}], 2 * VOCABULARY),
        ([{"transliteration": {"fraction": 0.0}}], VOCABULARY),
    ],
)
def test_a_recipe(study: Study, tmp_path: Path, twin: list, rows: int) -> None:
    flags = {"settings": recipe(twin, steps=7), "tokenizer": study.tokenizer}
    step("write_recipe", **flags, output=tmp_path / "recipe.json")
    found = read_json(tmp_path / "recipe.json")
    assert found["vocabulary"] == VOCABULARY and found["model"]["rows"] == rows
    assert found["twin"] == twin and found["pretrain"]["steps"] == 7


def test_pre_training_writes_weights_and_a_log(study: Study) -> None:
    model = study.model(TWIN)
    assert len(load_file(model)["encoder.pieces.weight"]) == 2 * VOCABULARY
    last = json.loads(model.with_name("train.jsonl").read_text().splitlines()[-1])
    assert last["step"] == 12
    hidden = [path.name for path in model.parent.iterdir() if path.name.startswith(".")]
    assert not hidden


def test_a_model_of_another_recipe_is_refused(study: Study, tmp_path: Path) -> None:
    flags = {**common(study, "pos", TWIN), "model": study.model([])}
    flags |= {
        "items_train": study.items("pos", "train"),
        "deriv_dev": study.task("pos", "dev", TWIN),
    }
    flags |= {f"{side}_train": study.task("pos", "train", []) for side in ("orig", "deriv")}
    with pytest.raises(UserError, match="model.safetensors does not fit the recipe's model"):
        step("finetune", **flags, bz=tmp_path / "bz.json", bs=tmp_path / "bs.json")
    assert not list(tmp_path.iterdir())
