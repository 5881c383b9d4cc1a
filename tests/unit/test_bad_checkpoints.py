"""Damaged and unfit checkpoints: each is refused in one sentence that names file and fault."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.foreign import foreign_model, imported
from twinlang.cli import UserError, read_json

POSITIONS = "roberta.embeddings.position_embeddings.weight"
DENSE = "roberta.encoder.layer.1.output.dense.weight"


def config(**more: Any) -> Callable[[Path], None]:
    """Other values in config.json."""

    def spoil(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**read_json(path), **more}), encoding="utf-8")

    return spoil


def tensors(change: Callable[[dict[str, torch.Tensor]], Any]) -> Callable[[Path], None]:
    """Other tensors in model.safetensors."""

    def spoil(folder: Path) -> None:
        found = load_file(folder / "model.safetensors")
        change(found)
        save_file(found, folder / "model.safetensors", {"format": "pt"})

    return spoil


def cut(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return spoil


def sharded(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    foreign_model(folder, shards="10KB")


def lost_shard(folder: Path) -> None:
    sharded(folder)
    (folder / "model-00002-of-00004.safetensors").unlink()


def swapped_shards(folder: Path) -> None:
    sharded(folder)
    shutil.copy(
        folder / "model-00001-of-00004.safetensors", folder / "model-00002-of-00004.safetensors"
    )


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def tokenizer_of(**more: Any) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "tokenizer.json"
        path.write_text(json.dumps({**read_json(path), **more}), encoding="utf-8")

    return spoil


BAD = {
    "no config": (lambda f: (f / "config.json").unlink(), "config.json is missing; name a folder"),
    "half a config": (cut("config.json"), "config.json is not JSON"),
    "a list": (lambda f: (f / "config.json").write_text("[]"), "config.json is no block of keys"),
    "dropout": (config(hidden_dropout_prob="0"), "hidden_dropout_prob is '0', not a number"),
    "bert": (config(model_type="bert"), "model_type is 'bert', and only roberta or xlm-roberta"),
    "relu": (config(hidden_act="relu"), "hidden_act is 'relu', and only gelu"),
    "relative": (
        config(position_embedding_type="relative_key"),
        "position_embedding_type is 'relative_key'",
    ),
    "decoder": (config(is_decoder=True), "is_decoder is True"),
    "no layer": (config(num_hidden_layers="2"), "num_hidden_layers is '2', not a size"),
    "heads": (config(num_attention_heads=3), "num_attention_heads does not divide"),
    "positions": (config(max_position_embeddings=2), "leaves no position"),
    "longer": (config(max_position_embeddings=120), rf"{POSITIONS} is \(98, 16\), .* \(120, 16\)"),
    "wider": (config(hidden_size=32), r"safetensors: .* config.json says"),
    "deeper": (config(num_hidden_layers=3), r"lacks roberta.encoder.layer.2.* whole masked"),
    "shallower": (config(num_hidden_layers=1), "layer.1.* is no part of a RobertaForMaskedLM"),
    "rows": (config(vocab_size=291), r"lm_head.bias is \(290,\), .* \(291,\)"),
    "few rows": (
        tensors(lambda t: t.update({"lm_head.bias": t["lm_head.bias"][:-1].clone()})),
        r"lm_head.bias is \(289,\)",
    ),
    "shape": (tensors(lambda t: t.update({DENSE: t[DENSE].T.contiguous()})), f"{DENSE} is "),
    "name": (tensors(lambda t: t.update({"odd": t.pop(DENSE)})), f"lacks {DENSE} .1 tensors"),
    "more": (tensors(lambda t: t.update(odd=torch.zeros(1))), "odd is no part of"),
    "nan": (tensors(lambda t: t[DENSE].fill_(torch.nan)), f"{DENSE} holds NaN"),
    "whole numbers": (tensors(lambda t: t.update({DENSE: t[DENSE].int()})), "holds torch.int32"),
    "untied": (
        tensors(lambda t: t.update({"lm_head.decoder.weight": torch.zeros(290, 16)})),
        "decoder.weight differs from .* cannot be imported",
    ),
    "cut": (cut("model.safetensors"), "model.safetensors is cut short .* copy or save"),
    "pickle": (pickled, "as a pickle .* save it as safetensors"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "model.safetensors is missing"),
    "lost shard": (lost_shard, "model-00002-of-00004.safetensors is missing"),
    "swapped shards": (swapped_shards, "model-00002-of-00004.safetensors and the index do not"),
    "empty index": (
        lambda f: (f / "model.safetensors.index.json").write_text("{}"),
        "index.json has no weight_map",
    ),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json is missing; save"),
    "half a tokenizer": (cut("tokenizer.json"), "tokenizer.json is not JSON"),
    "no pieces": (tokenizer_of(model={"type": "BPE"}), "tokenizer.json is no tokenizer"),
    "unigram": (tokenizer_of(model={"type": "Unigram"}), "is Unigram of another kind .* it cannot"),
    "wordpiece": (tokenizer_of(model={"type": "WordPiece"}), "is WordPiece of another kind"),
    "no bytes": (tokenizer_of(pre_tokenizer=None), "is BPE of another kind"),
    "lower case": (tokenizer_of(normalizer={"type": "Lowercase"}), "changes text .*Lowercase"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_checkpoint_is_refused(copy: Path, tmp_path: Path, name: str) -> None:
    spoil, reason = BAD[name]
    spoil(copy)
    with pytest.raises(UserError, match=reason) as found:
        imported(copy, tmp_path / "ours")
    assert "\n" not in str(found.value)
    assert not (tmp_path / "ours/recipe.json").exists()
    assert not (tmp_path / "ours/model.safetensors").exists()
