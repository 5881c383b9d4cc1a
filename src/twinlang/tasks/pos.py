"""Part-of-speech tagging: a UPOS for each word (section 3.4, Table 4)."""

from __future__ import annotations

from typing import Any

from twinlang import scores
from twinlang.tasks import Part, Reader, label_ids

HEAD = "tokens"
METRIC = "f1"
LABELS = (
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM"),
    *("PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"),
)


def encode(record: dict[str, Any], reader: Reader) -> list[Part]:
    return [(0, reader.words(record["words"], label_ids(record, LABELS)))]


def score(
    records: list[dict[str, Any]], predictions: list[dict[str, Any]], options: dict[str, Any]
) -> dict[str, float]:
    """F1 as seqeval reads bare tags (the paper's), over true runs, and token accuracy."""
    return scores.pos([p["gold"] for p in predictions], [p["predicted"] for p in predictions])


def parts(predictions: list[dict[str, Any]], options: dict[str, Any]) -> scores.Parts:
    """What each example adds to the main score, above and below the line."""
    return scores.pos_parts([p["gold"] for p in predictions], [p["predicted"] for p in predictions])


def tiny() -> list[dict[str, Any]]:
    return [
        {"id": "a", "words": ["A", "dog", "."], "labels": ["DET", "NOUN", "PUNCT"]},
        {"id": "b", "words": ["Blue", "boats", "sail"], "labels": ["ADJ", "NOUN", "VERB"]},
        {"id": "c", "words": ["Ana", "sleeps"], "labels": ["PROPN", "VERB"]},
    ]
