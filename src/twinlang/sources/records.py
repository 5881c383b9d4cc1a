"""What every source of data yields: trees, and the one rule of blanks between words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

_APOSTROPHES = frozenset("'’")


@dataclass(frozen=True, slots=True)
class Tree:
    """One sentence with its Universal Dependencies v2 tree; lists run over its words.

    `heads` are 1-based, 0 is the root; `entities` are IOB2 tags, or empty where none are known.
    `tokens` are the surface tokens, (form, number of words): a contraction has several words. Empty
    where every word is a token of its own.
    """

    words: list[str]
    upos: list[str]
    heads: list[int]
    relations: list[str]
    entities: list[str] = field(default_factory=list)
    text: str = ""
    tokens: list[tuple[str, int]] = field(default_factory=list)


def _attaches_left(word: str) -> bool:
    return unicodedata.category(word[0]) in ("Pe", "Pf", "Po")


def _attaches_right(word: str) -> bool:
    return word[-1] in _APOSTROPHES or unicodedata.category(word[-1]) in ("Ps", "Pi")


def spaces(words: Sequence[str]) -> list[bool]:
    """For each word, whether a blank stands before it; the first word has none.

    A word attaches to the one before if it opens with a closing or other mark (Unicode Pe, Pf,
    Po), and to the next if it ends with an opening mark (Ps, Pi) or an apostrophe (l', d', qu').
    """
    blanks = [False] * len(words)
    for index in range(1, len(words)):
        word, before = words[index], words[index - 1]
        blanks[index] = not (_attaches_left(word) or _attaches_right(before))
    return blanks


def join(words: Sequence[str]) -> str:
    """The text of `words` under the rule of `spaces`."""
    blanks = spaces(words)
    return "".join(" " + word if blank else word for word, blank in zip(words, blanks, strict=True))
