"""The encoder on the CPU with everything between its matrix products fused (`kernels/fused.cpp`).

The same function as `model.Encoder`, which stays the reference. Forward and backward of a block are
one step of autograd each; gradients of weights are added where the optimiser reads them. With bf16,
activations and a copy of the weights are bf16 and every sum is fp32; the optimiser keeps fp32.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from twinlang.chance import Chance, threshold
from twinlang.kernels import kernel
from twinlang.model import SITES

BF16 = torch.bfloat16


def weight(parameter: Tensor, dtype: torch.dtype) -> Tensor:
    """A parameter in the dtype of computing; its bf16 copy is the optimiser's, or made here."""
    if dtype == torch.float32:
        return parameter.detach()
    copy = getattr(parameter, "low", None)
    if copy is None:
        copy = parameter.detach().to(dtype)
        if not parameter.requires_grad or not torch.is_grad_enabled():
            parameter.low = copy  # type: ignore[attr-defined]
    return copy


def gradient(parameter: Tensor) -> Tensor:
    """Where a parameter's gradient is summed, fp32; a scratch for one that is not trained."""
    if not parameter.requires_grad:
        return torch.zeros_like(parameter)
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def call(name: str, x: Tensor, *arguments: Any) -> None:
    """A kernel on the storage type of x; tensors are passed as their addresses."""
    passed = [a.data_ptr() if isinstance(a, Tensor) else a for a in arguments]
    kernel(name, x.dtype == BF16)(*passed, torch.get_num_threads())


def chances(chance: Chance | None, share: float, site: int) -> tuple[Any, ...]:
    """Key, lines, threshold and scale, as kernels take them."""
    if chance is None or not share:
        return 0, None, 0, 1.0
    return chance.key(site), chance.lines, threshold(share), 1 / (1 - share)


def into(parameter: Tensor, left: Tensor, right: Tensor, scale: float = 1.0) -> None:
    """parameter.grad += scale * left^T right; left (n, out), right (n, in)."""
    if not parameter.requires_grad:
        return
    total = gradient(parameter)
    if left.dtype == torch.float32:
        torch.addmm(total, left.T, right, alpha=scale, out=total)
    else:
        part = torch.mm(left.T, right)
        kernel("accumulate")(
            total.data_ptr(), part.data_ptr(), total.numel(), scale, torch.get_num_threads()
        )


class Embed(torch.autograd.Function):
    """Pieces and positions, their norm and dropout: ids (batch, time) -> (batch, time, hidden)."""

    @staticmethod
    def forward(
        ctx: Any, _anchor: Tensor, encoder: Any, ids: Tensor, chance: Chance | None, dtype: Any
    ) -> Tensor:
        (batch, time), width = ids.shape, encoder.shape.hidden
        ids = ids.contiguous()
        out = torch.empty(batch, time, width, dtype=dtype)
        mean, rstd = torch.empty(2, batch * time)
        norm, drop = encoder.norm, chances(chance, encoder.shape.dropout, 0)
        tables = encoder.pieces.weight, encoder.positions.weight
        sizes = batch * time, time, width
        parts = norm.weight, norm.bias, norm.eps, out, mean, rstd
        call("embed_forward", out, ids, *tables, *parts, *sizes, *drop)
        ctx.kept = encoder, ids, mean, rstd, drop
        return out

    @staticmethod
    def backward(ctx: Any, incoming: Tensor) -> tuple[None, ...]:
        encoder, ids, mean, rstd, drop = ctx.kept
        norm, incoming = encoder.norm, incoming.contiguous()
        tables = encoder.pieces.weight, encoder.positions.weight
        to = [gradient(p) for p in (*tables, norm.weight, norm.bias)]
        sizes = ids.numel(), ids.shape[1], encoder.shape.hidden
        parts = mean, rstd, norm.weight
        call("embed_backward", incoming, incoming, ids, *tables, *parts, *to, *sizes, *drop)
        return None, None, None, None, None


class BlockStep(torch.autograd.Function):
    """One transformer layer, as `model.Block`: x (batch, time, hidden) -> the same shape."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        _anchor: Tensor,
        block: Any,
        lengths: Tensor | None,
        chance: Chance | None,
        site: int,
    ) -> Tensor:
        batch, time, hidden = x.shape
        x, dtype = x.contiguous(), x.dtype
        flat, heads, size = x.view(-1, hidden), block.heads, block.head_size
        rows = batch * time
        drops = [
            chances(chance, share, site + n)
            for n, share in enumerate((block.attention_dropout, block.dropout, block.dropout))
        ]
        qkv = torch.mm(flat, weight(block.qkv.weight, dtype).T)
        q, k, v = torch.empty(3, batch * heads, time, size, dtype=dtype)
        sizes = batch, time, heads, size
        call("split", x, qkv, block.qkv.bias, 1 / math.sqrt(size), q, k, v, *sizes)
        values = torch.bmm(q, k.transpose(1, 2))
        dropped = torch.empty_like(values) if drops[0][2] else values
        call("softmax_forward", x, values, dropped, lengths, batch, heads, time, *drops[0])
        mixed = merged(torch.bmm(dropped, v), sizes)
        attended = torch.mm(mixed, weight(block.output.weight, dtype).T)
        first = add_norm(block.attention_norm, flat, attended, block.output.bias, drops[1])
        up = torch.mm(first[0], weight(block.up.weight, dtype).T)
        active = torch.empty_like(up)
        call("gelu_forward", x, up, block.up.bias, active, rows, up.shape[1])
        down = torch.mm(active, weight(block.down.weight, dtype).T)
        second = add_norm(block.norm, first[0], down, block.down.bias, drops[2])
        ctx.kept = block, flat, (q, k, v), values, dropped, mixed, first, up, active, second
        ctx.chance = drops, sizes, lengths
        return second[0].view(batch, time, hidden)

    @staticmethod
    def backward(ctx: Any, incoming: Tensor) -> tuple[Tensor | None, ...]:
        block, flat, (q, k, v), values, dropped, mixed, first, up, active, second = ctx.kept
        drops, sizes, _ = ctx.chance
        (batch, time, heads, size), dtype = sizes, flat.dtype
        incoming = incoming.contiguous().view(flat.shape)
        to_x, to_y = norm_backward(block.norm, incoming, second, block.down.bias, drops[2])
        into(block.down.weight, to_y, active)
        inner = torch.mm(to_y, weight(block.down.weight, dtype))
        to_bias = gradient(block.up.bias)
        call("gelu_backward", inner, inner, up, to_bias, len(inner), inner.shape[1])
        into(block.up.weight, inner, first[0])
        incoming = added(to_x, inner, weight(block.up.weight, dtype))
        norm, bias = block.attention_norm, block.output.bias
        to_x, to_y = norm_backward(norm, incoming, first, bias, drops[1])
        into(block.output.weight, to_y, mixed)
        to_mixed = parted(torch.mm(to_y, weight(block.output.weight, dtype)), sizes)
        to_v = torch.bmm(dropped.transpose(1, 2), to_mixed)
        scores = torch.bmm(to_mixed, v.transpose(1, 2))
        call("softmax_backward", scores, scores, values, batch, heads, time, *drops[0])
        to_q, to_k = torch.bmm(scores, k), torch.bmm(scores.transpose(1, 2), q)
        to_qkv = torch.empty(len(flat), 3 * heads * size, dtype=dtype)
        scale, to_bias = 1 / math.sqrt(size), gradient(block.qkv.bias)
        call("join", to_qkv, to_q, to_k, to_v, scale, to_qkv, to_bias, *sizes)
        into(block.qkv.weight, to_qkv, flat)
        if not ctx.needs_input_grad[0]:
            return None, None, None, None, None, None
        to_x = added(to_x, to_qkv, weight(block.qkv.weight, dtype))
        return to_x.view(batch, time, -1), None, None, None, None, None


def add_norm(
    norm: nn.LayerNorm, x: Tensor, y: Tensor, bias: Tensor, drop: tuple[Any, ...]
) -> tuple[Tensor, ...]:
    """norm(x + dropout(y + bias)), and the sum, its mean and 1 / deviation; x, y (rows, hidden)."""
    out, total = torch.empty_like(x), torch.empty_like(x)
    mean, rstd = torch.empty(2, len(x))
    parts = norm.weight, norm.bias, norm.eps, total, out, mean, rstd
    call("norm_forward", x, x, y, bias, *parts, *x.shape, *drop)
    return out, total, mean, rstd


def norm_backward(
    norm: nn.LayerNorm, incoming: Tensor, kept: tuple[Tensor, ...], bias: Tensor, drop: Any
) -> tuple[Tensor, Tensor]:
    """Gradients of x and y of `add_norm`; those of its parameters are added where they belong."""
    _, total, mean, rstd = kept
    to_x = torch.empty_like(incoming)
    to_y = torch.empty_like(incoming) if drop[2] else to_x
    to = [gradient(p) for p in (bias, norm.weight, norm.bias)]
    parts = total, mean, rstd, norm.weight, to_x, to_y, *to
    call("norm_backward", incoming, incoming, *parts, *incoming.shape, *drop)
    return to_x, to_y


def added(x: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """x + left right, in x."""
    return torch.addmm(x, left, right, out=x)


def merged(x: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """(batch * heads, time, size) -> (batch * time, heads * size)."""
    batch, time, heads, size = sizes
    if heads == 1:
        return x.view(batch * time, size)
    out = torch.empty(batch * time, heads * size, dtype=x.dtype)
    call("swap_heads", x, x, out, *sizes, 0)
    return out


def parted(x: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """The reverse of `merged`."""
    batch, time, heads, size = sizes
    if heads == 1:
        return x.view(batch, time, size)
    out = torch.empty(batch * heads, time, size, dtype=x.dtype)
    call("swap_heads", x, x, out, *sizes, 1)
    return out


class HeadLoss(torch.autograd.Function):
    """Summed cross-entropy of x (n, hidden) against the tied embedding, targets (n,)."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, table: Tensor, bias: Tensor, targets: Tensor, dtype: Any
    ) -> Tensor:
        low = x.detach().to(dtype)
        logits = torch.mm(low, weight(table, dtype).T)
        losses, to_bias = torch.empty(len(low)), torch.zeros_like(bias)
        parts = bias, targets, losses, to_bias
        call("cross_entropy", logits, logits, *parts, *logits.shape)
        ctx.kept = low, table, bias, logits, to_bias
        return losses.sum()

    @staticmethod
    def backward(ctx: Any, incoming: Tensor) -> tuple[Tensor | None, ...]:
        low, table, bias, logits, to_bias = ctx.kept
        scale = float(incoming)
        gradient(bias).add_(to_bias, alpha=scale)
        into(table, logits, low, scale)
        return torch.mm(logits, weight(table, logits.dtype)).float() * scale, None, None, None, None


def encode(
    encoder: Any,
    ids: Tensor,
    lengths: Tensor | None,
    chance: Chance | None,
    *,
    layers: int | None,
    dtype: torch.dtype,
) -> Tensor:
    """Hidden states (batch, time, hidden) in `dtype`, as `Encoder.forward` computes them."""
    anchor = encoder.pieces.weight
    x = Embed.apply(anchor, encoder, ids, chance, dtype)
    for number, block in enumerate(encoder.blocks[:layers]):
        site = 1 + SITES * number
        x = BlockStep.apply(x, block.qkv.weight, block, lengths, chance, site)
    return x
