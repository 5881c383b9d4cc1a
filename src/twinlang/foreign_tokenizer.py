"""The tokenizer of a `transformers` folder, put into the form that this project's have.

Its pieces stay as they are; ids change where they must: the special pieces come first, in our
order, and a blank is put before every text, so that words are spelt alike wherever they stand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from twinlang.cli import UserError, read_json
from twinlang.pieces import SPECIALS, UNKNOWN
from twinlang.tokenizer import framing, pre_tokenizers_of

NAMES = ("cls_token", "pad_token", "sep_token", "unk_token", "mask_token")  # in our order
PRE_TOKENIZERS = {"BPE": "ByteLevel", "Unigram": "Metaspace"}  # by the kind of model
NORMALIZERS = (None, "NFC", "Prepend", "Sequence")
NORMALIZER = {
    "type": "Sequence",
    "normalizers": [{"type": "NFC"}, {"type": "Prepend", "prepend": " "}],
}


def adopt(folder: str | Path) -> tuple[Tokenizer, list[int]]:
    """The tokenizer, and the old id of each new id, (|V|,).

    Raises:
        UserError: there is none, it is of another kind, or lacks a special piece.
    """
    path = Path(folder) / "tokenizer.json"
    if not path.exists():
        raise UserError(f"{path} is missing; save it there with AutoTokenizer's save_pretrained")
    found = read_json(path)
    try:
        _check(found, path)
        order, tokens = _order(found, special_names(Path(folder)), path)
        _renumber(found, order, tokens)
        tokenizer = Tokenizer.from_str(json.dumps(found))
    except UserError:
        raise
    except Exception as error:  # the library raises no class of its own
        raise UserError(f"{path} is no tokenizer ({error}); save it anew") from None
    tokenizer.post_processor = framing()
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer, order


def elsewhere(folder: str | Path, *outputs: str | Path) -> None:
    """Refuses to write into the folder that is read: its tokenizer and model belong together."""
    for path in outputs:
        if Path(path).resolve().parent == Path(folder).resolve():
            raise UserError(f"{path} would lie in the folder that is imported; name another")


def special_names(folder: Path) -> list[str]:
    """What the folder calls our special pieces, in our order."""
    names = dict(zip(NAMES, SPECIALS, strict=True))
    for file in ("special_tokens_map.json", "tokenizer_config.json"):
        told = read_json(folder / file) if (folder / file).exists() else {}
        for name in NAMES:
            value = told.get(name)
            value = value.get("content") if isinstance(value, dict) else value
            names[name] = value or names[name]
    return [names[name] for name in NAMES]


def _check(found: dict[str, Any], path: Path) -> None:
    """Refuses what our encoding of words could not follow."""
    kind = found["model"]["type"]
    if not pre_tokenizers_of(found, PRE_TOKENIZERS.get(kind, "")):
        raise UserError(
            f"{path} is {kind} of another kind than RoBERTa's (byte-level BPE) or XLM-RoBERTa's "
            "(Unigram with Metaspace); it cannot be imported"
        )
    normalizer = found["normalizer"] or {"type": None}
    parts = [normalizer, *normalizer.get("normalizers", [])]
    other = [part["type"] for part in parts if part["type"] not in NORMALIZERS]
    if kind == "BPE" and other:
        raise UserError(f"{path} changes text before reading it ({other[0]}); cannot be imported")


def _order(found: dict[str, Any], names: list[str], path: Path) -> tuple[list[int], list[str]]:
    """The old id of each new id, and what the piece is called; specials first."""
    vocabulary = found["model"]["vocab"]
    if isinstance(vocabulary, list):  # Unigram: pieces with their scores
        vocabulary = {token: number for number, (token, _) in enumerate(vocabulary)}
    ids: dict[str, int] = dict(vocabulary)
    for added in found["added_tokens"]:
        ids.setdefault(added["content"], added["id"])
    missing = [name for name in names if name not in ids]
    if missing:
        raise UserError(f"{path} has no special piece {', '.join(missing)}; add it to the model")
    if sorted(ids.values()) != list(range(len(ids))):
        raise UserError(f"{path}: ids do not count from 0 to {len(ids) - 1}; save it anew")
    piece = {number: token for token, number in ids.items()}
    first = [ids[name] for name in names]
    rest = [number for number in range(len(ids)) if number not in first]
    tokens = [*SPECIALS, *(piece[number] for number in rest)]
    if len(set(tokens)) < len(ids):
        raise UserError(f"{path}: special pieces share an id or a name; they must be five")
    return first + rest, tokens


def _renumber(found: dict[str, Any], order: list[int], tokens: list[str]) -> None:
    """Gives the pieces of a tokenizer their new ids and names, and it our blanks, in place."""
    new = {old: number for number, old in enumerate(order)}
    for added in found["added_tokens"]:
        added["id"] = new[added["id"]]
        added["content"] = tokens[added["id"]]
        if added["id"] < len(SPECIALS):
            added |= {"special": True, **dict.fromkeys(("lstrip", "rstrip", "normalized"), False)}
    found["added_tokens"].sort(key=lambda added: added["id"])
    found["post_processor"] = None
    model = found["model"]
    if model["type"] == "Unigram":
        scores = [score for _, score in model["vocab"]]
        scores += [min(scores)] * (len(order) - len(scores))  # pieces that only were added
        pairs = zip(tokens, order, strict=True)
        model |= {"vocab": [[token, scores[old]] for token, old in pairs], "unk_id": UNKNOWN}
        for part in pre_tokenizers_of(found, "Metaspace"):
            part.pop("add_prefix_space", None)  # the scheme's older name
            part["prepend_scheme"] = "always"
        return
    model["vocab"] = {token: number for number, token in enumerate(tokens)}
    if model.get("unk_token") not in model["vocab"]:
        model["unk_token"] = None
    found["normalizer"] = NORMALIZER
    for part in pre_tokenizers_of(found, "ByteLevel"):
        part["add_prefix_space"] = False
