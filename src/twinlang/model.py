"""A RoBERTa-like encoder in plain torch, with a masked-LM head and heads for the tasks.

- post-norm blocks, exact gelu, learned absolute positions, tied input and output embedding;
- the LM head runs at masked positions only: the same loss and gradient at 15 % of its cost;
- attention is plain matrix products: on CPU faster than the fused kernel at these lengths;
- weights are named as in this file; `twinlang.convert` maps them to `transformers` and back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """Sizes of an encoder; `rows` counts embedding rows: |V|, or 2|V| where a twin respells."""

    rows: int
    layers: int
    heads: int
    hidden: int
    feed_forward: int
    positions: int = 512
    dropout: float = 0.1
    attention_dropout: float = 0.1
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-5


def dropout(x: Tensor, share: float, training: bool) -> Tensor:
    """Sets a share of x to zero and scales the rest, as `F.dropout`; several times faster on CPU.

    Torch draws one Bernoulli number after the other; here a 64-bit word decides four places, so
    that the share is exact to 1/65536. The words come from torch's own generator and seed.
    """
    if not training or not share:
        return x
    if x.device.type != "cpu":
        return F.dropout(x, share, training)
    words = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(1 << 63), None)
    kept = words.view(torch.int16)[: x.numel()] >= round(share * 65536) - 32768
    return x * kept.view(x.shape).to(x.dtype).mul_(1 / (1 - share))


class Block(nn.Module):
    """One transformer layer: self-attention and feed-forward, each added and then normalised."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.head_size = shape.heads, shape.hidden // shape.heads
        self.attention_dropout, self.dropout = shape.attention_dropout, shape.dropout
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.output = nn.Linear(shape.hidden, shape.hidden)
        self.attention_norm = nn.LayerNorm(shape.hidden, eps=shape.layer_norm_eps)
        self.up = nn.Linear(shape.hidden, shape.feed_forward)
        self.down = nn.Linear(shape.feed_forward, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, eps=shape.layer_norm_eps)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """x (batch, time, hidden); bias (batch, 1, time), 0 or -inf at padding, or None."""
        x = self.attention_norm(x + self._drop(self.output(self._attend(x, bias))))
        return self.norm(x + self._drop(self.down(F.gelu(self.up(x)))))

    def _attend(self, x: Tensor, bias: Tensor | None) -> Tensor:
        batch, time, hidden = x.shape
        qkv = self.qkv(x)
        if self.heads == 1:
            q, k, v = qkv.chunk(3, dim=-1)
        else:  # (3, batch * heads, time, head_size)
            split = qkv.view(batch, time, 3, self.heads, self.head_size)
            q, k, v = split.permute(2, 0, 3, 1, 4).reshape(3, -1, time, self.head_size).unbind()
        scale = 1 / math.sqrt(self.head_size)
        if bias is None:
            weights = torch.bmm(q * scale, k.transpose(1, 2))
        else:
            wide = bias if self.heads == 1 else bias.repeat_interleave(self.heads, dim=0)
            weights = torch.baddbmm(wide.to(q.dtype), q, k.transpose(1, 2), alpha=scale)
        weights = dropout(weights.softmax(dim=-1), self.attention_dropout, self.training)
        mixed = torch.bmm(weights, v)
        if self.heads > 1:
            mixed = mixed.view(batch, self.heads, time, self.head_size).transpose(1, 2)
            mixed = mixed.reshape(batch, time, hidden)
        return mixed

    def _drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.dropout, self.training)


class Encoder(nn.Module):
    """Embeddings and blocks: ids (batch, time) to hidden states (batch, time, hidden)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.pieces = nn.Embedding(shape.rows, shape.hidden)
        self.positions = nn.Embedding(shape.positions, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, eps=shape.layer_norm_eps)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))

    def forward(self, ids: Tensor, lengths: Tensor | None, *, layers: int | None = None) -> Tensor:
        """Hidden states of the last layer, or after `layers` layers.

        lengths: (batch,) int64, real pieces of each row; None where no row is padded.
        """
        time = ids.shape[1]
        x = self.norm(self.pieces(ids) + self.positions.weight[:time])
        x = dropout(x, self.shape.dropout, self.training)
        bias = None
        if lengths is not None:
            padded = torch.arange(time, device=ids.device)[None, :] >= lengths[:, None]
            bias = torch.zeros(padded.shape, device=ids.device).masked_fill(padded, -1e4)[:, None]
        for block in self.blocks[:layers]:
            x = block(x, bias)
        return x


class MaskedLM(nn.Module):
    """The encoder with RoBERTa's LM head; the decoder is the piece embedding itself."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.encoder = Encoder(shape)
        self.dense = nn.Linear(shape.hidden, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, eps=shape.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(shape.rows))
        initialise(self, shape.initializer_range)

    def forward(self, ids: Tensor, lengths: Tensor | None, at: Tensor | None = None) -> Tensor:
        """Logits (masked, rows) at flat positions `at` (masked,), or at all positions."""
        x = self.encoder(ids, lengths).flatten(0, 1)
        x = x if at is None else x[at]
        x = self.norm(F.gelu(self.dense(x)))
        return F.linear(x, self.encoder.pieces.weight, self.bias)


class Classifier(nn.Module):
    """The encoder with a task head, as RoBERTa's: of each piece (`tokens`, `span`) or of the row.

    Output (batch, time, labels), or (batch, labels) for `sequence`.
    """

    def __init__(self, shape: Shape, *, head: str, labels: int) -> None:
        super().__init__()
        self.encoder = Encoder(shape)
        self.head = head
        self.dense = nn.Linear(shape.hidden, shape.hidden) if head == "sequence" else None
        self.classify = nn.Linear(shape.hidden, labels)
        initialise(self, shape.initializer_range)

    def forward(self, ids: Tensor, lengths: Tensor | None) -> Tensor:
        x = self.encoder(ids, lengths)
        share = self.encoder.shape.dropout
        if self.dense is not None:
            x = torch.tanh(self.dense(dropout(x[:, 0], share, self.training)))
        return self.classify(dropout(x, share, self.training))


def initialise(module: nn.Module, deviation: float) -> None:
    """RoBERTa's start: normal weights of the given standard deviation, zero biases, unit norms."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=deviation)
            nn.init.zeros_(part.bias)
        elif isinstance(part, nn.Embedding):
            nn.init.normal_(part.weight, std=deviation)


def with_rows(encoder: Encoder, rows: int, *, seed: int, how: str = "draw") -> None:
    """Gives an encoder `rows` embedding rows in place: what MZ of a respelled twin needs (§3.3).

    how: `draw` new rows from the initialiser with a fixed seed; `clamp`, the paper's accident:
    every unseen id is the last row.
    """
    old = encoder.pieces.weight.data
    missing = rows - len(old)
    if missing <= 0:
        return
    if how == "clamp":
        new = old[-1:].expand(missing, -1)
    else:
        generator = torch.Generator().manual_seed(seed)
        new = torch.randn(missing, old.shape[1], generator=generator)
        new = new * encoder.shape.initializer_range
    table = torch.cat([old, new.to(old.device, old.dtype)])
    encoder.pieces = nn.Embedding.from_pretrained(table, freeze=False)
