"""Sentence retrieval: the twin of a sentence among the twins of its set, without fine-tuning.

Tatoeba's setting of Appendix F: mean of the middle layer, cosine, accuracy at 1.
"""

from __future__ import annotations

from typing import Any

from twinlang.tasks import Part, Reader

HEAD = "none"
METRIC = "accuracy"
LABELS: tuple[str, ...] = ()


def encode(record: dict[str, Any], reader: Reader) -> list[Part]:
    return [(0, columns) for columns in reader.text(record["sentence"])]


def tiny() -> list[dict[str, Any]]:
    sentences = ["A blue boat sails.", "Ana sleeps.", "Rome grew. It is old."]
    return [{"id": str(n), "sentence": s, "translation": s} for n, s in enumerate(sentences)]
