"""Text to sentences: the library sentencex, and the few cuts of it that are mended.

A twin reorders each sentence by itself, so corpora and the parts of every instance are cut by this
one function (section 3.1; the definition of "sentence" in the design).
"""

from __future__ import annotations

import re

from sentencex import get_sentence_boundaries

# sentencex knows the initials and titles of English but cuts after those of the other languages.
# A single letter ends few sentences and begins many names; Hindi letters with a vowel sign are
# words as often as initials, so there only bare letters count.
_INITIAL = {
    "fr": re.compile(r"(?:^|[\s\-'’(«])[A-ZÀ-Ý]\.$"),
    "hi": re.compile(r"(?:^|[\s\-'’(])[अ-ह]\.$"),
    "ar": re.compile(r"(?:^|[\s\-'’(«])[ء-ي]\.$"),
}
_TITLES = {
    "fr": "Mr. Mrs. Dr. Pr. St. Ste. MM. Mme. Mlle. Cf. cf.",
    "hi": "डॉ. डा. पं. मि. प्रो. स्व. मो. श्री. वी. एस. आर. एम. एन. पी. बी. सी. डी.",
}
_CLOSERS = re.compile(r"[.…!?।»”’\"')\]\s]+")


def _continues(before: str, after: str, *, lang: str) -> bool:
    """Whether a cut fell inside a sentence: after an initial or title, or before closing marks."""
    if _CLOSERS.fullmatch(after):
        return True
    if not before.endswith("."):
        return False
    initial = _INITIAL.get(lang)
    if initial and initial.search(before):
        return True
    return before.rsplit(None, 1)[-1].lstrip("(«\"'“‘") in _TITLES.get(lang, "").split()


def boundaries(text: str, *, lang: str) -> list[tuple[int, int]]:
    """Where each sentence of `text` starts and ends (characters, end exclusive), blanks left out.

    A language that sentencex does not know is cut by its default rules.
    """
    found: list[tuple[int, int]] = []
    for cut in get_sentence_boundaries(lang, text):
        sentence = text[cut["start_index"] : cut["end_index"]]
        start = cut["start_index"] + len(sentence) - len(sentence.lstrip())
        end = cut["start_index"] + len(sentence.rstrip())
        if start >= end:
            continue
        if found and _continues(text[slice(*found[-1])], text[start:end], lang=lang):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def sentences(text: str, *, lang: str) -> list[str]:
    """The sentences of `text`, without the blanks around them."""
    return [text[start:end] for start, end in boundaries(text, lang=lang)]
