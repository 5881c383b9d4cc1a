"""The built-in source: four small languages written by a seeded grammar; nothing is fetched.

Settings: `seed`, `sentences` (of each corpus) and `items` ({task: {split: number}}). Line i of a
corpus says the same in every language. Half of all meanings, by a hash of their concepts, feed
split a (and train), the other half split b (and dev), so the two never share a sentence.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import count, islice
from typing import Any, Protocol, TypeVar

from twinlang.cli import UserError
from twinlang.grammar import nli, qa
from twinlang.grammar.clauses import Generator
from twinlang.grammar.lexicon import LANGUAGES
from twinlang.grammar.linearise import Lineariser, Nodes, text, tree
from twinlang.grammar.meaning import Clause, Phrase
from twinlang.grammar.preferences import DOMAINS, World
from twinlang.sources.records import Tree


class Keyed(Protocol):
    """Whatever is drawn under a number and has a key that decides its split."""

    @property
    def key(self) -> int:
        """Equal for equal texts."""


Drawn = TypeVar("Drawn", bound=Keyed)
LICENCE = "Apache-2.0, as this project"
SPLITS = {"a": 0, "b": 1, "train": 0, "dev": 1}


@cache
def _world(domain: str) -> World:
    return World(domain)


@cache
def lineariser(lang: str) -> Lineariser:
    """The lineariser of a language, made once a process.

    Raises:
        UserError: the language is not built in.
    """
    if lang not in LANGUAGES:
        raise UserError(
            f"languages: {lang} is not built in; choose {', '.join(LANGUAGES)} or source: files"
        )
    module = importlib.import_module(f"twinlang.grammar.{lang}")
    made: Lineariser = module.LANGUAGE()
    return made


def generator(settings: dict[str, Any], domain: str) -> Generator:
    """The generator of a domain under the settings' seed.

    Raises:
        UserError: there is no such domain.
    """
    if domain not in DOMAINS:
        raise UserError(f"there is no domain {domain!r}; choose one of {', '.join(DOMAINS)}")
    return Generator(_world(domain), int(settings.get("seed", 0)))


def _split(draw: Callable[[int], Drawn], split: str, report: dict[str, Any]) -> Iterator[Drawn]:
    """All that is drawn for a split, without end; the report counts what goes to the other one."""
    if split not in SPLITS:
        raise UserError(f"there is no split {split!r}; choose one of {', '.join(SPLITS)}")
    side = SPLITS[split]
    report.update(drawn=0, other_split=0, kept=0)
    for number in count():
        drawn = draw(number)
        report["drawn"] += 1
        if (drawn.key >> 7 ^ drawn.key >> 19) & 1 == side:
            report["kept"] += 1
            yield drawn
        else:
            report["other_split"] += 1


def _sentences(
    settings: dict[str, Any], domain: str, split: str, report: dict[str, Any]
) -> Iterator[Clause]:
    made = generator(settings, domain)
    return islice(_split(made.sentence, split, report), settings["sentences"])


def corpus(
    settings: dict[str, Any], *, lang: str, domain: str, split: str, report: dict[str, Any]
) -> Iterator[str]:
    """`settings["sentences"]` sentences; repeated ones stay, as in any text, and are counted."""
    write = lineariser(lang)
    seen: set[str] = set()
    report["repeated"] = 0
    for clause in _sentences(settings, domain, split, report):
        sentence = text(write.sentence(clause))
        report["repeated"] += sentence in seen
        seen.add(sentence)
        yield sentence


def trees(
    settings: dict[str, Any], *, lang: str, domain: str, split: str, report: dict[str, Any]
) -> Iterator[Tree]:
    """The trees of exactly the sentences that `corpus` yields, in order."""
    write = lineariser(lang)
    for clause in _sentences(settings, domain, split, report):
        yield tree(write.sentence(clause))


class _Listening:
    """A lineariser that keeps the tree of every sentence it writes."""

    def __init__(self, write: Lineariser, heard: list[Tree]) -> None:
        self._write, self._heard = write, heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._write, name)

    def sentence(self, clause: Clause, watched: Phrase | None = None) -> Nodes:
        nodes = self._write.sentence(clause, watched=watched)
        self._heard.append(tree(nodes))
        return nodes


def _tagged(write: Lineariser, task: str, clause: Clause) -> dict[str, Any]:
    made = tree(write.sentence(clause))
    return {"words": made.words, "labels": made.upos if task == "pos" else made.entities}


def _inference(write: Lineariser, made: nli.Pair) -> dict[str, Any]:
    premise, hypothesis = (text(write.sentence(part)) for part in (made.premise, made.hypothesis))
    return {"premise": premise, "hypothesis": hypothesis, "label": made.label}


def _translated(write: Lineariser, clause: Clause) -> dict[str, Any]:
    sentence, english = (text(one.sentence(clause)) for one in (write, lineariser("en")))
    return {"sentence": sentence, "translation": english}


def _once(records: Iterator[dict[str, Any]], report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Pairs of which neither side occurred before: a sentence cannot be told from its double."""
    seen: set[str] = set()
    report["dropped"] = 0
    for record in records:
        sides = set(record.values())
        if seen.isdisjoint(sides):
            yield record
        else:
            report["dropped"] += 1
            report["kept"] -= 1
        seen |= sides


def items(
    settings: dict[str, Any], *, lang: str, task: str, split: str, report: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The labelled examples of a task, `settings["items"][task][split]` of them.

    Raises:
        UserError: the task is not built in, or the settings give no number for the split.
    """
    yield from _items(lineariser(lang), settings, task=task, split=split, report=report)


def item_trees(
    settings: dict[str, Any], *, lang: str, task: str, split: str, report: dict[str, Any]
) -> Iterator[Tree]:
    """The trees of the sentences of `items`, in the order in which they were written."""
    heard: list[Tree] = []
    write: Any = _Listening(lineariser(lang), heard)
    for _ in _items(write, settings, task=task, split=split, report=report):
        yield from heard
        heard.clear()


def _items(
    write: Lineariser, settings: dict[str, Any], *, task: str, split: str, report: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    made = generator(settings, "main")
    makers: dict[str, tuple[Callable[[int], Any], Callable[[Any], dict[str, Any]]]] = {
        "pos": (partial(made.sentence, stream="pos"), partial(_tagged, write, "pos")),
        "ner": (partial(made.sentence, stream="ner"), partial(_tagged, write, "ner")),
        "nli": (partial(nli.pair, made), partial(_inference, write)),
        "qa": (partial(qa.paragraph, made), partial(qa.record, write=write)),
        "retrieval": (partial(made.sentence, stream="retrieval"), partial(_translated, write)),
    }
    if task not in makers:
        raise UserError(f"task {task!r} is not built in; choose one of {', '.join(makers)}")
    try:
        number = int(settings["items"][task][split])
    except KeyError:
        raise UserError(f"sources: items: {task}: {split}: missing; give a number") from None
    draw, make = makers[task]
    records: Iterator[dict[str, Any]] = map(make, _split(draw, split, report))
    if task == "retrieval":
        records = _once(records, report)
    for index, record in enumerate(islice(records, number)):
        yield {"id": f"{split}-{index}", **record}


def files(settings: dict[str, Any], *, lang: str, kind: str, split: str) -> list[str]:
    """No files of the user's feed the built-in source."""
    return []
