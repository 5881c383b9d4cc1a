"""Twinlang models as `transformers` RoBERTa models, with the same logits, and back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from twinlang.model import Shape
from twinlang.pieces import END, PAD, START

OFFSET = PAD + 1  # RoBERTa counts positions from padding_idx + 1
LM = "lm"  # the head of a MaskedLM, beside the heads of tasks
CLASSES = {
    LM: "RobertaForMaskedLM",
    "tokens": "RobertaForTokenClassification",
    "sequence": "RobertaForSequenceClassification",
    "span": "RobertaForQuestionAnswering",
}
HEADS = {
    LM: {"dense": "lm_head.dense", "norm": "lm_head.layer_norm"},
    "tokens": {"classify": "classifier"},
    "sequence": {"dense": "classifier.dense", "classify": "classifier.out_proj"},
    "span": {"classify": "qa_outputs"},
}
BLOCK = {
    "output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm": "output.LayerNorm",
}
# Other names of tensors that a file holds once: the decoder of the LM head is the embedding.
TIED = {
    "lm_head.decoder.weight": "roberta.embeddings.word_embeddings.weight",
    "lm_head.decoder.bias": "lm_head.bias",
}


def config_of(shape: Shape) -> dict[str, Any]:
    """The arguments of `transformers.RobertaConfig` for a shape."""
    return {
        "vocab_size": shape.rows,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.feed_forward,
        "max_position_embeddings": shape.positions + OFFSET,
        "hidden_act": "gelu",
        "hidden_dropout_prob": shape.dropout,
        "attention_probs_dropout_prob": shape.attention_dropout,
        "initializer_range": shape.initializer_range,
        "layer_norm_eps": shape.layer_norm_eps,
        "type_vocab_size": 1,
        "pad_token_id": PAD,
        "bos_token_id": START,
        "eos_token_id": END,
    }


def to_transformers(
    weights: dict[str, Tensor], shape: Shape, *, head: str = LM
) -> dict[str, Tensor]:
    """The state of `CLASSES[head]` from the state of a MaskedLM, or of a Classifier."""
    positions = weights["encoder.positions.weight"]
    found = {theirs: weights[ours] for ours, theirs in _renamed(shape, head).items()}
    found |= {
        "roberta.embeddings.position_embeddings.weight": torch.cat(
            [positions[:1] * 0] * OFFSET + [positions]
        ),
        "roberta.embeddings.token_type_embeddings.weight": torch.zeros(1, shape.hidden),
    }
    for ours, theirs in _joined(shape).items():
        parts = weights[ours].chunk(3)
        found |= {name: part.contiguous() for name, part in zip(theirs, parts, strict=True)}
    tied = TIED if head == LM else {}
    return found | {other: found[name] for other, name in tied.items()}


def from_transformers(
    weights: dict[str, Tensor], shape: Shape, *, head: str = LM, offset: int = OFFSET
) -> dict[str, Tensor]:
    """The state of a MaskedLM, or of a Classifier, from the state of `CLASSES[head]`.

    The one token-type row that RoBERTa adds to every place is added to the positions, which begin
    at row `offset`.
    """
    kind = weights["roberta.embeddings.token_type_embeddings.weight"][0]
    positions = weights["roberta.embeddings.position_embeddings.weight"]
    found = {ours: weights[theirs] for ours, theirs in _renamed(shape, head).items()}
    for ours, theirs in _joined(shape).items():
        found[ours] = torch.cat([weights[name] for name in theirs])
    return {**found, "encoder.positions.weight": positions[offset:] + kind}


def _renamed(shape: Shape, head: str) -> dict[str, str]:
    """Tensors that differ in nothing but the name: ours to theirs."""
    pairs = {"encoder.norm": "roberta.embeddings.LayerNorm", **HEADS[head]}
    for n in range(shape.layers):
        for ours, theirs in BLOCK.items():
            pairs[f"encoder.blocks.{n}.{ours}"] = f"roberta.encoder.layer.{n}.{theirs}"
    found = {"encoder.pieces.weight": TIED["lm_head.decoder.weight"]}
    for end in ("weight", "bias"):
        found |= {f"{ours}.{end}": f"{theirs}.{end}" for ours, theirs in pairs.items()}
    return {**found, "bias": TIED["lm_head.decoder.bias"]} if head == LM else found


def _joined(shape: Shape) -> dict[str, list[str]]:
    """Our one tensor of query, key and value in each layer, and their three."""
    return {
        f"encoder.blocks.{n}.qkv.{end}": [
            f"roberta.encoder.layer.{n}.attention.self.{name}.{end}"
            for name in ("query", "key", "value")
        ]
        for n in range(shape.layers)
        for end in ("weight", "bias")
    }
