"""A model as a folder that `transformers` loads: configuration, weights, tokenizer, model card.

`transformers` itself is not needed: what its files say is written here, and tests compare.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from twinlang import transforms
from twinlang.cli import UserError, read_json, write_json, writing
from twinlang.convert import CLASSES, LM, TIED, config_of, to_transformers
from twinlang.model import Classifier, MaskedLM, Shape
from twinlang.pieces import END, MASK, PAD, SPECIALS, START, UNKNOWN
from twinlang.resume import save_tensors

RECIPE = "recipe.json"
DERIV_IDS = "deriv_ids.json"
SPECIAL_NAMES = {
    **{"bos_token": SPECIALS[START], "cls_token": SPECIALS[START], "pad_token": SPECIALS[PAD]},
    **{"eos_token": SPECIALS[END], "sep_token": SPECIALS[END], "unk_token": SPECIALS[UNKNOWN]},
    "mask_token": SPECIALS[MASK],
}


def model_of(shape: Shape, *, head: str, labels: int) -> MaskedLM | Classifier:
    """A model of ours to be filled with the weights that are exported."""
    return MaskedLM(shape) if head == LM else Classifier(shape, head=head, labels=labels)


def config(shape: Shape, *, head: str, labels: tuple[str, ...]) -> dict[str, Any]:
    """config.json: sizes, class, and the names of a classifier's labels."""
    found = {
        **config_of(shape),
        **{"architectures": [CLASSES[head]], "model_type": "roberta", "dtype": "float32"},
        "tie_word_embeddings": True,
    }
    if head in ("tokens", "sequence"):
        found["id2label"] = {str(n): label for n, label in enumerate(labels)}
        found["label2id"] = {label: n for n, label in enumerate(labels)}
    return found


def tokenizer_files(path: str | Path, *, positions: int) -> dict[str, Any]:
    """tokenizer.json and the two files that say which of its pieces are special.

    Blanks beside a <mask> in a text belong to the mask, since a piece begins with its blank.
    """
    tokenizer = read_json(path)
    try:
        for added in tokenizer["added_tokens"]:
            if added["id"] == MASK:
                added |= {"lstrip": True, "rstrip": True}
    except (KeyError, TypeError) as error:
        raise UserError(f"{path} is no tokenizer ({error}); delete it and run again") from None
    return {
        "tokenizer.json": tokenizer,
        "special_tokens_map.json": SPECIAL_NAMES,
        "tokenizer_config.json": {
            **SPECIAL_NAMES,
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": positions,
            "model_input_names": ["input_ids", "attention_mask"],
            "clean_up_tokenization_spaces": False,
        },
    }


def deriv_ids(recipe: dict[str, Any]) -> list[int] | None:
    """The twin's id of every id of the tokenizer; None where the twin moves none."""
    size = recipe["vocabulary"]
    table = transforms.respelling(recipe["twin"], size, seed=recipe["twin_seed"]).tolist()
    return None if table == list(range(size)) else table


def write(
    folder: str | Path,
    *,
    recipe: dict[str, Any],
    weights: dict[str, Tensor],
    shape: Shape,
    head: str,
    labels: tuple[str, ...],
    tokenizer: str | Path,
    card: str,
) -> None:
    """Writes the folder; config.json comes last, so that half a folder is never loaded."""
    folder = Path(folder)
    files = tokenizer_files(tokenizer, positions=shape.positions)
    vocabulary = len(files["tokenizer.json"]["model"]["vocab"])
    if vocabulary != recipe["vocabulary"]:
        raise UserError(
            f"{tokenizer} has {vocabulary} pieces, the model's recipe {recipe['vocabulary']}; "
            "name the tokenizer that the model was trained with"
        )
    (folder / "config.json").unlink(missing_ok=True)
    state = to_transformers(weights, shape, head=head)
    whole = {name: tensor for name, tensor in state.items() if name not in TIED}
    save_tensors(folder / "model.safetensors", whole, {"format": "pt"})
    table = deriv_ids(recipe)
    files |= {DERIV_IDS: table} if table else {}
    for name, value in files.items():
        _write(folder / name, json.dumps(value, ensure_ascii=False))
    write_json(folder / RECIPE, recipe)
    _write(folder / "README.md", card)
    told = config(shape, head=head, labels=labels)
    _write(folder / "config.json", json.dumps(told, indent=1))  # labels in the order of their ids


def _write(path: Path, text: str) -> None:
    with writing(path) as handle:
        handle.write(text)
