"""The language-neutral meaning of a sentence, drawn from the habits of a domain.

Sentence number i of a domain is drawn from (seed, domain, stream, i) alone, so any sentence can
be made by itself, in any order, and the four languages' sentence i says one and the same thing.
"""

from __future__ import annotations

import random
from typing import Any

from twinlang.grammar.lexicon import Concept, Name
from twinlang.grammar.preferences import World, pick

ALL_KINDS = "palgdbeofnyvcs"
LONGEST = 30  # words of a sentence, final mark included
YEARS = [str(year) for year in (1945, 1918, 2001, 1789, 1998, 1960, 1857, 1930, 1492, 1914, 1989)]
STREAMS = {"corpus": 0, "pos": 1, "ner": 2, "nli": 3, "qa": 4, "retrieval": 5}


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


class Generator:
    """Draws meanings of one domain; holds the state of the sentence being drawn."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.rng = random.Random()
        self.draw = self.rng.random
        self.base = (seed * 2 + (world.domain == "other")) << 64
        self.other = world.domain == "other"
        mixer = random.Random("keys")
        self.keys = [mixer.getrandbits(62) for _ in world.lexicon.concepts()]
        self.room = 0
        self.key = 0
        self.topic = ""
        self.people: list[Name] = []

    def start(self, number: int, stream: str = "corpus") -> None:
        """Sets the state for sentence `number` of a stream and draws its topic."""
        self.rng.seed(self.base | STREAMS[stream] << 56 | number)
        self.room = LONGEST - 1
        self.key = 0
        self.topic = pick(self.world.topics, self.draw())
        self.people = self.world.people[self.topic]

    def sentence(self, number: int, stream: str = "corpus") -> Clause:
        """The meaning of one sentence."""
        self.start(number, stream)
        draw = self.draw
        clause = self.main_clause()
        clause.topic = self.topic
        u = draw()
        if u < 0.23 and self.room >= 14:
            self.room -= 2
            subordinator = pick(self.world.words["sub"][:-1], draw())
            clause.adjunct = (subordinator, self.short_clause(clause))
            clause.fronted = draw() < 0.4
        elif u < 0.42 and self.room >= 14:
            self.room -= 2
            conjunction = pick(self.world.words["conj"], draw())
            clause.coordinate = (conjunction, self.short_clause(clause))
        if self.other:
            self.converse(clause)
        else:
            clause.mark = "."
            if draw() < 0.08 and self.room >= 4:
                clause.connective = self.word(self.world.words["connective"])
        clause.key = self.key & 0xFFFFFFFF
        return clause

    def word(self, words: list[Concept]) -> Concept:
        """A small word of a ranked list, counted in the sentence's key."""
        word = pick(words, self.draw())
        self.key += self.keys[word.index]
        return word

    def main_clause(self) -> Clause:
        """A clause with a verb, a verb of speech and its complement, or a copula."""
        u = self.draw()
        if u < 0.14:
            return self.copula()
        if u < 0.25:
            clause = Clause()
            clause.verb = verb = self.word(self.world.speech[self.topic])
            self.room -= 5
            clause.subject = self.subject(verb)
            clause.complement = self.short_clause(None)
            clause.past = clause.complement.past
            return clause
        return self.verbal(self.word(self.world.verbs[self.topic]), True)

    def short_clause(self, host: Clause | None) -> Clause:
        """A clause without relative clause; its subject may be the host's, as a pronoun."""
        pronoun = ""
        if host is not None and host.subject.name is not None and host.subject.name.sex:
            if self.draw() < 0.5:
                pronoun = "he" if host.subject.name.sex == "m" else "she"
        if self.draw() < 0.2:
            return self.copula(pronoun)
        verb = self.word(self.world.verbs[self.topic])
        clause = self.verbal(verb, False, pronoun)
        if host is not None:
            clause.past = host.past
        return clause

    def verbal(self, verb: Concept, full: bool, pronoun: str = "") -> Clause:
        """A clause of a verb with its arguments and, while there is room, adjuncts."""
        draw, clause = self.draw, Clause()
        clause.verb = verb
        clause.past = draw() < (0.4 if self.other else 0.75)
        clause.negated = draw() < (0.12 if self.other else 0.06)
        self.room -= 4
        clause.subject = self.subject(verb, pronoun, full)
        if verb.kind == "t":
            clause.object = self.argument(verb, "object", verb.extra["objects"], full)
        u = draw()
        need = verb.kind == "i" or bool(clause.subject.pronoun)
        if need or (u < 0.6 and self.room >= 9):
            clause.obliques = (self.oblique(verb),)
        if u > (0.8 if full else 0.9) and self.room >= 3:
            clause.obliques += (self.date(),)
        if draw() < 0.3 and self.room >= 4:
            self.room -= 2
            clause.adverb = self.word(self.world.whens(verb))
        return clause

    def subject(self, verb: Concept, pronoun: str = "", full: bool = False) -> Phrase:
        """The subject: a pronoun, a name where people or groups may act, or a noun."""
        if not pronoun and self.other and self.draw() < 0.45 and "p" in verb.extra["subjects"]:
            pronoun = pick(("I", "you", "we", "she", "he"), self.draw())
        if pronoun:
            phrase = Phrase()
            phrase.pronoun = pronoun
            self.room -= 1
            return phrase
        return self.argument(verb, "subject", verb.extra["subjects"], full)

    def argument(self, verb: Concept, role: str, kinds: str, full: bool = False) -> Phrase:
        """A name, or one of the nouns that the verb keeps in this role."""
        u = self.draw()
        if u < 0.3 and role == "subject" and "p" in kinds:
            return self.person()
        if u < 0.1 and "p" in kinds:
            return self.person()
        if 0.3 < u < 0.38 and "g" in kinds and not self.other:
            return self.named("organisations", 6)
        if 0.4 < u < 0.48 and "l" in kinds and role == "object":
            return self.named("places", 5)
        if u > 0.94:
            return self.phrase(pick(self.world.kinds(kinds), self.draw()), full)
        return self.phrase(
            pick(self.world.partners(verb, self.topic, role, kinds), self.draw()), full
        )

    def phrase(self, noun: Concept, full: bool = False, simple: bool = False) -> Phrase:
        """A noun with article, number and adjective by its own habits; more if `full`."""
        draw, phrase = self.draw, Phrase()
        phrase.noun = noun
        self.key += self.keys[noun.index]
        self.room -= 3
        habits = self.world.habits[noun.index]
        phrase.plural = draw() < habits.plural
        u = draw()
        if u >= habits.definite:
            phrase.article = "" if phrase.plural else "a"
        elif u < 0.06:
            phrase.article = "this"
        elif self.other and u < 0.3 and noun.index in self.world.owned:
            phrase.article = "my" if u < 0.2 else "your"
        if phrase.plural and habits.plural < 0.6 and draw() < 0.15 and self.room >= 2:
            phrase.number, phrase.article = self.word(self.world.words["number"]), ""
            self.room -= 1
        if draw() < habits.adjective and self.room >= 2 and not (phrase.plural and noun.kind == "p"):
            self.room -= 1
            phrase.adjective = self.word(habits.adjectives)
        if simple or phrase.article == "my" or phrase.article == "your":
            return phrase
        if draw() < habits.of and self.room >= 5:
            self.room -= 2
            phrase.of = self.phrase(pick(habits.of_nouns, draw()), simple=True)
            phrase.of.article = "" if phrase.of.plural and phrase.of.article == "" else "the"
        elif full:
            self.enrich(phrase, noun)
        return phrase

    def enrich(self, phrase: Phrase, noun: Concept) -> None:
        """A conjunct or a relative clause, where there is room."""
        u = self.draw()
        if u < 0.1 and self.room >= 8 and phrase.number is None:
            self.room -= 1
            partners = self.world.partners(noun, self.topic, "and", noun.kind)
            other = pick(partners, self.draw())
            if other is not noun:
                phrase.conjunct = self.phrase(other, simple=True)
        elif u < 0.26 and self.room >= 16 and noun.kind in "pagvn" and phrase.article == "the":
            verbs = self.world.verbs[self.topic]
            verb = pick(verbs, self.draw())
            if noun.kind in verb.extra["subjects"] and verb.kind in "ti":
                self.key += self.keys[verb.index]
                phrase.relative = self.relative(verb)

    def relative(self, verb: Concept) -> Clause:
        """A clause whose subject is the noun that it belongs to."""
        clause = Clause()
        clause.verb, clause.subject = verb, Phrase()
        clause.subject.pronoun = "who"
        clause.past = self.draw() < 0.6
        self.room -= 5
        if verb.kind == "t":
            clause.object = self.argument(verb, "object", verb.extra["objects"])
        else:
            clause.obliques = (self.oblique(verb),)
        return clause

    def person(self) -> Phrase:
        """One of the topic's people: mostly in full in the encyclopedia, by given name in talk."""
        phrase = Phrase()
        phrase.name = pick(self.people, self.draw())
        styles = ("given", "full", "surname") if self.other else ("full", "surname", "given")
        phrase.style = pick(styles, self.draw())
        self.room -= 3
        return phrase

    def named(self, table: str, room: int) -> Phrase:
        """A place or organisation of the topic."""
        phrase = Phrase()
        phrase.name = pick(getattr(self.world, table)[self.topic], self.draw())
        self.room -= room
        return phrase

    def oblique(self, verb: Concept) -> tuple[Concept, Phrase]:
        """A prepositional phrase that goes with the verb: `in the school`, `to Paris`."""
        prep = self.world.preps[pick(verb.extra["preps"].split(","), self.draw())]
        kinds = prep.kind.split(":")[1]
        self.room -= 3
        u = self.draw()
        if "l" in kinds and u < 0.35:
            return prep, self.named("places", 5)
        if "p" in kinds and u < 0.25:
            return prep, self.person()
        role = prep.forms["en"]
        noun = pick(self.world.partners(verb, self.topic, role, kinds), self.draw())
        return prep, self.phrase(noun, simple=True)

    def date(self) -> tuple[Concept, Phrase]:
        """`in March` or `in 1945`."""
        phrase = Phrase()
        self.room -= 3
        if self.other or self.draw() < 0.4:
            phrase.noun, phrase.article = self.word(self.world.words["month"]), ""
        else:
            phrase.year = pick(YEARS, self.draw())
        return self.world.prep["prep:min"], phrase

    def copula(self, pronoun: str = "") -> Clause:
        """`X is beautiful`, `X is a teacher`, with a degree, adverb or place to be long enough."""
        draw, clause, world = self.draw, Clause(), self.world
        clause.past = draw() < (0.25 if self.other else 0.5)
        clause.negated = draw() < 0.08
        self.room -= 4
        kind, adjectives = "p", world.qualities["p"]
        if pronoun or draw() < 0.35:
            clause.subject = self.person()
            if pronoun:
                clause.subject = Phrase()
                clause.subject.pronoun = pronoun
        else:
            noun = pick(world.members(self.topic, "is", ALL_KINDS), draw())
            clause.subject = self.phrase(noun, full=True)
            kind, adjectives = noun.kind, world.habits[noun.index].adjectives
        plural = clause.subject.plural or clause.subject.conjunct is not None
        if kind in "pl" and not plural and draw() < 0.35:
            noun = pick(world.members(self.topic, "be", kind), draw())
            clause.predicate = self.phrase(noun, simple=True)
            clause.predicate.article = "a"
            clause.predicate.plural, clause.predicate.number = False, None
        else:
            clause.predicate = self.word(adjectives)
        self.lengthen(clause)
        return clause

    def lengthen(self, clause: Clause) -> None:
        """Gives a copular clause, which is three words in Arabic, one constituent more."""
        u = self.draw()
        if u < 0.5 and isinstance(clause.predicate, Concept):
            clause.degree = self.word(self.world.words["degree"])
            self.room -= 1
        elif u < 0.75:
            clause.adverb = self.word(self.world.words["when"])
            self.room -= 2
        else:
            clause.obliques = ((self.world.preps["in"], self.named("places", 5)),)
            self.room -= 3

    def converse(self, clause: Clause) -> None:
        """Makes talk of a sentence: a question, an exclamation, an opener or someone addressed.

        Each sentence of talk gets something that the encyclopedia never has (I, you, we, an
        opener, a vocative, `?` or `!`), so that no sentence occurs in both domains.
        """
        draw = self.draw
        u = draw()
        clause.mark = "?" if u < 0.27 else "!" if u < 0.45 else "."
        plain = clause.adjunct is None and clause.coordinate is None and clause.complement is None
        if clause.mark == "?" and plain and clause.verb is not None and draw() < 0.5:
            self.ask(clause)
        elif clause.adjunct is not None and clause.mark == "?":
            clause.fronted = False
        u = draw()
        pronoun = clause.subject.pronoun in ("I", "you", "we")
        bare = clause.mark == "." and not pronoun
        if self.room >= 2 and (u < 0.25 or (bare and u < 0.7)):
            clause.opener = self.word(self.world.words["opener"])
        elif self.room >= 2 and (u < 0.35 or bare):
            clause.vocative = self.person()
            clause.vocative.style = "given"
        elif bare:
            clause.mark = "!"

    def ask(self, clause: Clause) -> None:
        """Turns one constituent into a question word and takes it out of the key."""
        u = self.draw()
        clause.negated = False
        if u < 0.4 and clause.object is not None and self.plain(clause.object):
            self.key -= self.keys[clause.object.noun.index]
            clause.object = Phrase()
            clause.object.pronoun = "what?"
        elif u < 0.6 and self.plain(clause.subject) and clause.subject.noun.kind == "p":
            self.key -= self.keys[clause.subject.noun.index]
            clause.subject = Phrase()
            clause.subject.pronoun = "who?"
        elif not clause.obliques and self.room >= 1:
            clause.asked = "where" if u < 0.85 else "when"

    @staticmethod
    def plain(phrase: Phrase) -> bool:
        """Whether the phrase is a noun and its article only."""
        more = (phrase.adjective, phrase.number, phrase.of, phrase.relative, phrase.conjunct)
        return phrase.noun is not None and more == (None,) * 5
