"""Tasks: what is asked of a fine-tuned model. A task is a module here, found by its name, with

- `HEAD`: `tokens`, `sequence`, `span` or `none` (no fine-tuning); `LABELS`: names of the classes;
- `METRIC`: which of its scores is the main one;
- `encode(record, reader) -> [(part, columns), ...]`, one entry a sentence, columns by piece;
- `score(records, predictions, options) -> {name: percent}` (`none`: no score);
- `parts(predictions, options) -> (above, below)`: what each example adds to the main score, if it
  is a sum over examples (intervals over examples need it);
- `tiny() -> records`: three made-up examples for the tests.
Tasks know nothing of transforms: whatever belongs to a piece is a column and travels with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from twinlang import modules
from twinlang.cli import UserError
from twinlang.sources.records import spaces
from twinlang.trees import Follower, Sentence, by_span, by_word

if TYPE_CHECKING:
    from twinlang.tokenizer import Encoder

Columns = dict[str, list[int]]
Part = tuple[int, Columns]
IGNORED = -100  # label of a piece that is not scored: all but the first of a word


names = partial(modules.names, "tasks")
load = partial(modules.load, "tasks")


@dataclass(frozen=True)
class Reader:
    """How records become pieces: tokenizer, spacing of given words, what counts as a sentence."""

    encoder: Encoder
    language: str
    spacing: str = "natural"  # or `always`: a blank before every given word, as the paper's code
    boundary: str = "sentence"  # or `line`: a part is one sentence, as in the paper
    trees: Follower | None = None  # gives the tree of each sentence read

    def words(self, words: list[str], labels: list[int]) -> Columns:
        """Columns of a tagged sentence: the label of a word sits on its first piece (section A)."""
        if not all(words):
            raise UserError(f"word {words.index('') + 1} of {' '.join(words)!r} is empty; mend it")
        # The first word has a blank before it, as the tokenizer gives it in running text.
        blanks = [True, *spaces(words)[1:]] if self.spacing == "natural" else [True] * len(words)
        ids, index = self.encoder.words(words, blanks)
        first = [n == 0 or index[n - 1] != word for n, word in enumerate(index)]
        tags = [labels[w] if f else IGNORED for w, f in zip(index, first, strict=True)]
        columns = {"pieces": ids, "words": index, "labels": tags}
        return columns | by_word(self.trees.tree_of(words), index) if self.trees else columns

    def text(self, text: str, *, spans: bool = False) -> list[Columns]:
        """Columns of each sentence of a text; with `spans`, the characters of each piece."""
        columns = []
        for start, sentence in sentences_of(text, self.language, self.boundary):
            (encoded,) = self.encoder.texts([sentence])
            found = {"pieces": encoded.ids, "words": encoded.words}
            if self.trees:
                found |= by_span(self.trees.tree_of(sentence), sentence, encoded.spans)
            if spans:
                skips = [int(sentence[a:b].startswith(" ")) for a, b in encoded.spans]
                pairs = zip(encoded.spans, skips, strict=True)
                found["starts"] = [start + a + skip for (a, _), skip in pairs]
                # A mark that normalisation has joined to its letter has no piece of its own.
                following = [a for a, _ in encoded.spans[1:]] + [len(sentence)]
                pairs = zip(encoded.spans, following, strict=True)
                found["ends"] = [start + max(b, after) for (_, b), after in pairs]
            if found["pieces"]:
                columns.append(found)
        return columns


@dataclass(frozen=True)
class Listener:
    """Hears the sentences that a task reads, in a Reader's order: what a parser is given."""

    language: str
    boundary: str = "sentence"
    heard: list[Sentence] = field(default_factory=list)

    def words(self, words: list[str], labels: list[int]) -> Columns:
        self.heard.append(words)
        return {"pieces": []}

    def text(self, text: str, *, spans: bool = False) -> list[Columns]:
        self.heard.extend(s for _, s in sentences_of(text, self.language, self.boundary))
        return []


def task_sentences(
    records: Iterable[dict[str, Any]], task: ModuleType, language: str, boundary: str
) -> Iterator[Sentence]:
    """Every sentence of a task's records, in the order in which `encode` reads them."""
    listener = Listener(language, boundary)
    for record in records:
        task.encode(record, listener)
        yield from listener.heard
        listener.heard.clear()


def sentences_of(text: str, language: str, boundary: str) -> list[tuple[int, str]]:
    """Where each sentence of a text begins, and the sentence; none of a text without letters."""
    if not text.strip():
        return []
    if boundary == "line":
        return [(0, text)]
    from twinlang.splitting import boundaries

    return [(a, text[a:b]) for a, b in boundaries(text, lang=language)]


def label_ids(record: dict[str, Any], labels: tuple[str, ...]) -> list[int]:
    """The ids of a tagged record's labels.

    Raises:
        UserError: a label that the task does not know, or labels and words of unequal number.
    """
    if len(record["words"]) != len(record["labels"]):
        numbers = f"{len(record['words'])} words, {len(record['labels'])} labels"
        raise UserError(f"item {record['id']}: {numbers}; mend the source")
    unknown = [label for label in record["labels"] if label not in labels]
    if unknown:
        raise UserError(f"item {record['id']}: unknown label {unknown[0]!r}; mend the source")
    return [labels.index(label) for label in record["labels"]]
