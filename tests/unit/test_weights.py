"""Weights, recipes and devices: what is written is read back, and bad files are named."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import nn

from tests.micro import MODEL
from twinlang import devices, kernels, recipe, resume, weights
from twinlang.cli import UserError
from twinlang.model import MaskedLM, Shape


def model(**more: int) -> MaskedLM:
    return MaskedLM(Shape(**{**MODEL, "rows": 20, **more}))


def test_weights_come_back(tmp_path: Path) -> None:
    one, other = model(), model()
    weights.save(tmp_path / "m.safetensors", one, recipe="abc")
    weights.load(tmp_path / "m.safetensors", other)
    for mine, its in zip(one.parameters(), other.parameters(), strict=True):
        assert (mine == its).all()
    with safe_open(tmp_path / "m.safetensors", "pt") as file:
        told = json.loads(file.metadata()["twinlang"])
    assert told == {"recipe": "abc", "sha256": weights.digest(one.state_dict())}
    first = (tmp_path / "m.safetensors").read_bytes()
    weights.save(tmp_path / "m.safetensors", one, recipe="abc")
    assert (tmp_path / "m.safetensors").read_bytes() == first


def test_a_part_of_a_model(tmp_path: Path) -> None:
    one, other = model(), model()
    weights.save(tmp_path / "m.safetensors", one)
    weights.load(tmp_path / "m.safetensors", other.encoder, part="encoder.")
    assert (one.encoder.pieces.weight == other.encoder.pieces.weight).all()
    assert (one.dense.weight != other.dense.weight).any()


@pytest.mark.parametrize("keep", [0.0, 0.01, 0.5, 0.999])
def test_a_file_cut_short_is_named(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "m.safetensors"
    weights.save(path, model())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(UserError, match="m.safetensors is cut short or damaged .* run again"):
        weights.load(path, model())


@pytest.mark.parametrize("place", [0.3, 0.9, 1.0])
def test_a_changed_file_is_named(tmp_path: Path, place: float) -> None:
    path = tmp_path / "m.safetensors"
    weights.save(path, model())
    content = bytearray(path.read_bytes())
    header = 8 + int.from_bytes(content[:8], "little")
    content[header + int(place * (len(content) - header - 1))] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="m.safetensors was changed after it was written .* again"):
        weights.load(path, model())


def test_a_file_without_a_hash_is_read(tmp_path: Path) -> None:
    """As those are that earlier versions wrote."""
    one, path = model(), tmp_path / "m.safetensors"
    resume.save_tensors(path, one.state_dict(), {})
    weights.load(path, model())


def test_other_shapes_and_names_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    weights.save(path, model())
    for other in (model(rows=21), model(layers=2), nn.Linear(2, 2)):
        with pytest.raises(
            UserError, match="m.safetensors does not fit the recipe's model"
        ) as found:
            weights.load(path, other)
        assert "\n" not in str(found.value)
    with pytest.raises(UserError, match="gone.safetensors is missing; run the rule"):
        weights.read(tmp_path / "gone.safetensors")


def test_a_recipe_without_a_key_is_named(tmp_path: Path) -> None:
    whole = dict.fromkeys(recipe.KEYS, 1)
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(whole))
    assert recipe.read(path) == whole
    path.write_text(json.dumps({k: 1 for k in whole if k not in ("seed", "twin")}))
    with pytest.raises(UserError, match="recipe.json lacks seed, twin; delete it"):
        recipe.read(path)
    path.write_text(json.dumps(whole)[:-3])
    with pytest.raises(UserError, match="recipe.json is not JSON"):
        recipe.read(path)


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert recipe.sha256(tmp_path / "a") == expected


def flags(**more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    devices.add_flags(parser)
    return parser.parse_args([part for n, v in more.items() for part in (f"--{n}", v)])


def test_devices() -> None:
    engine = devices.prepare(flags(threads="1", precision="bf16"))
    assert engine.device == "cpu" and torch.get_num_threads() == 1
    assert engine.fused == kernels.available()
    found = devices.provenance(engine)
    assert (found["device"], found["precision"], found["threads"]) == ("cpu", "bf16", 1)
    assert found["path"] == ("fused" if engine.fused else "torch")
    assert {"twinlang", "torch", "python"} <= set(found["versions"])


@pytest.mark.parametrize(
    "told, expected", [({"avx2"}, "fp32"), ({"avx512_bf16"}, "bf16"), ({"amx_bf16"}, "bf16")]
)
def test_the_machine_decides_what_auto_is(
    monkeypatch: pytest.MonkeyPatch, told: set[str], expected: str
) -> None:
    monkeypatch.setattr(devices, "processor_flags", lambda: told)
    monkeypatch.setattr(kernels, "available", lambda: True)
    assert devices.prepare(flags(precision="auto")).precision == expected
    monkeypatch.setattr(kernels, "available", lambda: False)
    assert devices.prepare(flags(precision="auto")).precision == "fp32"


@pytest.mark.parametrize("device", ["cuda:77", "gpu"])
def test_a_device_that_is_not_there(device: str) -> None:
    with pytest.raises(UserError, match=f"device {device} cannot be used here .* device: cpu"):
        devices.prepare(flags(device=device))
