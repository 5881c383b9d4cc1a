"""Clean shards to corpora: halves by document, no sentence twice, cut to a size.

A shard is text, a sentence a line, an empty line after each document. Documents fall to `dev` (one
in 64), `a` or `b` by the hash of their text, and are taken in order, so a corpus of a larger size
begins with the one of a smaller. Memory is about 20 bytes a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from twinlang.cli import UserError
from twinlang.readers.forms import digest

HALVES = ("a", "b", "dev")
BLOCK = 1 << 15  # documents that are looked at together
SAMPLE = 20_000_000  # bytes that a tokenizer learns from, where a corpus is cut by pieces

COUNTED = (
    *("documents", "sentences", "duplicates", "in_main", "other_half", "beyond_limit"),
    *("kept", "words"),
)

Measure = Callable[[list[str]], Sequence[int]]


def shards(paths: Iterable[Path]) -> Iterator[list[str]]:
    """The documents of shards, each a list of sentences."""
    for path in paths:
        document: list[str] = []
        with open(path, encoding="utf-8", newline="\n") as handle:
            for line in handle:
                if line != "\n":
                    document.append(line[:-1])
                elif document:
                    yield document
                    document = []


def half(document: Sequence[str]) -> str:
    """To which part a document falls."""
    number = digest("\n".join(document))
    return "dev" if number % 64 == 0 else "ab"[number >> 6 & 1]


def hashes(sentences: Sequence[str]) -> np.ndarray:
    """A 64-bit number of each sentence (sentences,)."""
    found = b"".join([blake2b(s.encode(), digest_size=8).digest() for s in sentences])
    return np.frombuffer(found, dtype=np.uint64)


class Seen:
    """A growing set of hashes: sorted arrays of falling size, merged as they come to be alike."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []

    def __contains__(self, found: np.ndarray) -> Any:
        raise TypeError("ask `has`, which answers for an array")

    def has(self, found: np.ndarray) -> np.ndarray:
        """For each hash, whether it is in the set."""
        known = np.zeros(len(found), dtype=bool)
        for part in self._parts:
            places = np.minimum(np.searchsorted(part, found), len(part) - 1)
            known |= part[places] == found
        return known

    def first(self, found: np.ndarray) -> np.ndarray:
        """For each hash, whether it comes for the first time; it is then in the set."""
        values, places = np.unique(found, return_index=True)
        new = ~self.has(values)
        fresh = np.zeros(len(found), dtype=bool)
        fresh[places[new]] = True
        if new.any():
            self._parts.append(values[new])
        while len(self._parts) > 1 and len(self._parts[-2]) < 2 * len(self._parts[-1]):
            last, before = self._parts.pop(), self._parts.pop()
            self._parts.append(np.sort(np.concatenate([before, last])))
        return fresh


def measure(settings: dict[str, Any], paths: Sequence[Path]) -> Measure:
    """What a sentence counts towards the size: bytes of its line, words, sentences, or pieces.

    Pieces are those of a tokenizer that learns from the first SAMPLE bytes of the shards.
    """
    unit = settings["unit"]
    if unit == "bytes":
        return lambda sentences: [len(s.encode()) + 1 for s in sentences]
    if unit == "words":
        return lambda sentences: [s.count(" ") + 1 for s in sentences]
    if unit == "sentences":
        return lambda sentences: [1] * len(sentences)
    from twinlang import tokenizer

    learned = tokenizer.train(_sample(paths), **settings["tokenizer"])

    def pieces(sentences: list[str]) -> list[int]:
        return [
            len(found.ids) for found in learned.encode_batch(sentences, add_special_tokens=False)
        ]

    return pieces


def _sample(paths: Sequence[Path]) -> Iterator[str]:
    left = SAMPLE
    for document in shards(paths):
        for sentence in document:
            left -= len(sentence.encode())
            if left < 0:
                return
            yield sentence


def corpus(
    own: Sequence[Path],
    before: Sequence[Path],
    settings: dict[str, Any],
    *,
    half: str,
    report: dict[str, Any],
) -> Iterator[str]:
    """The sentences of one part, until `settings["size"]` is reached.

    own: the domain's shards; before: those of the domain whose sentences are left out. What is read
    adds up: sentences = duplicates + in_main + other_half + beyond_limit + kept; documents that
    come after the one that reaches the size are not read.

    Raises:
        UserError: there is no such part.
    """
    if half not in HALVES:
        raise UserError(f"a corpus has the parts {', '.join(HALVES)}, not {half!r}; ask for these")
    limit, count = settings["size"], measure(settings, [*before, *own])
    report |= {"size_unit": settings["unit"], "asked": limit, **dict.fromkeys(COUNTED, 0)}
    taken, seen, reached = _all(before), Seen(), 0
    fresh = (
        document
        for block in _blocks(shards(own))
        for document in _new(block, taken, seen, half, report)
    )
    for document in fresh:
        for sentence, amount in zip(document, count(document), strict=True):
            if reached >= limit:
                report["beyond_limit"] += 1
                continue
            reached += amount
            report["kept"] += 1
            report["words"] += sentence.count(" ") + 1
            yield sentence
        if reached >= limit:
            break
    report |= {"size_reached": reached, "missing": max(0, limit - reached)}


def _all(paths: Sequence[Path]) -> Seen:
    """Every sentence of some shards."""
    found = Seen()
    for block in _blocks(shards(paths)):
        found.first(hashes([sentence for document in block for sentence in document]))
    return found


def _blocks(documents: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    while block := list(islice(documents, BLOCK)):
        yield block


def _new(
    block: list[list[str]], taken: Seen, seen: Seen, part: str, report: dict[str, Any]
) -> Iterator[list[str]]:
    """What is new in the documents of a part, a document at a time."""
    found = hashes([sentence for document in block for sentence in document])
    old, fresh = taken.has(found), seen.first(found)
    place = 0
    for document in block:
        span = slice(place, place + len(document))
        place = span.stop
        report["documents"] += 1
        report["sentences"] += len(document)
        if half(document) != part:
            report["other_half"] += len(document)
            continue
        known, first = old[span].tolist(), fresh[span].tolist()
        report["in_main"] += sum(known)
        kept = [s for s, k, f in zip(document, known, first, strict=True) if f and not k]
        report["duplicates"] += len(document) - sum(known) - len(kept)
        if kept:
            yield kept
