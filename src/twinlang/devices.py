"""Engines: how a profile computes. Device, precision, kernels, threads, and several processes.

Nothing here decides what is computed: that is the recipe's. What was used stands in every metric
file.
"""

from __future__ import annotations

import argparse
import atexit
import ctypes
import os
import platform
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from twinlang import __version__, device_lock, kernels, xla
from twinlang.cli import UserError
from twinlang.kernels import processor_flags

Model = TypeVar("Model", bound=nn.Module)
Loss = TypeVar("Loss", bound=Callable[..., torch.Tensor])
FREE = "cuda:free"  # a GPU that no other job holds
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of malloc.h
# CUDA graphs, for models so small that launches dominate, are asked for by name.
COMPILED = {"on": "default", "off": "", "graphs": "reduce-overhead"}
LOW_FLAGS = {"amx_bf16", "avx512_bf16"}  # processors that multiply bf16 matrices faster than fp32


@dataclass(frozen=True)
class Engine:
    """Where and how a model computes.

    precision: fp32 or bf16 (matrix products and, on the CPU, activations; sums, weights and
    moments stay fp32). micro_batch: places a forward pass at most, 0 for a whole step.
    fused: the CPU's fused kernels; without them everything is plain torch.
    compiled: torch.compile of the loss, by its mode; none if empty (COMPILED).
    rank, world: this process and the number of processes that train together.
    parts: XLA devices that this process partitions a forward pass over.
    """

    device: str = "cpu"
    precision: str = "fp32"
    micro_batch: int = 0
    threads: int = 1
    fused: bool = False
    compiled: str = ""
    rank: int = 0
    world: int = 1
    parts: int = 1

    def place(self, model: Model) -> Model:
        """The model on the device, set to compute as this engine says."""
        model.to(self.device)
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float32
        for part in model.modules():
            if hasattr(part, "dtype"):
                part.dtype = dtype if self.fused else None  # type: ignore[assignment]
        return model

    def compile(self, loss: Loss) -> Loss:
        """The loss, compiled where this engine does that."""
        compiled: Any = torch.compile(loss, mode=self.compiled) if self.compiled else loss
        return compiled

    def seed(self, seed: int) -> None:
        """Seeds the device's generator; torch's call for all devices costs a tenth of a step."""
        if self.device.startswith("cuda"):
            torch.cuda.manual_seed(seed)
        elif self.device == "xla":
            xla.seed(seed)
        else:
            torch.default_generator.manual_seed(seed)

    def send(self, tensors: dict[str, Tensor | None]) -> dict[str, Tensor | None]:
        """The tensors of a forward pass on the device; on XLA devices in one of few shapes."""
        if self.device == "xla":
            return xla.send(tensors, self.parts)
        return {
            name: t if t is None else t.to(self.device, non_blocking=True)
            for name, t in tensors.items()
        }

    def number(self, value: float) -> float | Tensor:
        """A number that differs from step to step; in an XLA program it must not be a constant."""
        return torch.tensor(float(value)).to(self.device) if self.device == "xla" else value

    def sync(self) -> None:
        """Ends an XLA program: what was asked for so far is computed, and remembered as a value."""
        if self.device == "xla":
            xla.sync()

    def autocast(self) -> torch.autocast:
        """bf16 matrix products where the precision says so; otherwise nothing."""
        kind = torch.device(self.device).type
        return torch.autocast(kind, dtype=torch.bfloat16, enabled=self.precision == "bf16")

    def share(self, rows: int, time: int) -> int:
        """Rows of a micro-batch, of a step of `rows` rows of `time` places."""
        most = max(1, self.micro_batch // time) if self.micro_batch else rows
        return min(most, -(-rows // self.world))

    @property
    def path(self) -> str:
        """The name of the path that computes, as metric files record it."""
        return "fused" if self.fused else "torch"


PLAIN = Engine()


def add_flags(flags: argparse.ArgumentParser) -> None:
    """The flags that change speed alone; profiles set them as resources."""
    group = flags.add_argument_group("speed (set by the profile, no influence on what is computed)")
    group.add_argument(
        "--device", default="cpu", help="cpu, cuda, cuda:1, cuda:free, cuda:free/4, xla"
    )
    group.add_argument("--precision", default="fp32", choices=["fp32", "bf16", "auto"])
    group.add_argument("--micro-batch", type=int, default=0, help="places a forward pass; 0: all")
    group.add_argument("--threads", type=int, default=1)


def prepare(arguments: argparse.Namespace) -> Engine:
    """The engine that the flags ask for; sets torch's threads and joins the other processes.

    Raises:
        UserError: there is no such device here.
    """
    torch.set_num_threads(arguments.threads)
    keep_memory()
    world, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
    device = str(arguments.device)
    if device.startswith(FREE):
        device = free_gpu(device)
    elif device == "cuda" and world > 1:
        device = f"cuda:{os.environ['LOCAL_RANK']}"
    parts = xla.start() if device == "xla" else 1
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch has no class of its own for this
        reason = str(error).splitlines()[0]
        raise UserError(
            f"device {device} cannot be used here ({reason}); choose a profile with device: cpu"
        ) from None
    if world > 1:
        join(device)
    fused = device == "cpu" and kernels.available()
    return Engine(
        device=device,
        precision=_precision(arguments.precision, device, fused),
        micro_batch=arguments.micro_batch,
        threads=arguments.threads,
        fused=fused,
        compiled=_compiled(device),
        rank=rank,
        world=world,
        parts=parts,
    )


def _compiled(device: str) -> str:
    """The mode of torch.compile: on GPUs, as TWINLANG_COMPILE says (on, off, graphs)."""
    asked = os.environ.get("TWINLANG_COMPILE", "on")
    if asked not in COMPILED:
        raise UserError(f"TWINLANG_COMPILE is {asked}; set it to one of {', '.join(COMPILED)}")
    return COMPILED[asked] if device.startswith("cuda") else ""


def free_gpu(device: str = FREE) -> str:
    """Makes a GPU that no other job holds the only one that this process sees (`device_lock`);
    `cuda:free/4`: one that fewer than four hold.

    Raises:
        UserError: the number is none, or there is no GPU.
    """
    slots = device.removeprefix(FREE).removeprefix("/") or "1"
    if not slots.isdecimal() or slots == "0":
        raise UserError(f"device {device}: write cuda:free, or cuda:free/4 for four jobs a GPU")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        names = [str(number) for number in range(torch.cuda.device_count())]
    else:
        names = [name for name in visible.split(",") if name]
    os.environ["CUDA_VISIBLE_DEVICES"] = device_lock.hold(names, slots=int(slots))
    return "cuda"


def join(device: str) -> None:
    """Joins the processes that `torchrun` started."""
    if device.startswith("cuda"):
        torch.cuda.set_device(device)
    if not torch.distributed.is_initialized():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
        # Its threads have to end before the interpreter does: else some runs abort at their end.
        atexit.register(torch.distributed.destroy_process_group)


def keep_memory() -> None:
    """Keeps freed memory in the process: else glibc gives back and faults in every large tensor of
    every step, a fifth of the time of a fused one."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for option, value in (TRIM_THRESHOLD, 1 << 30), (MMAP_THRESHOLD, 1 << 30):
            libc.mallopt(option, value)


def _precision(asked: str, device: str, fused: bool) -> str:
    """What `auto` means: bf16 where this device multiplies it several times faster than fp32.

    It depends on the machine alone, so that all models of a study made on one are comparable.
    """
    if asked != "auto":
        return asked
    if device.startswith("cuda") or device == "xla":
        return "bf16"
    return "bf16" if fused and LOW_FLAGS & processor_flags() else "fp32"


def provenance(engine: Engine) -> dict[str, Any]:
    """Device, precision, path, threads and versions, as every metric file records them."""
    versions = {"twinlang": __version__, "torch": torch.__version__}
    versions["python"] = platform.python_version()
    return {
        "device": engine.device,
        "precision": engine.precision,
        "path": engine.path,
        "threads": engine.threads,
        "versions": versions,
    }
