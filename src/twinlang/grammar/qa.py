"""Question answering: a paragraph of facts on one topic, a question about one of them.

The question is the fact with one constituent asked for, so that it shares its other words.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

from twinlang.grammar.clauses import Generator
from twinlang.grammar.linearise import Lineariser, text
from twinlang.grammar.meaning import Clause, Phrase
from twinlang.grammar.nli import bare
from twinlang.grammar.preferences import pick
from twinlang.sources.records import spaces

FEWEST, MOST = 3, 6  # facts of a paragraph


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Facts, the place of the one asked about, the question, the phrase that answers it."""

    facts: list[Clause]
    asked: int
    question: Clause
    answer: Phrase
    key: int


def other_than(used: set[Any], draw: Callable[[], Phrase]) -> Phrase:
    """A phrase whose noun, name or year the paragraph has not used; the last try if none."""
    for _ in range(20):
        phrase = draw()
        mark = phrase.noun or phrase.name or phrase.year
        if mark not in used:
            break
    used.add(mark)
    return phrase


def fact(gen: Generator, used: set[Any]) -> Clause:
    """One event with words of its own: who, what, and by chance where and when."""
    world, topic = gen.world, gen.topic
    clause = Clause()
    clause.mark = "."
    verbs = [v for v in world.verbs[topic] if v.kind == "t" and "p" in v.extra["subjects"]]
    fresh = [verb for verb in verbs if verb not in used]
    clause.verb = verb = gen.word(fresh or verbs)
    used.add(verb)

    def subject() -> Phrase:
        if gen.draw() < 0.6:
            return gen.person()
        nouns = world.partners(verb, topic, "subject", verb.extra["subjects"])
        return bare(gen, pick(nouns, gen.draw()))

    def thing() -> Phrase:
        nouns = world.partners(verb, topic, "object", verb.extra["objects"])
        phrase = bare(gen, pick(nouns, gen.draw()))
        if gen.draw() < 0.3 and not (phrase.plural and phrase.noun.kind == "p"):
            phrase.adjective = gen.word(world.habits[phrase.noun.index].adjectives)
        return phrase

    clause.subject = other_than(used, subject)
    clause.object = other_than(used, thing)
    if gen.draw() < 0.6:
        place = other_than(used, lambda: gen.named("places", 5))
        clause.obliques += ((world.preps["in"], place),)
    if gen.draw() < 0.6:
        date = other_than(used, lambda: gen.date()[1])
        clause.obliques += ((world.prep["prep:min"], date),)
    return clause


def questions(clause: Clause) -> list[tuple[str, Phrase]]:
    """What can be asked about a fact: (who, what, where, when) and the phrase that answers."""
    asks = [
        ("when" if prep.kind == "prep:m" else "where", phrase) for prep, phrase in clause.obliques
    ]
    if clause.subject.name is not None:
        asks.append(("who", clause.subject))
    if clause.object.noun.kind != "p":
        asks.append(("what", clause.object))
    return asks


def ask(clause: Clause, kind: str, answer: Phrase) -> Clause:
    """The fact as a question."""
    question = copy(clause)
    question.mark = "?"
    if kind in ("who", "what"):
        unknown = Phrase()
        unknown.pronoun = kind + "?"
        setattr(question, "subject" if kind == "who" else "object", unknown)
    else:
        question.obliques = tuple(pair for pair in clause.obliques if pair[1] is not answer)
        question.asked = kind
    return question


def paragraph(gen: Generator, number: int) -> Paragraph:
    """Paragraph `number` of the generator's seed."""
    gen.start(number, "qa")
    used: set[Any] = set()
    count = FEWEST + int(gen.draw() * (MOST - FEWEST + 1))
    facts = [fact(gen, used) for _ in range(count)]
    asks = [(place, *ask) for place, made in enumerate(facts) for ask in questions(made)]
    if not asks:
        facts[0].subject = gen.person()
        asks = [(0, "who", facts[0].subject)]
    # The kinds of question are drawn evenly, else there would be few about time.
    kinds = sorted({kind for _, kind, _ in asks})
    kind = kinds[int(gen.draw() * len(kinds))]
    chosen = [ask for ask in asks if ask[1] == kind]
    place, _, answer = chosen[int(gen.draw() * len(chosen))]
    question = ask(facts[place], kind, answer)
    return Paragraph(facts, place, question, answer, gen.key & 0xFFFFFFFF)


def record(made: Paragraph, write: Lineariser) -> dict[str, Any]:
    """Context, question and answer (text, start in characters) in a language."""
    context, found, start = "", "", 0
    for place, clause in enumerate(made.facts):
        if context:
            context += " "
        nodes = write.sentence(clause, watched=made.answer)
        if place == made.asked:
            words = [node.form for node in nodes]
            inside = [place for place, node in enumerate(nodes) if node in write.seen]
            if made.answer.name is not None:
                inside = [place for place in inside if nodes[place].tag != "O"]
            blanks = spaces(words)
            ends = [len(word) + blank for word, blank in zip(words, blanks, strict=True)]
            first, last = inside[0], inside[-1]
            begin = sum(ends[:first]) + blanks[first]
            start = len(context) + begin
            found = text(nodes)[begin : sum(ends[: last + 1])]
        context += text(nodes)
    question = text(write.sentence(made.question))
    answers = [{"text": found, "start": start}]
    return {"context": context, "question": question, "answers": answers}
