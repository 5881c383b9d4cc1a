"""The state from which a killed training run goes on: weights, optimizer, step; and its lock.

The state is a file beside the outputs that no rule declares (Snakemake deletes declared outputs
before a re-run), named by the hash of its recipe. A lock with a heartbeat keeps an orphan of a
killed run and its successor from writing together.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from twinlang.cli import UserError, write_json, writing
from twinlang.devices import PLAIN, Engine
from twinlang.optim import AdamW

SAVE_SECONDS = 30.0
BEAT_SECONDS = 5.0
STALE_SECONDS = 120.0  # a lock without a heartbeat for so long is an orphan's


class Resume:
    """Saves and loads the state of one run in a folder; used as a context, which holds its lock."""

    def __init__(
        self,
        folder: Path,
        recipe_hash: str,
        *,
        name: str = "resume",
        every: float = SAVE_SECONDS,
        engine: Engine = PLAIN,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.hash, self.every, self.engine = recipe_hash, every, engine
        self.path = folder / f".{name}.{recipe_hash[:16]}.safetensors"
        self.pattern, self.lock = f".{name}.*.safetensors", folder / f".{name}.lock"
        self.saved = self.beat = time.monotonic()

    def __enter__(self) -> Resume:
        if self.engine.rank == 0:
            self._take()
        if self.engine.world > 1:
            torch.distributed.barrier()  # all read what the first has found
        return self

    def _take(self) -> None:
        holder = _holder(self.lock)
        if holder and _alive(holder):
            raise UserError(
                f"{self.lock}: process {holder['pid']} on {holder['host']} is training here; wait "
                "for it or stop it, then run again"
            )
        self._heartbeat()
        self._tidy()

    def __exit__(self, *_: object) -> None:
        if self.engine.rank == 0 and self._ours():
            self.lock.unlink(missing_ok=True)

    def load(self, model: nn.Module, optimizer: AdamW) -> tuple[int, str]:
        """Restores a saved state in place; returns its number of steps, 0 where there is none, and
        the lines of the log up to there.

        Raises:
            UserError: the file is cut short or belongs to another recipe or model.
        """
        if not self.path.exists():
            return 0, ""
        from safetensors import safe_open

        remedy = f"delete {self.path} and run again"
        try:
            with safe_open(self.path, "pt") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except Exception as error:  # safetensors raises a class of its own, not exported
            raise UserError(f"{self.path} is cut short or damaged ({error}); {remedy}") from None
        if metadata.get("recipe") != self.hash:
            raise UserError(f"{self.path} is the state of another recipe; {remedy}")
        try:
            _restore(model, optimizer, tensors)
        except KeyError as error:
            raise UserError(f"{self.path} does not fit this model ({error}); {remedy}") from None
        return int(metadata["steps"]), metadata["log"]

    def maybe_save(
        self,
        model: nn.Module,
        optimizer: AdamW,
        steps: int,
        *,
        log: Callable[[], str] = str,
        now: bool = False,
    ) -> None:
        """Saves the state every `every` seconds, or now; ends a run that lost its lock.

        log: gives the lines of the log up to this step. They are saved too, because Snakemake
        deletes the log itself before a re-run.
        """
        if self.engine.rank:
            return  # the first process writes for all
        clock = time.monotonic()
        if clock - self.beat > BEAT_SECONDS:
            if not self._ours():
                raise UserError(f"{self.lock}: another run has taken over; this one stops")
            self._heartbeat()
        if now or clock - self.saved > self.every:
            tensors = dict([*_model_tensors(model), *optimizer.tensors()])
            metadata = {"recipe": self.hash, "steps": str(steps), "log": log()}
            save_tensors(self.path, tensors, metadata)
            self.saved = time.monotonic()

    def clear(self) -> None:
        """Forgets the state of a run that is complete."""
        if self.engine.rank == 0:
            self.path.unlink(missing_ok=True)

    def _tidy(self) -> None:
        """Removes states of other recipes, and half states that a killed run has left behind."""
        folder = self.path.parent
        for other in [*folder.glob(self.pattern), *folder.glob(f".{self.pattern}.*.tmp")]:
            if other != self.path:
                other.unlink(missing_ok=True)

    def _heartbeat(self) -> None:
        write_json(self.lock, {"host": socket.gethostname(), "pid": os.getpid(), "at": time.time()})
        self.beat = time.monotonic()

    def _ours(self) -> bool:
        holder = _holder(self.lock)
        return bool(holder) and (holder["host"], holder["pid"]) == (
            socket.gethostname(),
            os.getpid(),
        )


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
    """Tensors as a safetensors file, complete or absent."""
    from safetensors.torch import save

    whole = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    with writing(path, "wb") as handle:
        handle.write(save(whole, metadata))


def _restore(model: nn.Module, optimizer: AdamW, tensors: dict[str, Tensor]) -> None:
    for name, tensor in [*_model_tensors(model), *optimizer.tensors()]:
        saved = tensors[name]
        if saved.shape != tensor.shape:
            raise KeyError(f"{name} is {tuple(saved.shape)}, not {tuple(tensor.shape)}")
        tensor.copy_(saved)
    optimizer.refresh()


def _model_tensors(model: nn.Module) -> list[tuple[str, Tensor]]:
    return [(f"model.{name}", tensor) for name, tensor in model.state_dict().items()]


def _holder(lock: Path) -> dict[str, object]:
    try:
        return dict(json.loads(lock.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):  # none, or half a lock of a full disk
        return {}


def _alive(holder: dict[str, object]) -> bool:
    """Whether a lock's holder still works: its process on this host, else its heartbeat."""
    if holder["host"] == socket.gethostname():
        if holder["pid"] == os.getpid():
            return False
        try:
            os.kill(int(str(holder["pid"])), 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # another user's process
            pass
    return time.time() - float(str(holder["at"])) < STALE_SECONDS
