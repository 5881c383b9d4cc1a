"""The records of each task from its file of a data folder; what is dropped is counted."""

from __future__ import annotations

import heapq
import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from twinlang.cli import UserError
from twinlang.readers.forms import UPOS, check_label, clean, digest, squad, table, tagged

ENTITIES = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
INFERENCE = ["entailment", "neutral", "contradiction"]
MOST_WRONG = 5.0  # percent of the answers that may be elsewhere than the file says

Record = dict[str, Any]


def sample(
    records: Iterator[Record], limit: int | None, report: Record
) -> Iterator[tuple[int, Record]]:
    """At most `limit` records with their numbers, in order, chosen by hash from the whole file.

    A hash of the content: a longer file keeps most of what a shorter one gave.
    """
    report |= {"beyond_limit": 0, "kept": 0}
    numbered: Iterator[tuple[int, Record]] = enumerate(records)
    if limit is not None:

        def rank(pair: tuple[int, Record]) -> int:
            report["beyond_limit"] += 1
            return digest(json.dumps(pair[1], sort_keys=True))

        chosen = heapq.nsmallest(limit, numbered, key=rank)
        numbered = iter(sorted(chosen, key=lambda pair: pair[0]))
    for number, record in numbered:
        report["kept"] += 1
        report["beyond_limit"] -= limit is not None
        yield number, record


def _tagged(path: Path, report: Record, known: Sequence[str]) -> Iterator[Record]:
    """Words and labels: {words, labels}."""
    report |= {"read": 0, "words": 0}
    for words, labels in tagged(path, known=known):
        report["read"] += 1
        report["words"] += len(words)
        yield {"words": words, "labels": labels}


def _pos(path: Path, report: Record) -> Iterator[Record]:
    """UPOS of each word."""
    return _tagged(path, report, UPOS)


def _ner(path: Path, report: Record) -> Iterator[Record]:
    """IOB2 tags."""
    return mended(_tagged(path, report, ENTITIES), report)


def mended(records: Iterator[Record], report: Record) -> Iterator[Record]:
    """Records whose entities all open with B-; one that opened with I- is counted."""
    report["tags_mended"] = 0
    for record in records:
        labels = record["labels"]
        for place, label in enumerate(labels):
            before = labels[place - 1] if place else "O"
            if label.startswith("I-") and before[2:] != label[2:]:
                labels[place] = f"B-{label[2:]}"
                report["tags_mended"] += 1
        yield record


def _nli(path: Path, report: Record) -> Iterator[Record]:
    """{premise, hypothesis, label}."""
    report["read"] = 0
    for number, values in table(path, columns=("premise", "hypothesis", "label")):
        check_label(values[2], INFERENCE, where=f"{path}:{number}")
        report["read"] += 1
        yield dict(zip(("premise", "hypothesis", "label"), values, strict=True))


def retrieval(path: Path, columns: Sequence[str], report: Record) -> Iterator[Record]:
    """{sentence, translation} of two columns."""
    return translated(((row[0], row[1]) for _, row in table(path, columns=columns)), report)


def translated(pairs: Iterator[tuple[str, str]], report: Record) -> Iterator[Record]:
    """{sentence, translation} of each pair; a second copy would be a rival of the first."""
    report |= {"read": 0, "duplicates": 0}
    seen: set[str] = set()
    for sentence, translation in pairs:
        report["read"] += 1
        if sentence in seen:
            report["duplicates"] += 1
            continue
        seen.add(sentence)
        yield {"sentence": sentence, "translation": translation}


def _qa(path: Path, report: Record) -> Iterator[Record]:
    """{context, question, answers}."""
    return answered(squad(path), report, name=str(path))


def answered(questions: Iterator[Record], report: Record, *, name: str) -> Iterator[Record]:
    """{context, question, answers}, with the file's id where it is the first of its kind.

    An answer that its context has not at the given place is dropped, and a question that has no
    answer (left); an empty text is no answer, as in collections that ask the unanswerable.
    A context keeps its blanks; only the form of its characters becomes NFC.

    Raises:
        UserError: more than MOST_WRONG percent of the answers are dropped.
    """
    report |= {"read": 0, "without_answer": 0, "answers": 0, "answers_not_in_context": 0}
    seen: set[str] = set()
    first = ""
    for question in questions:
        report["read"] += 1
        answers = [answer for answer in question["answers"] if answer["text"].strip()]
        found = [answer for answer in map(_answer(question), answers) if answer]
        wrong = len(answers) - len(found)
        report["answers"] += len(answers)
        report["answers_not_in_context"] += wrong
        first = first or (question["question"] if wrong else "")
        if not found:
            report["without_answer"] += 1
            continue
        record = {
            "context": unicodedata.normalize("NFC", question["context"]),
            "question": clean(question["question"]),
            "answers": found,
        }
        own = question["id"]
        yield {"id": own, **record} if own and own not in seen else record
        seen.add(own)
    wrong, total = report["answers_not_in_context"], report["answers"]
    if wrong > total * MOST_WRONG / 100:
        raise UserError(
            f"{name}: {wrong} of {total} answers are not in their context at `answer_start` "
            f"(first: {first[:60]!r}); count characters, not bytes, and mend the file"
        )


def _answer(question: Record) -> Callable[[Record], Record | None]:
    """A check of one answer of `question`: the answer in NFC, or None if it is not at its place."""
    context = question["context"]
    plain = unicodedata.is_normalized("NFC", context)

    def check(answer: Record) -> Record | None:
        text, start = answer["text"], answer["start"]
        if start < 0 or context[start : start + len(text)] != text:
            return None
        if plain:
            return answer
        text = unicodedata.normalize("NFC", text)
        start = len(unicodedata.normalize("NFC", context[:start]))
        # an answer that begins or ends between a letter and its mark has no place in NFC
        at = unicodedata.normalize("NFC", context)[start : start + len(text)]
        return {"text": text, "start": start} if at == text else None

    return check


READINGS: dict[str, Callable[[Path, Record], Iterator[Record]]] = {
    "pos": _pos,
    "ner": _ner,
    "nli": _nli,
    "qa": _qa,
}
