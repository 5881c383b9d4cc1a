"""Models as safetensors files: written whole, read with their shapes checked."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from twinlang.cli import UserError
from twinlang.resume import save_tensors


def save(path: str | Path, model: nn.Module, **metadata: str) -> None:
    """A model's weights by name, with metadata (recipe hash, setting ...)."""
    save_tensors(Path(path), model.state_dict(), metadata)


def read(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a file.

    Raises:
        UserError: the file is no safetensors file, or is cut short.
    """
    from safetensors.torch import load_file

    try:
        return load_file(path)
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
