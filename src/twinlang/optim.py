"""AdamW over flat buffers: one fused update for all weights, one for all norms and biases.

The parameters of a group become views of one tensor, and so do their gradients: clipping, update
and (on several devices) reduction are one operation each. `torch.optim` is not used because its
first call imports the compiler, which takes longer than a short fine-tuning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Schedule:
    """AdamW with linear warm-up and linear decay to zero; steps and warm-up in steps."""

    steps: int
    learning_rate: float
    warmup: int = 0
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    clip: float = 1.0

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        return self.learning_rate * (self.steps - step) / max(1, self.steps - self.warmup)


class AdamW:
    """Loshchilov & Hutter's AdamW with bias correction, equal to `torch.optim.AdamW`.

    Norms and biases (parameters of one dimension) are not decayed, as in `transformers`.
    """

    def __init__(self, model: nn.Module, schedule: Schedule) -> None:
        self.schedule = schedule
        trained = [p for p in model.parameters() if p.requires_grad]
        self.groups = [
            _Group([p for p in trained if p.ndim > 1], schedule.weight_decay),
            _Group([p for p in trained if p.ndim < 2], 0.0),
        ]

    def clip(self) -> Tensor:
        """Scales the gradients to a norm of at most `schedule.clip`; returns the norm before."""
        norm = torch.stack([torch.linalg.vector_norm(g.gradient) for g in self.groups]).norm()
        scale = (self.schedule.clip / (norm + 1e-6)).clamp(max=1.0)
        for group in self.groups:
            group.gradient.mul_(scale)
        return norm

    def step(self, step: int) -> None:
        """Updates the parameters with the learning rate of `step`, and clears the gradients."""
        for group in self.groups:
            group.update(self.schedule, self.schedule.rate(step))
            group.gradient.zero_()

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """The state by name, as live tensors: what a saved run needs and a resumed one fills."""
        for number, group in enumerate(self.groups):
            for name in ("first", "second", "count"):
                yield f"optimizer.{number}.{name}", getattr(group, name)


class _Group:
    """Parameters of one flat buffer with gradient, first and second moment, all (n,) fp32."""

    def __init__(self, parameters: list[nn.Parameter], weight_decay: float) -> None:
        self.weight_decay = weight_decay
        device = parameters[0].device if parameters else torch.device("cpu")
        self.flat = torch.cat([p.data.flatten() for p in parameters] or [torch.zeros(0)])
        self.gradient = torch.zeros_like(self.flat)
        self.first, self.second = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        self.count = torch.zeros((), device=device)
        at = 0
        for parameter in parameters:
            size = parameter.numel()
            parameter.data = self.flat[at : at + size].view_as(parameter)
            parameter.grad = self.gradient[at : at + size].view_as(parameter)
            at += size

    def update(self, schedule: Schedule, rate: float) -> None:
        self.count += 1
        if self.flat.device.type in ("cpu", "cuda"):
            torch._fused_adamw_(
                [self.flat],
                [self.gradient],
                [self.first],
                [self.second],
                [],
                [self.count],
                lr=rate,
                beta1=schedule.betas[0],
                beta2=schedule.betas[1],
                weight_decay=self.weight_decay,
                eps=schedule.epsilon,
                amsgrad=False,
                maximize=False,
            )
        else:
            self._plain_update(schedule, rate)

    def _plain_update(self, schedule: Schedule, rate: float) -> None:
        """The same update in plain operations, for devices without the fused one."""
        low, high = schedule.betas
        self.flat.mul_(1 - rate * self.weight_decay)
        self.first.lerp_(self.gradient, 1 - low)
        self.second.mul_(high).addcmul_(self.gradient, self.gradient, value=1 - high)
        size = rate / (1 - low**self.count)
        deviation = (self.second / (1 - high**self.count)).sqrt().add_(schedule.epsilon)
        self.flat.sub_(size * self.first / deviation)
