"""Which word keeps company with which: fixed, seeded and skewed, so that no two words are alike.

A masked language model can match the words of two unrelated scripts only if every word's company
is its own: here every choice follows Zipf's law with exponent 1.1, and every verb, noun and topic
has its own few partners, 1 to 16 of them. These habits are the language; no setting changes them.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

from twinlang.grammar.lexicon import TOPICS, Concept, Lexicon, Name, lexicon

Item = TypeVar("Item")
EXPONENT = 1.1
MOST_PARTNERS = 16
# A domain's topics, most frequent first; what is missing does not occur in it.
DOMAINS = {
    "main": TOPICS[:20],
    "other": (
        *("home", "family", "food", "shopping", "travel", "film", "sport", "weather"),
        *("education", "music", "transport", "medicine", "animals", "technology", "farming"),
    ),
}


def cumulative(count: int) -> list[float]:
    """Cumulative probabilities of `count` ranks, 1/rank^1.1, ending at 1."""
    sums = list(accumulate(rank**-EXPONENT for rank in range(1, count + 1)))
    return [value / sums[-1] for value in sums[:-1]] + [1.0]


_CUMULATIVE = [cumulative(count) if count else [] for count in range(401)]


def pick(items: Sequence[Item], draw: float) -> Item:
    """The item of a ranked list that a draw in [0, 1) falls on."""
    return items[bisect(_CUMULATIVE[len(items)], draw)]


class Habits:
    """One noun's own rates of plural, article, adjective and complement, and its partners."""

    __slots__ = ("adjective", "adjectives", "definite", "of", "of_nouns", "plural")

    def __init__(self, noun: Concept, world: World) -> None:
        rng = random.Random(f"habits {noun.index}")
        # Half the nouns have no plural, so that the forms stay few enough to be learnt.
        self.plural = 0.0 if noun.mass else rng.choice((0.0, 0.0, 0.0, 0.2, 0.35, 0.65))
        self.definite = 1.0 if noun.mass else rng.choice((0.45, 0.6, 0.75, 0.9, 0.97))
        self.adjective = rng.choice((0.1, 0.2, 0.3, 0.45, 0.65))
        fitting = [a for a in world.lexicon.adjectives if noun.kind in a.kind]
        self.adjectives = ranked(fitting, rng)
        self.of = rng.choice((0.05, 0.1, 0.2, 0.35)) if noun.kind in "bdlogye" else 0.0
        owners = [
            n
            for n in world.lexicon.nouns
            if n is not noun and n.kind in "pglna" and set(n.topics) & set(noun.topics)
        ]
        self.of_nouns = ranked(owners, rng)


def ranked(items: Sequence[Item], rng: random.Random, least: int = 1) -> list[Item]:
    """`least` to 16 of the items in an order of their own, the number being log-uniform."""
    count = max(least, round(MOST_PARTNERS ** rng.random()))
    return rng.sample(list(items), min(len(items), count))


class World:
    """The habits of one domain's topics, verbs, nouns and names; partners are filled on demand."""

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.lexicon: Lexicon = lexicon()
        self.topics = DOMAINS[domain]
        self.habits = [Habits(noun, self) for noun in self.lexicon.nouns]
        self.verbs = {topic: self._verbs(topic, "ti") for topic in self.topics}
        self.speech = {topic: self._verbs(topic, "c") for topic in self.topics}
        self.people = self._names(self.lexicon.people, 24)
        self.places = self._names(self.lexicon.places, 16)
        self.organisations = self._names(self.lexicon.organisations, 12)
        self.owned = {
            n.index
            for n in self.lexicon.nouns
            if n.kind in "pocl" and n.topics[0] in ("family", "home")
        }
        self.words = {
            group: [word for word in words if domain in word.topics]
            for group, words in self.lexicon.words.items()
        }
        self.adjectives = {a.forms["en"]: a for a in self.lexicon.adjectives}
        self.prep = {word.kind + word.forms["en"]: word for word in self.lexicon.words["prep"]}
        self.preps = {word.forms["en"]: word for word in reversed(self.lexicon.words["prep"])}
        self.qualities = {
            kind: ranked(
                [a for a in self.lexicon.adjectives if kind in a.kind],
                random.Random(f"qualities {kind}"),
                least=16,
            )
            for kind in "pl"
        }
        self._partners: dict[tuple[int, str, str], list[Concept]] = {}
        self._adverbs: dict[int, list[Concept]] = {}
        self._kinds: dict[str, list[Concept]] = {}

    def _verbs(self, topic: str, frames: str) -> list[Concept]:
        """The topic's verbs in its own order; hubs that serve every topic stand among the first."""
        rng = random.Random(f"verbs {topic} {frames}")
        verbs = [v for v in self.lexicon.verbs if v.kind in frames]
        own = [v for v in verbs if topic in v.topics]
        hubs = [v for v in verbs if "*" in v.topics]
        chosen = own + rng.sample(hubs, min(4, len(hubs)))
        rng.shuffle(chosen)
        return chosen

    def _names(self, names: list[Name], count: int) -> dict[str, list[Name]]:
        """Each topic's own names; a window that moves on, so that some names serve many topics."""
        table = {}
        for topic in self.topics:
            place = TOPICS.index(topic)
            rng = random.Random(f"names {topic} {names[0].type}")
            window = [names[(place * count // 2 + step) % len(names)] for step in range(count)]
            table[topic] = rng.sample(window, count)
        return table

    def partners(self, word: Concept, topic: str, role: str, kinds: str) -> list[Concept]:
        """The nouns of the kinds that go with a word in a role, in a topic."""
        key = (word.index, topic, role)
        found = self._partners.get(key)
        if found is None:
            rng = random.Random(f"partners {word.index} {topic} {role}")
            nouns = [n for n in self.lexicon.nouns if n.kind in kinds]
            near = [n for n in nouns if topic in n.topics]
            if len(near) < 3:
                near += rng.sample([n for n in nouns if n not in near], 3)
            found = self._partners[key] = ranked(near, rng)
        return found

    def members(self, topic: str, role: str, kinds: str) -> list[Concept]:
        """The topic's own nouns of the kinds, for a role that no verb governs."""
        key = (-1, topic, role + kinds)
        found = self._partners.get(key)
        if found is None:
            rng = random.Random(f"members {topic} {role} {kinds}")
            near = [n for n in self.lexicon.nouns if n.kind in kinds and topic in n.topics]
            found = self._partners[key] = ranked(near or self.kinds(kinds), rng, least=8)
        return found

    def adverbs(self, verb: Concept) -> list[Concept]:
        """The adverbs that go with a verb: its own few of manner and of time."""
        found = self._adverbs.get(verb.index)
        if found is None:
            rng = random.Random(f"adverbs {self.domain} {verb.index}")
            found = ranked(self.words["manner"] + self.words["when"], rng)
            self._adverbs[verb.index] = found
        return found

    def kinds(self, kinds: str) -> list[Concept]:
        """All nouns of the domain that are of one of the kinds, in an order of their own."""
        found = self._kinds.get(kinds)
        if found is None:
            nouns = [n for n in self.lexicon.nouns if n.kind in kinds]
            nouns = [n for n in nouns if not set(n.topics).isdisjoint(self.topics)]
            random.Random(f"kinds {kinds}").shuffle(nouns)
            found = self._kinds[kinds] = nouns
        return found
