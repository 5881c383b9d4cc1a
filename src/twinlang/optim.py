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

from twinlang.kernels import kernel


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
    fused: update, clipping and clearing in one pass (`kernels`). low: with it, a bf16 copy of each
    matrix, `parameter.low`, is kept up to date.
    """

    def __init__(
        self, model: nn.Module, schedule: Schedule, *, fused: bool = False, low: bool = False
    ) -> None:
        self.schedule = schedule
        trained = [p for p in model.parameters() if p.requires_grad]
        matrices, vectors = ([p for p in trained if (p.ndim > 1) is many] for many in (True, False))
        self.groups = [
            _Group(matrices, schedule.weight_decay, fused=fused, low=low),
            _Group(vectors, 0.0, fused=fused, low=False),
        ]
        self.scale: Tensor = torch.ones(())

    def clip(self) -> Tensor:
        """The gradients' norm; the next step scales them to one of at most `schedule.clip`."""
        for group in self.groups:
            group.gather()
        norm = torch.stack([group.norm() for group in self.groups]).norm()
        self.scale = (self.schedule.clip / (norm + 1e-6)).clamp(max=1.0)
        return norm

    def step(self, step: int) -> None:
        """Updates the parameters with the learning rate of `step`, and clears the gradients."""
        for group in self.groups:
            group.update(self.schedule, self.schedule.rate(step), self.scale)
            group.scatter()

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """The state by name, as live tensors: what a saved run needs and a resumed one fills."""
        for number, group in enumerate(self.groups):
            for name in ("first", "second", "count"):
                yield f"optimizer.{number}.{name}", getattr(group, name)

    def refresh(self) -> None:
        """Brings what is kept of the weights up to date, after a resumed run has filled them in."""
        for group in self.groups:
            if group.apart:
                group.flat.copy_(torch.cat([p.data.flatten() for p in group.apart]))
            if group.low is not None:
                group.low.copy_(group.flat)


class _Group:
    """Parameters of one flat buffer with gradient, first and second moment, all (n,) fp32."""

    def __init__(
        self, parameters: list[nn.Parameter], weight_decay: float, *, fused: bool, low: bool
    ) -> None:
        self.weight_decay, self.fused = weight_decay, fused
        device = parameters[0].device if parameters else torch.device("cpu")
        self.flat = torch.cat([p.data.flatten() for p in parameters] or [torch.zeros(0)])
        self.gradient = torch.zeros_like(self.flat)
        self.first, self.second = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        self.count = torch.zeros((), device=device)
        self.low = self.flat.to(torch.bfloat16) if fused and low else None
        # XLA's tensors are values of a program and have no memory that another could be a view of.
        self.apart = parameters if device.type == "xla" else []
        at = 0
        for parameter in [] if self.apart else parameters:
            size = parameter.numel()
            parameter.data = self.flat[at : at + size].view_as(parameter)
            parameter.grad = self.gradient[at : at + size].view_as(parameter)
            if self.low is not None:
                parameter.low = self.low[at : at + size].view_as(parameter)  # type: ignore[attr-defined]
            at += size

    def gather(self) -> None:
        """Collects the gradient of parameters that are no views of the buffer."""
        if self.apart:
            parts = [p.grad if p.grad is not None else torch.zeros_like(p) for p in self.apart]
            self.gradient = torch.cat([part.flatten() for part in parts])

    def scatter(self) -> None:
        """Gives such parameters their new values, and clears their gradients."""
        at = 0
        for parameter in self.apart:
            part = self.flat[at : at + parameter.numel()]
            parameter.data.copy_(part.view_as(parameter))
            parameter.grad, at = None, at + parameter.numel()

    def norm(self) -> Tensor:
        """The norm of the gradient."""
        if not self.fused:
            return torch.linalg.vector_norm(self.gradient)
        size, threads = self.gradient.numel(), torch.get_num_threads()
        return torch.tensor(kernel("squares")(self.gradient.data_ptr(), size, threads)).sqrt()

    def update(self, schedule: Schedule, rate: float, scale: Tensor) -> None:
        """One update with the gradient times `scale`, which is then cleared."""
        self.count += 1
        if self.fused:
            return self._fused_update(schedule, rate, float(scale))
        self.gradient.mul_(scale)
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
        self.gradient.zero_()

    def _fused_update(self, schedule: Schedule, rate: float, scale: float) -> None:
        """The same, with clipping, clearing and the bf16 copy in one pass."""
        tensors = self.flat, self.gradient, self.first, self.second, self.low
        low, high = schedule.betas
        numbers = scale, rate, low, high, schedule.epsilon, self.weight_decay
        corrections = 1 - low ** float(self.count), 1 - high ** float(self.count)
        kernel("adamw")(
            *(None if t is None else t.data_ptr() for t in tensors),
            *(self.flat.numel(), *numbers, *corrections, torch.get_num_threads()),
        )

    def _plain_update(self, schedule: Schedule, rate: float | Tensor) -> None:
        """The same update in plain operations, for devices without the fused one."""
        low, high = schedule.betas
        # As a number it would be a constant of the program, which each step would compile anew.
        rate = torch.tensor(rate).to(self.flat.device)
        self.flat.mul_(1 - rate * self.weight_decay)
        self.first.lerp_(self.gradient, 1 - low)
        self.second.mul_(high).addcmul_(self.gradient, self.gradient, value=1 - high)
        size = rate / (1 - low**self.count)
        deviation = (self.second / (1 - high**self.count)).sqrt().add_(schedule.epsilon)
        self.flat.sub_(size * self.first / deviation)
