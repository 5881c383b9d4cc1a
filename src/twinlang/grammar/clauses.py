"""Draws clauses and whole sentences of the two domains."""

from __future__ import annotations

from twinlang.grammar.lexicon import Concept
from twinlang.grammar.meaning import Clause, Phrase
from twinlang.grammar.phrases import PhraseGenerator
from twinlang.grammar.preferences import pick

ALL_KINDS = "palgdbeofnyvcs"


def plain(phrase: Phrase) -> bool:
    """Whether the phrase is a noun and its article only."""
    more = (phrase.adjective, phrase.number, phrase.of, phrase.relative, phrase.conjunct)
    return phrase.noun is not None and more == (None,) * 5


class Generator(PhraseGenerator):
    """Draws the meanings of one domain's sentences."""

    def sentence(self, number: int, stream: str = "corpus") -> Clause:
        """The meaning of one sentence."""
        self.start(number, stream)
        draw, words = self.draw, self.world.words
        clause = self.main_clause()
        clause.topic = self.topic
        u = draw()
        if u < 0.23 and self.room >= 14:
            self.room -= 2
            subordinator = pick(words["sub"][:-1], draw())
            clause.adjunct = (subordinator, self.short_clause(clause))
            clause.fronted = draw() < 0.4
        elif u < 0.42 and self.room >= 14:
            self.room -= 2
            clause.coordinate = (pick(words["conj"], draw()), self.short_clause(clause))
        if self.other:
            self.converse(clause)
        else:
            clause.mark = "."
            if draw() < 0.08 and self.room >= 4:
                clause.connective = self.word(words["connective"])
        clause.key = self.key & 0xFFFFFFFF
        return clause

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
        name = host.subject.name if host is not None else None
        if name is not None and name.sex and self.draw() < 0.5:
            pronoun = "he" if name.sex == "m" else "she"
        if self.draw() < 0.2:
            return self.copula(pronoun)
        clause = self.verbal(self.word(self.world.verbs[self.topic]), False, pronoun)
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
        # Without a place to go to, `he slept` would be two words in Arabic.
        need = verb.kind == "i" or bool(clause.subject.pronoun)
        u = draw()
        if need or (u < 0.6 and self.room >= 9):
            clause.obliques = (self.oblique(verb),)
        if u > (0.8 if full else 0.9) and self.room >= 3:
            clause.obliques += (self.date(),)
        if draw() < 0.3 and self.room >= 4:
            self.room -= 2
            clause.adverb = self.word(self.world.adverbs(verb))
        return clause

    def subject(self, verb: Concept, pronoun: str = "", full: bool = False) -> Phrase:
        """The subject: a pronoun, a name where people or groups may act, or a noun."""
        people = "p" in verb.extra["subjects"]
        if not pronoun and self.other and people and self.draw() < 0.45:
            pronoun = pick(("I", "you", "we", "she", "he"), self.draw())
        if pronoun:
            phrase = Phrase()
            phrase.pronoun = pronoun
            self.room -= 1
            return phrase
        return self.argument(verb, "subject", verb.extra["subjects"], full)

    def copula(self, pronoun: str = "") -> Clause:
        """`X is beautiful`, `X is a teacher`."""
        draw, clause, world = self.draw, Clause(), self.world
        clause.past = draw() < (0.25 if self.other else 0.5)
        clause.negated = draw() < 0.08
        self.room -= 4
        kind, adjectives = "p", world.qualities["p"]
        if pronoun:
            clause.subject = Phrase()
            clause.subject.pronoun = pronoun
            self.room -= 1
        elif draw() < 0.35:
            clause.subject = self.person()
        else:
            noun = pick(world.members(self.topic, "is", ALL_KINDS), draw())
            clause.subject = self.phrase(noun, full=True)
            kind, adjectives = noun.kind, world.habits[noun.index].adjectives
        plural = clause.subject.plural or clause.subject.conjunct is not None
        if kind in "pl" and not plural and draw() < 0.35:
            noun = pick(world.members(self.topic, "be", kind), draw())
            clause.predicate = self.phrase(noun, simple=True)
            if clause.predicate.number is not None:
                self.key -= self.keys[clause.predicate.number.index]
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
        u = self.draw()
        clause.mark = "?" if u < 0.27 else "!" if u < 0.45 else "."
        simple = clause.adjunct is None and clause.coordinate is None and clause.complement is None
        if clause.mark == "?":
            clause.fronted = False
            if simple and clause.verb is not None and self.draw() < 0.5:
                self.ask(clause)
        u = self.draw()
        bare = clause.mark == "." and clause.subject.pronoun not in ("I", "you", "we")
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
        if u < 0.4 and clause.object is not None and plain(clause.object):
            self.key -= self.keys[clause.object.noun.index]
            clause.object = Phrase()
            clause.object.pronoun = "what?"
        elif u < 0.6 and plain(clause.subject) and clause.subject.noun.kind == "p":
            self.key -= self.keys[clause.subject.noun.index]
            clause.subject = Phrase()
            clause.subject.pronoun = "who?"
        elif not clause.obliques and self.room >= 1:
            clause.asked = "where" if u < 0.85 else "when"
