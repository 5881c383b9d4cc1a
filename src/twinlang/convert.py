"""Twinlang models as `transformers` RoBERTa models, with the same logits, and back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from twinlang.model import Shape

OFFSET = 2  # RoBERTa counts positions from padding_idx + 1
BLOCK = {
    "output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm": "output.LayerNorm",
}
HEAD = {"dense": "lm_head.dense", "norm": "lm_head.layer_norm"}


def config_of(shape: Shape) -> dict[str, Any]:
    """The arguments of `transformers.RobertaConfig` for a shape."""
    return {
        "vocab_size": shape.rows,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.feed_forward,
        "max_position_embeddings": shape.positions + OFFSET,
        "hidden_dropout_prob": shape.dropout,
        "attention_probs_dropout_prob": shape.attention_dropout,
        "initializer_range": shape.initializer_range,
        "layer_norm_eps": shape.layer_norm_eps,
        "type_vocab_size": 1,
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
    }


def to_transformers(weights: dict[str, Tensor], shape: Shape) -> dict[str, Tensor]:
    """The state of `RobertaForMaskedLM` from the state of a MaskedLM."""
    prefix = "roberta.embeddings"
    positions = weights["encoder.positions.weight"]
    found = {
        f"{prefix}.word_embeddings.weight": weights["encoder.pieces.weight"],
        f"{prefix}.position_embeddings.weight": torch.cat(
            [positions[:1] * 0] * OFFSET + [positions]
        ),
        f"{prefix}.token_type_embeddings.weight": torch.zeros(1, shape.hidden),
        "lm_head.bias": weights["bias"],
        "lm_head.decoder.bias": weights["bias"],
        "lm_head.decoder.weight": weights["encoder.pieces.weight"],
    }
    for end in ("weight", "bias"):
        found[f"{prefix}.LayerNorm.{end}"] = weights[f"encoder.norm.{end}"]
        for ours, theirs in HEAD.items():
            found[f"{theirs}.{end}"] = weights[f"{ours}.{end}"]
        for n in range(shape.layers):
            mine, layer = f"encoder.blocks.{n}", f"roberta.encoder.layer.{n}"
            qkv = weights[f"{mine}.qkv.{end}"].chunk(3)
            for name, part in zip(("query", "key", "value"), qkv, strict=True):
                found[f"{layer}.attention.self.{name}.{end}"] = part.contiguous()
            for ours, theirs in BLOCK.items():
                found[f"{layer}.{theirs}.{end}"] = weights[f"{mine}.{ours}.{end}"]
    return found


def from_transformers(weights: dict[str, Tensor], shape: Shape) -> dict[str, Tensor]:
    """The state of a MaskedLM from the state of `RobertaForMaskedLM`.

    The one token-type row that RoBERTa adds to every place is added to the positions.
    """
    prefix = "roberta.embeddings"
    kind = weights[f"{prefix}.token_type_embeddings.weight"][0]
    found = {
        "encoder.pieces.weight": weights[f"{prefix}.word_embeddings.weight"],
        "encoder.positions.weight": weights[f"{prefix}.position_embeddings.weight"][OFFSET:] + kind,
        "bias": weights["lm_head.bias"],
    }
    for end in ("weight", "bias"):
        found[f"encoder.norm.{end}"] = weights[f"{prefix}.LayerNorm.{end}"]
        for ours, theirs in HEAD.items():
            found[f"{ours}.{end}"] = weights[f"{theirs}.{end}"]
        for n in range(shape.layers):
            mine, layer = f"encoder.blocks.{n}", f"roberta.encoder.layer.{n}"
            parts = [
                weights[f"{layer}.attention.self.{name}.{end}"]
                for name in ("query", "key", "value")
            ]
            found[f"{mine}.qkv.{end}"] = torch.cat(parts)
            for ours, theirs in BLOCK.items():
                found[f"{mine}.{ours}.{end}"] = weights[f"{layer}.{theirs}.{end}"]
    return found
