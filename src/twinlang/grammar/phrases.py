"""Draws noun phrases and what governs them, from the habits of a domain.

Sentence number i is drawn from (seed, domain, stream, i) alone, so any sentence can be made by
itself, in any order, and the four languages' sentence i says one and the same thing.
"""

from __future__ import annotations

import random

from twinlang.grammar.lexicon import Concept, Name
from twinlang.grammar.meaning import Clause, Phrase
from twinlang.grammar.preferences import World, pick

LONGEST = 30  # words of a sentence, final mark included
YEARS = [str(year) for year in (1945, 1918, 2001, 1789, 1998, 1960, 1857, 1930, 1492, 1914, 1989)]
STREAMS = {"corpus": 0, "pos": 1, "ner": 2, "nli": 3, "qa": 4, "retrieval": 5}


class PhraseGenerator:
    """Draws phrases of one domain; holds the state of the sentence being drawn.

    `room` is the number of words still free, counted at the most that any language needs. `key`
    sums a number for each concept, so that equal texts have equal keys whatever the language.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.rng = random.Random()
        self.draw = self.rng.random
        self.other = world.domain == "other"
        self.base = (seed * 2 + self.other) << 64
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

    def word(self, words: list[Concept]) -> Concept:
        """A word of a ranked list, counted in the sentence's key."""
        word = pick(words, self.draw())
        self.key += self.keys[word.index]
        return word

    def argument(self, verb: Concept, role: str, kinds: str, full: bool = False) -> Phrase:
        """A name, one of the nouns that the verb keeps in this role, or now and then any noun."""
        u = self.draw()
        if u < (0.3 if role == "subject" else 0.1) and "p" in kinds:
            return self.person()
        if 0.3 < u < 0.38 and "g" in kinds and not self.other:
            return self.named("organisations", 6)
        if 0.4 < u < 0.48 and "l" in kinds and role == "object":
            return self.named("places", 5)
        nouns = (
            self.world.kinds(kinds)
            if u > 0.94
            else self.world.partners(verb, self.topic, role, kinds)
        )
        return self.phrase(pick(nouns, self.draw()), full)

    def phrase(self, noun: Concept, full: bool = False, simple: bool = False) -> Phrase:
        """A noun with article, number and adjective by its own habits; more if `full`."""
        draw, phrase = self.draw, Phrase()
        phrase.noun = noun
        self.key += self.keys[noun.index]
        self.room -= 3
        habits = self.world.habits[noun.index]
        many = phrase.plural = draw() < habits.plural
        u = draw()
        if u >= habits.definite:
            phrase.article = "" if many else "a"
        elif u < 0.06:
            phrase.article = "this"
        elif self.other and u < 0.3 and noun.index in self.world.owned:
            phrase.article = "my" if u < 0.2 else "your"
        if many and habits.plural < 0.6 and draw() < 0.15:
            phrase.number, phrase.article = self.word(self.world.words["number"]), ""
            self.room -= 1
        # The plural of an Arabic adjective for persons is left to predicates.
        if draw() < habits.adjective and self.room >= 2 and not (many and noun.kind == "p"):
            self.room -= 1
            phrase.adjective = self.word(habits.adjectives)
        if simple or phrase.article in ("my", "your"):
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
            partners = self.world.partners(noun, self.topic, "and", noun.kind)
            other = pick(partners, self.draw())
            if other is not noun:
                self.room -= 1
                phrase.conjunct = self.phrase(other, simple=True)
        elif u < 0.26 and self.room >= 16 and noun.kind in "pagvn" and phrase.article == "the":
            verb = pick(self.world.verbs[self.topic], self.draw())
            if noun.kind in verb.extra["subjects"]:
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
        nouns = self.world.partners(verb, self.topic, prep.forms["en"], kinds)
        return prep, self.phrase(pick(nouns, self.draw()), simple=True)

    def date(self) -> tuple[Concept, Phrase]:
        """`in March` or `in 1945`."""
        phrase = Phrase()
        self.room -= 3
        if self.other or self.draw() < 0.4:
            phrase.noun, phrase.article = self.word(self.world.words["month"]), ""
        else:
            phrase.year = pick(YEARS, self.draw())
        return self.world.prep["prep:min"], phrase
