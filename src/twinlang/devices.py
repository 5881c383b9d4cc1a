"""Devices: what a profile asks for, checked at once; threads; what a metric file says of them."""

from __future__ import annotations

import argparse
import platform
from typing import Any

from twinlang import __version__
from twinlang.cli import UserError


def add_flags(flags: argparse.ArgumentParser) -> None:
    """The flags that change speed alone; profiles set them as resources."""
    group = flags.add_argument_group("speed (set by the profile, no influence on what is computed)")
    group.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1 ...")
    group.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    group.add_argument("--micro-batch", type=int, default=0, help="places a forward pass; 0: all")
    group.add_argument("--threads", type=int, default=1)


def prepare(arguments: argparse.Namespace) -> str:
    """Sets the threads and returns the device.

    Raises:
        UserError: there is no such device here.
    """
    import torch

    torch.set_num_threads(arguments.threads)
    device = str(arguments.device)
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch has no class of its own for this
        reason = str(error).splitlines()[0]
        raise UserError(
            f"device {device} cannot be used here ({reason}); choose a profile with device: cpu"
        ) from None
    return device


def provenance(arguments: argparse.Namespace) -> dict[str, Any]:
    """Device, precision, threads and versions, as every metric file records them."""
    import torch

    versions = {"twinlang": __version__, "torch": torch.__version__}
    versions["python"] = platform.python_version()
    return {
        "device": arguments.device,
        "precision": arguments.precision,
        "threads": arguments.threads,
        "versions": versions,
    }
