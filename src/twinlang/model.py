"""A RoBERTa-like encoder in plain torch, with a masked-LM head and heads for the tasks.

- post-norm blocks, exact gelu, learned absolute positions, tied input and output embedding;
- the LM head runs at masked positions only: the same loss and gradient at 15 % of its cost;
- attention is plain matrix products on the CPU, torch's fused attention on accelerators;
- where an engine asks for it (`Encoder.dtype`), the CPU runs the fused kernels of `twinlang.fused`,
  which compute the same function;
- weights are named as in this file; `twinlang.convert` maps them to `transformers` and back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from twinlang.chance import Chance, draw, dropout

SITES = 3  # dropouts a block
LAST = 1 << 14  # number of the first dropout of a task's head: beyond those of any block


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

    def forward(
        self, x: Tensor, bias: Tensor | None, chance: Chance | None = None, site: int = 1
    ) -> Tensor:
        """x (batch, time, hidden); bias (batch, 1, time), 0 or -1e4 at padding, or None.

        chance: of dropout, None where there is none; site: number of this block's first dropout.
        """
        attended = self.output(self._attend(x, bias, chance, site))
        x = self.attention_norm(x + dropout(attended, self.dropout, chance, site + 1))
        found = self.down(F.gelu(self.up(x)))
        return self.norm(x + dropout(found, self.dropout, chance, site + 2))

    def _attend(self, x: Tensor, bias: Tensor | None, chance: Chance | None, site: int) -> Tensor:
        batch, time, hidden = x.shape
        qkv = self.qkv(x)
        if self.heads == 1:
            q, k, v = qkv.chunk(3, dim=-1)
        else:  # (3, batch * heads, time, head_size)
            split = qkv.view(batch, time, 3, self.heads, self.head_size)
            q, k, v = split.permute(2, 0, 3, 1, 4).reshape(3, -1, time, self.head_size).unbind()
        scale = 1 / math.sqrt(self.head_size)
        if x.device.type != "cpu":
            return self._fused_attention(q, k, v, bias, chance)
        if bias is None:
            weights = torch.bmm(q * scale, k.transpose(1, 2))
        else:
            wide = bias if self.heads == 1 else bias.repeat_interleave(self.heads, dim=0)
            weights = torch.baddbmm(wide.to(q.dtype), q, k.transpose(1, 2), alpha=scale)
        weights = weights.softmax(dim=-1)
        weights = dropout(weights, self.attention_dropout, chance, site, heads=self.heads)
        mixed = torch.bmm(weights, v)
        if self.heads > 1:
            mixed = mixed.view(batch, self.heads, time, self.head_size).transpose(1, 2)
            mixed = mixed.reshape(batch, time, hidden)
        return mixed

    def _fused_attention(
        self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, chance: Chance | None
    ) -> Tensor:
        """Torch's attention (flash where there is no padding), q (batch * heads, time, size)."""
        q, k, v = (x.view(-1, self.heads, *x.shape[1:]) for x in (q, k, v))
        mask = None if bias is None else bias[:, None].to(q.dtype)
        share = self.attention_dropout if chance is not None else 0.0
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=share)
        return mixed.transpose(1, 2).flatten(2)


class Encoder(nn.Module):
    """Embeddings and blocks: ids (batch, time) to hidden states (batch, time, hidden)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.dtype: torch.dtype | None = None  # of the fused kernels; None: plain torch
        self.pieces = nn.Embedding(shape.rows, shape.hidden)
        self.positions = nn.Embedding(shape.positions, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, eps=shape.layer_norm_eps)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))

    def forward(
        self,
        ids: Tensor,
        lengths: Tensor | None,
        *,
        layers: int | None = None,
        chance: Chance | None = None,
    ) -> Tensor:
        """Hidden states of the last layer, or after `layers` layers.

        lengths: (batch,) int64, real pieces of each row; None where no row is padded.
        """
        if self.dtype is not None and ids.device.type == "cpu":
            from twinlang import fused

            return fused.encode(self, ids, lengths, chance, layers=layers, dtype=self.dtype)
        time = ids.shape[1]
        x = self.norm(self.pieces(ids) + self.positions.weight[:time])
        x = dropout(x, self.shape.dropout, chance, 0)
        bias = None
        if lengths is not None:
            padded = torch.arange(time, device=ids.device)[None, :] >= lengths[:, None]
            bias = torch.zeros(padded.shape, device=ids.device).masked_fill(padded, -1e4)[:, None]
        for number, block in enumerate(self.blocks[:layers]):
            x = block(x, bias, chance, 1 + SITES * number)
        return x

    def chance(self, ids: Tensor, rows: Tensor | None) -> Chance | None:
        """The chance of dropout in a forward pass: none in evaluation, or where nothing drops."""
        drops = self.training and (self.shape.dropout or self.shape.attention_dropout)
        return draw(ids, rows) if drops else None


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
        x = self._states(ids, lengths, at, None)
        return F.linear(x, self.encoder.pieces.weight, self.bias)

    def loss(
        self,
        ids: Tensor,
        lengths: Tensor | None,
        at: Tensor,
        targets: Tensor,
        rows: Tensor | None = None,
    ) -> Tensor:
        """Summed cross-entropy at the flat positions `at` (masked,) of the pieces `targets`.

        rows: (batch,) the rows' numbers within their step, by which dropout is drawn.
        """
        x = self._states(ids, lengths, at, self.encoder.chance(ids, rows))
        table, dtype = self.encoder.pieces.weight, self.encoder.dtype
        if dtype is not None and x.device.type == "cpu":
            from twinlang.fused import HeadLoss

            return HeadLoss.apply(x, table, self.bias, targets, dtype)
        return cross_entropy(F.linear(x, table, self.bias), targets)

    def _states(
        self, ids: Tensor, lengths: Tensor | None, at: Tensor | None, chance: Chance | None
    ) -> Tensor:
        x = self.encoder(ids, lengths, chance=chance).flatten(0, 1)
        x = x if at is None else x[at]
        return self.norm(F.gelu(self.dense(x.to(self.dense.weight.dtype))))


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Summed cross-entropy in fp32; logits (n, classes), targets (n,), -100 is not counted."""
    return F.cross_entropy(logits.float(), targets, ignore_index=-100, reduction="sum")


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

    def forward(self, ids: Tensor, lengths: Tensor | None, rows: Tensor | None = None) -> Tensor:
        chance, share = self.encoder.chance(ids, rows), self.encoder.shape.dropout
        x = self.encoder(ids, lengths, chance=chance).to(self.classify.weight.dtype)
        if self.dense is not None:
            x = torch.tanh(self.dense(dropout(x[:, 0], share, chance, LAST)))
        return self.classify(dropout(x, share, chance, LAST + 1))


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
