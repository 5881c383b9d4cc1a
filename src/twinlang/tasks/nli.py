"""Natural-language inference: does the premise entail the hypothesis? (section 3.4, Table 4)."""

from __future__ import annotations

from typing import Any

from twinlang import scores
from twinlang.cli import UserError
from twinlang.tasks import Part, Reader

HEAD = "sequence"
METRIC = "accuracy"
LABELS = ("entailment", "neutral", "contradiction")


def encode(record: dict[str, Any], reader: Reader) -> list[Part]:
    if record["label"] not in LABELS:
        raise UserError(f"item {record['id']}: unknown label {record['label']!r}; mend the source")
    premise = [(0, columns) for columns in reader.text(record["premise"])]
    return premise + [(1, columns) for columns in reader.text(record["hypothesis"])]


def score(
    records: list[dict[str, Any]], predictions: list[dict[str, Any]], options: dict[str, Any]
) -> dict[str, float]:
    """Accuracy."""
    return scores.nli([p["gold"] for p in predictions], [p["predicted"] for p in predictions])


def parts(predictions: list[dict[str, Any]], options: dict[str, Any]) -> scores.Parts:
    """What each example adds to the main score, above and below the line."""
    return scores.nli_parts([p["gold"] for p in predictions], [p["predicted"] for p in predictions])


def tiny() -> list[dict[str, Any]]:
    premise = "A blue boat sails. Ana sleeps."
    return [
        {"id": "a", "premise": premise, "hypothesis": "A boat sails.", "label": "entailment"},
        {"id": "b", "premise": premise, "hypothesis": "Ana eats.", "label": "contradiction"},
        {"id": "c", "premise": premise, "hypothesis": "The boat is old.", "label": "neutral"},
    ]
