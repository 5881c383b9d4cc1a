"""A RoBERTa checkpoint of `transformers`, read with all that it says checked against itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from twinlang import weights
from twinlang.cli import UserError, read_json
from twinlang.convert import LM, TIED, from_transformers, to_transformers
from twinlang.model import MaskedLM, Shape

KINDS = ("roberta", "xlm-roberta")
# What `transformers` assumes where config.json is silent.
DEFAULTS = {
    **{"vocab_size": 50265, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12},
    **{"intermediate_size": 3072, "max_position_embeddings": 512, "type_vocab_size": 2},
    **{"pad_token_id": 1, "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1},
    **{"initializer_range": 0.02, "layer_norm_eps": 1e-12, "hidden_act": "gelu"},
    **{"position_embedding_type": "absolute", "is_decoder": False, "model_type": None},
}
POSITIONS = "roberta.embeddings.position_embeddings.weight"
KIND = "roberta.embeddings.token_type_embeddings.weight"
UNUSED = ("roberta.pooler.", "roberta.embeddings.position_ids")  # no part of a masked LM


def read(folder: str | Path) -> tuple[dict[str, Tensor], Shape]:
    """The state of a MaskedLM (fp32) and its shape, with the checkpoint's own ids.

    Raises:
        UserError: a file is missing or damaged, or the model is of another kind.
    """
    folder = Path(folder)
    path = folder / "config.json"
    if not path.exists():
        raise UserError(f"{path} is missing; name a folder that save_pretrained has written")
    told = read_json(path)
    if not isinstance(told, dict):
        raise UserError(f"{path} is no block of keys; save the model anew")
    config = {**DEFAULTS, **told}
    shape = shape_of(config, path)
    offset = config["pad_token_id"] + 1
    tensors = _tensors(folder)
    for other, name in TIED.items():  # either name will do
        if other in tensors:
            tensors.setdefault(name, tensors[other])
    _check(tensors, _expected(shape, offset, config["type_vocab_size"]))
    found = {name: tensor.float() for name, (tensor, _) in tensors.items()}
    return from_transformers(found, shape, offset=offset), shape


def shape_of(config: dict[str, Any], path: Path) -> Shape:
    """The shape that config.json tells.

    Raises:
        UserError: the model computes something that ours does not.
    """
    wanted = {
        "model_type": KINDS,
        "hidden_act": ("gelu",),
        "position_embedding_type": ("absolute",),
        "is_decoder": (False,),
    }
    for key, values in wanted.items():
        if config[key] not in values:
            raise UserError(
                f"{path}: {key} is {config[key]!r}, and only {' or '.join(map(str, values))} can "
                "be imported"
            )
    for key, usual in DEFAULTS.items():
        value = config[key]
        if type(usual) is int and (type(value) is not int or value < (key != "pad_token_id")):
            raise UserError(f"{path}: {key} is {value!r}, not a size; mend it")
        if type(usual) is float and (type(value) not in (int, float) or not 0 <= value < 1):
            raise UserError(f"{path}: {key} is {value!r}, not a number from 0 to 1; mend it")
    if config["max_position_embeddings"] <= config["pad_token_id"] + 1:
        raise UserError(f"{path}: max_position_embeddings leaves no position; mend it")
    if config["hidden_size"] % config["num_attention_heads"]:
        raise UserError(f"{path}: num_attention_heads does not divide hidden_size; mend it")
    return Shape(
        rows=config["vocab_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        hidden=config["hidden_size"],
        feed_forward=config["intermediate_size"],
        positions=config["max_position_embeddings"] - config["pad_token_id"] - 1,
        dropout=config["hidden_dropout_prob"],
        attention_dropout=config["attention_probs_dropout_prob"],
        initializer_range=config["initializer_range"],
        layer_norm_eps=config["layer_norm_eps"],
    )


def weight_files(folder: Path) -> dict[str, list[str] | None]:
    """The files that hold the weights; the names in each, where an index says so.

    Raises:
        UserError: there is none in a form that is safe to read.
    """
    index = folder / "model.safetensors.index.json"
    if index.exists():
        places = read_json(index).get("weight_map")
        if not isinstance(places, dict) or not places:
            raise UserError(f"{index} has no weight_map; save the model anew")
        files: dict[str, list[str] | None] = {}
        for name, file in places.items():
            files[file] = [*(files.get(file) or []), name]
        return files
    if (folder / "model.safetensors").exists():
        return {"model.safetensors": None}
    if list(folder.glob("*.bin")):
        raise UserError(
            f"{folder} has its weights as a pickle (.bin), which runs whatever code it holds; "
            "save it as safetensors where you trust it (save_pretrained does)"
        )
    raise UserError(f"{folder}/model.safetensors is missing; save the model there")


def _tensors(folder: Path) -> dict[str, tuple[Tensor, Path]]:
    """Every tensor by name, with its file."""
    found: dict[str, tuple[Tensor, Path]] = {}
    for file, names in weight_files(folder).items():
        path = folder / Path(file).name  # an index names files beside it, and no others
        try:
            tensors, _ = weights.read_all(path)
        except UserError as error:
            reason = str(error).split(";")[0]
            raise UserError(f"{reason}; copy or save the model anew") from None
        if names is not None and set(names) != set(tensors):
            odd = sorted(set(names) ^ set(tensors))[0]
            raise UserError(f"{path} and the index do not agree on {odd}; save the model anew")
        found |= {name: (tensor, path) for name, tensor in tensors.items()}
    return found


def _expected(shape: Shape, offset: int, kinds: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a `RobertaForMaskedLM`."""
    with torch.device("meta"):  # shapes without memory
        state = to_transformers(MaskedLM(shape).state_dict(), shape, head=LM)
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    rows = {POSITIONS: shape.positions + offset, KIND: kinds}
    return found | {name: (count, shape.hidden) for name, count in rows.items()}


def _check(tensors: dict[str, tuple[Tensor, Path]], expected: dict[str, tuple[int, ...]]) -> None:
    """Compares names, shapes and numbers of a checkpoint with what its config.json promises."""
    missing = [name for name in expected if name not in tensors and name not in TIED]
    path = next(iter(tensors.values()))[1] if tensors else "the checkpoint"
    if missing:
        raise UserError(
            f"{path} lacks {missing[0]} ({len(missing)} tensors in all); only a whole masked "
            "language model (RobertaForMaskedLM) can be imported"
        )
    for name, (tensor, file) in tensors.items():
        if name not in expected and not name.startswith(UNUSED):
            raise UserError(f"{file}: {name} is no part of a RobertaForMaskedLM")
        if name in expected and tuple(tensor.shape) != expected[name]:
            raise UserError(
                f"{file}: {name} is {tuple(tensor.shape)}, but config.json says {expected[name]}"
            )
        if not tensor.is_floating_point() and name in expected:
            raise UserError(f"{file}: {name} holds {tensor.dtype}, not floating-point numbers")
        if not bool(tensor.float().isfinite().all()):
            raise UserError(f"{file}: {name} holds NaN or infinity; the model is damaged")
    for other, name in TIED.items():
        pair = [tensors[n][0] for n in (other, name) if n in tensors]
        if len(pair) == 2 and not torch.equal(*pair):
            raise UserError(
                f"{tensors[other][1]}: {other} differs from {name}; models whose decoder is not "
                "tied to the embedding cannot be imported"
            )


def reordered(
    state: dict[str, Tensor], shape: Shape, order: list[int], rows: int
) -> tuple[dict[str, Tensor], Shape]:
    """A model whose ids are new: |V| or 2|V| rows, in both halves `order` gives the old id.

    Rows beyond these (some vocabularies are padded) are left out.
    """
    old = torch.tensor(order)
    index = torch.cat([old + first for first in range(0, rows, len(order))])
    changed = {name: state[name][index] for name in ("encoder.pieces.weight", "bias")}
    return {**state, **changed}, replace(shape, rows=rows)
