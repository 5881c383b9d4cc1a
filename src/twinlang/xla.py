"""XLA devices, as TPUs are: fixed shapes, so that few programs are compiled, and rows shared out.

torch_xla is imported only where a profile says `device: xla`; docs/clusters.md has its environment.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from twinlang.cli import UserError
from twinlang.pieces import PAD

IGNORED = -100  # a target that is not counted
ROWS, TIME = 8, 16  # the smallest shape of a forward pass


def start() -> int:
    """Prepares the XLA devices of this machine and returns how many there are.

    With several, each forward pass is partitioned over them by its rows (SPMD).

    Raises:
        UserError: torch_xla is not installed, or finds no device.
    """
    if importlib.util.find_spec("torch_xla") is None:
        raise UserError(
            "device xla: torch_xla is not installed; make the environment envs/tpu.yaml"
        )
    import torch_xla.runtime as runtime

    try:
        runtime.use_spmd()
        return int(runtime.global_runtime_device_count())
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"device xla cannot be used here ({reason}); set PJRT_DEVICE to TPU or CPU"
        ) from None


def seed(number: int) -> None:
    """Seeds the device's generator. The seed is data of the program, not a constant in it."""
    import torch_xla

    torch_xla.manual_seed(number)


def send(tensors: dict[str, Tensor | None], devices: int) -> dict[str, Tensor | None]:
    """The tensors of a forward pass on the device, padded, their rows shared out over `devices`."""
    found: dict[str, Tensor | None] = {}
    for name, tensor in padded(tensors, devices).items():
        found[name] = there = tensor.to("xla")
        if devices > 1 and name in ("ids", "lengths", "rows"):
            _share(there, devices)
    return found


def sync() -> None:
    """Computes what is asked for so far; else each step's program would hold all steps before."""
    import torch_xla

    torch_xla.sync()


def padded(tensors: dict[str, Tensor | None], devices: int = 1) -> dict[str, Tensor]:
    """The same forward pass in a shape whose sizes are powers of two.

    ids (rows, time), lengths (rows,) or None, rows (rows,); at, targets (masked,), or targets
    (rows, ...). Added rows hold one <pad>; added targets are not counted.
    """
    ids, lengths, at = tensors["ids"], tensors.get("lengths"), tensors.get("at")
    assert ids is not None
    count, time = ids.shape
    rows, wide = _up(count, max(ROWS, devices)), _up(time, TIME)
    lengths = torch.full((count,), time) if lengths is None else lengths
    found = {
        "ids": F.pad(ids, (0, wide - time, 0, rows - count), value=PAD),
        "lengths": F.pad(lengths, (0, rows - count), value=1),
    }
    if (targets := tensors.get("targets")) is not None:
        if at is not None:
            more = _up(len(at), ROWS) - len(at)
            found["at"] = F.pad(at // time * wide + at % time, (0, more))
            sizes = [0, more]
        else:
            sizes = [0, rows - count]
            if targets.ndim == 2:
                sizes = [0, wide - time if targets.shape[1] == time else 0, *sizes]
        found["targets"] = F.pad(targets, sizes, value=IGNORED)
    if (numbers := tensors.get("rows")) is not None:
        found["rows"] = F.pad(numbers, (0, rows - count))
    return found


def compilations() -> int:
    """How many programs this process has compiled."""
    from torch_xla.debug import metrics

    data = metrics.metric_data("CompileTime")
    return int(data[0]) if data else 0


def _up(size: int, least: int) -> int:
    """The next power of two times `least`: few sizes, at most half of which is padding."""
    while least < size:
        least *= 2
    return least


def _share(tensor: Tensor, devices: int) -> None:
    import numpy as np
    from torch_xla.distributed import spmd

    mesh: Any = spmd.Mesh(np.arange(devices), (devices,), ("rows",))
    spmd.mark_sharding(tensor, mesh, ("rows",) + (None,) * (tensor.ndim - 1))
