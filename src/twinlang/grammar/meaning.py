"""The language-neutral meaning of a sentence: clauses and noun phrases over concepts.

Unset attributes keep the defaults of the class, which makes drawing cheap; nothing is shared, as
all defaults are immutable.
"""

from __future__ import annotations

from typing import Any

from twinlang.grammar.lexicon import Concept, Name


class Phrase:
    """A noun phrase: a noun with what goes with it, a name, or a pronoun (I, you, we, he, she)."""

    noun: Any = None
    plural: bool = False
    article: str = "the"  # the, a, this, my, your, "" (bare)
    number: Concept | None = None
    adjective: Concept | None = None
    degree: Concept | None = None
    of: Any = None
    relative: Any = None
    conjunct: Any = None
    name: Name | None = None
    style: str = "full"  # of a person's name: full, given, surname
    pronoun: str = ""  # I, you, we, he, she; who (relative), who? what? (questions)
    year: str = ""


class Clause:
    """A predicate with its arguments; `mark` is set on the outermost clause only."""

    verb: Any = None  # None: copula
    past: bool = True
    negated: bool = False
    subject: Any = None
    object: Any = None
    predicate: Any = None  # an adjective (Concept) or a Phrase, with the copula
    degree: Concept | None = None
    obliques: tuple[tuple[Concept, Phrase], ...] = ()
    adverb: Concept | None = None
    complement: Any = None
    adjunct: Any = None  # (subordinator, Clause)
    fronted: bool = False  # the adjunct stands first
    coordinate: Any = None  # (conjunction, Clause)
    opener: Concept | None = None
    connective: Concept | None = None
    vocative: Phrase | None = None
    mark: str = ""
    asked: str = ""  # where, when: the question word of a missing oblique
    topic: str = ""
    key: int = 0  # of the whole sentence; equal texts have equal keys
