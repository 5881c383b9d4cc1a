"""Inference pairs: the hypothesis is drawn first, without regard to the label, then the premise.

So nothing in a hypothesis tells its label. The hypothesis says one more thing than who did what
(an adjective, a place, a date or an adverb). The premise says it too (entailment), says nothing
about it (neutral), says it otherwise or denies the whole (contradiction); and it always says
something else besides, a further modifier or a second clause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twinlang.grammar.clauses import Generator
from twinlang.grammar.lexicon import Concept
from twinlang.grammar.meaning import Clause, Phrase
from twinlang.grammar.preferences import pick

LABELS = ("entailment", "neutral", "contradiction")
KINDS = ("adjective", "place", "date", "adverb")
ORDERS = ((0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1), (2, 1, 0), (1, 0, 2))


@dataclass(frozen=True, slots=True)
class Pair:
    """Premise and hypothesis as meanings; `key` is the hypothesis's."""

    premise: Clause
    hypothesis: Clause
    label: str
    key: int


def label_of(number: int) -> str:
    """The label of pair `number`: each of the three once in every three."""
    return LABELS[ORDERS[number // 3 % 5][number % 3]]


def bare(gen: Generator, noun: Concept) -> Phrase:
    """A noun with its article only."""
    phrase = Phrase()
    phrase.noun = noun
    gen.key += gen.keys[noun.index]
    habits = gen.world.habits[noun.index]
    phrase.plural = gen.draw() < habits.plural
    if gen.draw() >= habits.definite:
        phrase.article = "" if phrase.plural else "a"
    return phrase


def event(gen: Generator) -> Clause:
    """Who did what to what, and nothing more; in the past."""
    world, topic = gen.world, gen.topic
    clause = Clause()
    verbs = [verb for verb in world.verbs[topic] if verb.kind == "t"]
    clause.verb = verb = gen.word(verbs)
    kinds = verb.extra["subjects"]
    if "p" in kinds and gen.draw() < 0.4:
        clause.subject = gen.person()
    else:
        subjects = world.partners(verb, topic, "subject", kinds)
        clause.subject = bare(gen, pick(subjects, gen.draw()))
    objects = world.partners(verb, topic, "object", verb.extra["objects"])
    clause.object = bare(gen, pick(objects, gen.draw()))
    return clause


def opposites(gen: Generator, noun: Concept) -> list[Concept]:
    """The noun's adjectives that have an antonym."""
    return [a for a in gen.world.habits[noun.index].adjectives if a.extra["antonym"]]


def filler(gen: Generator, kind: str, noun: Concept, but: Any = None) -> Any:
    """Something of a kind to say, other than `but`; for an adjective, then, its antonym."""
    world = gen.world
    if kind == "adjective":
        if but is not None:
            return world.adjectives[but.extra["antonym"]]
        return pick(opposites(gen, noun), gen.draw())
    while True:
        if kind == "adverb":
            said: Any = pick(world.words["when"] + world.words["manner"], gen.draw())
            same = said is but
        else:
            said = gen.named("places", 5) if kind == "place" else gen.date()[1]
            same = but is not None and (said.noun, said.name, said.year) == (
                (but.noun, but.name, but.year)
            )
        if not same:
            return said


def say(gen: Generator, base: Clause, extras: dict[str, Any], negated: bool) -> Clause:
    """The event with some things said besides."""
    clause, thing = Clause(), Phrase()
    clause.mark, clause.negated = ".", negated
    clause.verb, clause.subject, clause.object = base.verb, base.subject, thing
    thing.noun, thing.plural = base.object.noun, base.object.plural
    thing.article = base.object.article
    thing.adjective = extras.get("adjective")
    if "place" in extras:
        clause.obliques += ((gen.world.preps["in"], extras["place"]),)
    if "date" in extras:
        clause.obliques += ((gen.world.prep["prep:min"], extras["date"]),)
    clause.adverb = extras.get("adverb")
    return clause


def pair(gen: Generator, number: int) -> Pair:
    """Pair `number` of the generator's seed."""
    gen.start(number, "nli")
    draw, label = gen.draw, label_of(number)
    base = event(gen)
    noun = base.object.noun
    kinds = list(KINDS) if opposites(gen, noun) else list(KINDS[1:])
    told = pick(kinds, draw())
    said = filler(gen, told, noun)
    denied = draw() < 0.25
    hypothesis = say(gen, base, {told: said}, denied)
    key = (gen.key + sum(map(ord, told))) & 0xFFFFFFFF
    other, third = gen.rng.sample([kind for kind in kinds if kind != told], 2)
    # Under a denial more said is less meant, so a second clause takes the place of a modifier.
    second_clause = denied or draw() < 0.5
    extras, negated = {told: said}, denied
    if label == "neutral":
        extras = {other: filler(gen, other, noun)}
        if not second_clause:
            extras[third] = filler(gen, third, noun)
    elif label == "contradiction" and second_clause:
        negated = not denied
    elif label == "contradiction":
        extras = {told: filler(gen, told, noun, said)}
    if not second_clause and label != "neutral":
        extras[other] = filler(gen, other, noun)
    premise = say(gen, base, extras, negated)
    if second_clause:
        premise.coordinate = (gen.world.words["conj"][0], event(gen))
    return Pair(premise, hypothesis, label, key)
