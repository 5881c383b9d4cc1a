"""Dropout as a function of where a number stands: (seed, site, row, place, column) decides.

So a mask never depends on how a step's rows are cut into micro-batches or dealt out to processes,
nothing is stored for the backward pass, and the fused kernels and plain torch drop the same places.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

STRIDE = 1 << 20  # lines a row: more than it has places
GOLDEN, FIRST, SECOND = (
    0x9E3779B97F4A7C15 - (1 << 64),
    0xBF58476D1CE4E5B9 - (1 << 64),
    0x94D049BB133111EB - (1 << 64),
)
WORD = 0xFFFFFFFF
KEYS = 1 << 16  # keys a dropout: one for each head of an attention


@dataclass(frozen=True)
class Chance:
    """The chance of one forward pass: a seed, and the number of each line, (batch * time,)."""

    seed: int
    lines: Tensor

    def key(self, site: int) -> int:
        """The key of one dropout of the model, below 2^63."""
        return (self.seed + site * KEYS) % (1 << 63)


NATIVE = Chance(0, torch.empty(0, dtype=torch.int64))  # of torch's own dropout


def draw(ids: Tensor, rows: Tensor | None) -> Chance:
    """The chance of a training step's forward pass, from torch's generator.

    ids: (batch, time). rows: (batch,) the rows' numbers within their step; counted from 0 unless
    given.
    """
    if ids.device.type != "cpu":
        return NATIVE  # a constant, so that a compiled loss is compiled once
    batch, time = ids.shape
    seed = int(torch.randint(1 << 62, (), dtype=torch.int64))
    if rows is None:
        rows = torch.arange(batch)
    lines = rows.to("cpu")[:, None] * STRIDE + torch.arange(time)
    return Chance(seed, lines.flatten())


def threshold(share: float) -> int:
    """Of 2^32 equally likely words, how many drop."""
    return round(share * (1 << 32))


def dropout(x: Tensor, share: float, chance: Chance | None, site: int, *, heads: int = 1) -> Tensor:
    """x with a share of it set to zero and the rest scaled by 1 / (1 - share).

    x: (batch, time, width), or (batch * heads, time, width) for `heads` > 1; (batch, width) takes
    each row's first line. No chance: x itself. On accelerators torch's own dropout is used, whose
    masks do depend on the micro-batch.
    """
    if chance is None or not share:
        return x
    if x.device.type != "cpu":
        return F.dropout(x, share)
    lines = chance.lines
    if x.ndim == 2:
        lines = lines.view(len(x), -1)[:, 0]
    per_head = [_kept(chance.key(site) + h, lines, x.shape[-1], share) for h in range(heads)]
    if heads == 1:
        kept = per_head[0].view(x.shape)
    else:
        batch, time = len(x) // heads, x.shape[1]
        kept = torch.stack([k.view(batch, time, -1) for k in per_head], dim=1).view(x.shape)
    return x * (kept.to(x.dtype) / (1 - share))


def _kept(key: int, lines: Tensor, width: int, share: float) -> Tensor:
    """Which columns of each line are kept, (lines, width) bool; the arithmetic of fused.cpp."""
    bits = lines * GOLDEN + key
    bits = (bits ^ _shifted(bits, 30)) * FIRST
    bits = (bits ^ _shifted(bits, 27)) * SECOND
    bits = bits ^ _shifted(bits, 31)
    low, high = bits & WORD, _shifted(bits, 32)
    x = ((torch.arange(width) + low[:, None]) & WORD) * 0x9E3779B1 & WORD
    x = x ^ (x >> 16) ^ high[:, None]
    x = x * 0x7FEB352D & WORD
    x = x ^ (x >> 15)
    x = x * 0x846CA68B & WORD
    x = x ^ (x >> 16)
    return x >= threshold(share)


def _shifted(x: Tensor, by: int) -> Tensor:
    """Logical shift to the right of 64 bits."""
    return (x >> by) & ((1 << (64 - by)) - 1)
