"""Question answering: the span of the context that answers (section 3.4, Table 4).

Every piece of the context carries its characters (`starts`, `ends`), so that an answer predicted
in any order is read back as characters of the original context. `answers` says which pieces belong
together where a transform is asked to `keep_spans`.
"""

from __future__ import annotations

from typing import Any

from twinlang import scores
from twinlang.tasks import Columns, Part, Reader

HEAD = "span"
METRIC = "f1"
LABELS = ("start", "end")
NOWHERE = -1  # characters of a piece of the question, which no answer is read from


def encode(record: dict[str, Any], reader: Reader) -> list[Part]:
    question = [(0, _nowhere(columns)) for columns in reader.text(record["question"])]
    answers = _merged(record["answers"])
    context = reader.text(record["context"], spans=True)
    return question + [(1, {**c, "answers": _numbered(c, answers)}) for c in context]


def _merged(answers: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """The characters (start, end) of answers; those that share a character are one."""
    found: list[tuple[int, int]] = []
    for start, text in sorted((answer["start"], answer["text"]) for answer in answers):
        end = start + len(text)
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _numbered(columns: Columns, answers: list[tuple[int, int]]) -> list[int]:
    """The number of the answer, from 1, that each piece is part of; 0 for none."""
    pairs = zip(columns["starts"], columns["ends"], strict=True)
    numbered = list(enumerate(answers, 1))
    return [next((n for n, (s, e) in numbered if a < e and b > s), 0) for a, b in pairs]


def _nowhere(columns: Columns) -> Columns:
    none = [NOWHERE] * len(columns["pieces"])
    return {**columns, "starts": none, "ends": none, "answers": [0] * len(none)}


def score(
    records: list[dict[str, Any]], predictions: list[dict[str, Any]], options: dict[str, Any]
) -> dict[str, float]:
    """SQuAD F1 and exact match of the main prediction, and of the strict one (start before end)."""
    gold = [p["gold"] for p in predictions]
    main = scores.qa(gold, [p["predicted"] for p in predictions], options["language"])
    strict = scores.qa(gold, [p["strict"] for p in predictions], options["language"])
    return {**main, "f1_strict": strict["f1"], "exact_match_strict": strict["exact_match"]}


def parts(predictions: list[dict[str, Any]], options: dict[str, Any]) -> scores.Parts:
    """What each example adds to the main score, above and below the line."""
    gold = [p["gold"] for p in predictions]
    return scores.qa_parts(gold, [p["predicted"] for p in predictions], options["language"])


def tiny() -> list[dict[str, Any]]:
    context = "Ana Lee left Rome in May. She slept."
    return [
        _record("a", context, "Who left Rome?", "Ana Lee"),
        _record("b", context, "What did Ana leave?", "Rome"),
        _record("c", context, "When did Ana leave?", "May"),
    ]


def _record(name: str, context: str, question: str, answer: str) -> dict[str, Any]:
    answers = [{"text": answer, "start": context.index(answer)}]
    return {"id": name, "context": context, "question": question, "answers": answers}
