"""Models as safetensors files: written whole, read with their shapes checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn, uint8

from twinlang.cli import UserError
from twinlang.resume import save_tensors

# All metadata stand under one key: the format writes several in a random order, and equal models
# must be equal files.
KEY, CONTENT = "twinlang", "sha256"


def save(path: str | Path, model: nn.Module, **metadata: str) -> None:
    """A model's weights by name, with metadata (recipe hash ...) and the hash of their content."""
    save_state(path, model.state_dict(), **metadata)


def save_state(path: str | Path, state: Mapping[str, Tensor], **metadata: str) -> None:
    """The same, of a model that is there by its tensors alone."""
    told = json.dumps({**metadata, CONTENT: digest(state)}, sort_keys=True)
    save_tensors(Path(path), state, {KEY: told})


def digest(tensors: Mapping[str, Tensor]) -> str:
    """The hash of tensors, their names, types and shapes, in hex."""
    found = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        found.update(tensor.detach().cpu().contiguous().flatten().view(uint8).numpy().data)
    return found.hexdigest()


def read(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a file; where it holds the hash of its content, they must have that hash.

    Raises:
        UserError: the file is no safetensors file, is cut short, or was changed after writing.
    """
    tensors, metadata = read_all(path)
    try:
        wanted = json.loads(metadata.get(KEY, "{}")).get(CONTENT)
    except (ValueError, AttributeError):
        wanted = "unreadable"
    if wanted not in (None, digest(tensors)):
        raise UserError(
            f"{path} was changed after it was written (its content has another hash); "
            "delete it and run again"
        )
    return tensors


def read_all(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file and its metadata, with no more checks than the format has.

    Raises:
        UserError: the file is no safetensors file, or is cut short.
    """
    from safetensors import safe_open

    try:
        with safe_open(path, "pt") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except FileNotFoundError:
        raise UserError(f"{path} is missing; run the rule that writes it") from None
    except Exception as error:  # the library exports no class of its own
        raise UserError(
            f"{path} is cut short or damaged ({error}); delete it and run again"
        ) from None


def load(path: str | Path, model: nn.Module, *, part: str = "") -> None:
    """Fills a model in place; with `part`, only from the tensors whose name begins so.

    Raises:
        UserError: names or shapes differ from the model's.
    """
    tensors = {n.removeprefix(part): t for n, t in read(path).items() if n.startswith(part)}
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).replace("\n", " ")[:200]
        raise UserError(f"{path} does not fit the recipe's model ({reason}); run it anew") from None
