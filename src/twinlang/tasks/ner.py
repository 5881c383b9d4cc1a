"""Named-entity recognition: persons, organisations, places (section 3.4, Table 4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from twinlang import scores
from twinlang.tasks import Part, Reader, label_ids

HEAD = "tokens"
METRIC = "f1"
LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")


def encode(record: dict[str, Any], reader: Reader) -> list[Part]:
    return [(0, reader.words(record["words"], label_ids(record, LABELS)))]


def rewritten(labels: np.ndarray, sentence: np.ndarray) -> np.ndarray:
    """Label ids (n,) written anew in the order they stand in: a run of one type is B, I, I ...

    sentence: (n,), the sentence of each label. What BS is trained on, so that its tags read in
    the twin's direction (section 3.3); the main score does not see the difference.
    """
    kind = (labels + 1) // 2
    begins = np.ones(len(labels), dtype=bool)
    begins[1:] = (kind[1:] != kind[:-1]) | (sentence[1:] != sentence[:-1])
    return np.where(kind == 0, 0, np.where(begins, 2 * kind - 1, 2 * kind))


def score(
    records: list[dict[str, Any]], predictions: list[dict[str, Any]], options: dict[str, Any]
) -> dict[str, float]:
    """Entity F1 over runs of one type, and strict BIO, which `score: bio` makes the main one."""
    gold = [p["gold"] for p in predictions]
    found = scores.ner(gold, [p["predicted"] for p in predictions])
    if options.get("score", "runs") == "bio":
        found = {**found, "f1": found["f1_bio"], "f1_runs": found["f1"]}
    return found


def parts(predictions: list[dict[str, Any]], options: dict[str, Any]) -> scores.Parts:
    """What each example adds to the main score, above and below the line."""
    gold = [p["gold"] for p in predictions]
    bio = options.get("score") == "bio"
    return scores.ner_parts(gold, [p["predicted"] for p in predictions], bio=bio)


def tiny() -> list[dict[str, Any]]:
    sentences = [
        ("Ana Lee left Rome", "B-PER I-PER O B-LOC"),
        ("Rome Bank grew", "B-ORG I-ORG O"),
        ("She left", "O O"),
    ]
    return [
        {"id": str(number), "words": words.split(), "labels": labels.split()}
        for number, (words, labels) in enumerate(sentences)
    ]
