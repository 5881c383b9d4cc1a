"""Scores of predictions, in percent: what is counted as right in each task (design, section 3).

Lists are over examples, inner lists over the labelled pieces of one example in derived order.
An empty list of examples has no score: UserError. Lists of unequal length: ValueError.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from twinlang.cli import UserError

Tags = Sequence[Sequence[str]]
Parts = tuple[list[float], list[float]]  # the score is 100 x the sum of the first over the second
Chunk = tuple[str, int, int]  # type, first and last position; positions run on over all examples


def pos(gold: Tags, predicted: Tags) -> dict[str, float]:
    """Part-of-speech scores.

    `f1`: micro F1 of chunks as seqeval 1.2.2 reads bare tags in its default mode (the paper's);
    `f1_runs`: over runs of equal tags, so that quirks of the reading do not count;
    `accuracy`: share of pieces tagged rightly.
    """
    _check(gold, predicted)
    return {
        "f1": _f1(_chunks(gold), _chunks(predicted)),
        "f1_runs": _f1(_runs(gold, str), _runs(predicted, str)),
        "accuracy": _share(gold, predicted, str),
    }


def ner(gold: Tags, predicted: Tags, meant: Tags | None = None) -> dict[str, float]:
    """Named-entity scores; `gold` holds the tags that travelled with the pieces.

    `f1`: over maximal runs of one type, B and I ignored, so that reading direction costs nothing;
    `f1_bio`: B and I count, as seqeval reads them (the paper's), against gold written anew in
    derived order; `bio_ceiling`: `f1_bio` of a model that understands perfectly and gives each
    piece the tag it means (`meant`; the travelled tag unless given), 2s / (3 - s) under inversion
    if s is the share of entities of one piece; `accuracy`: share of pieces of the right type.
    """
    _check(gold, predicted)
    written = [rewritten(tags) for tags in gold]
    return {
        "f1": _f1(_runs(gold, _entity), _runs(predicted, _entity)),
        "f1_bio": _f1(_chunks(written), _chunks(predicted)),
        "bio_ceiling": _f1(_chunks(written), _chunks(gold if meant is None else meant)),
        "accuracy": _share(gold, predicted, _entity),
    }


def nli(gold: Sequence[str], predicted: Sequence[str]) -> dict[str, float]:
    """Share of pairs whose label is right."""
    _check([gold], [predicted])
    return {"accuracy": _share([gold], [predicted], str)}


def qa(gold: Sequence[Sequence[str]], predicted: Sequence[str], lang: str) -> dict[str, float]:
    """SQuAD v1.1 scores: of each question the best over its gold answers, then the mean.

    The rules hold in every language, with two changes: punctuation is every character of Unicode's
    P categories besides the ASCII ones, and a, an, the are articles in English alone (elsewhere
    they are other words, as French `a`); no other language's articles are removed. As in v1.1, an
    answer that normalises to nothing has F1 0.
    """
    _check([gold], [predicted])
    pairs = [
        (_normalised(answer, lang), [_normalised(text, lang) for text in texts])
        for texts, answer in zip(gold, predicted, strict=True)
    ]
    f1 = [max(_overlap(text, answer) for text in texts) for answer, texts in pairs]
    exact = [float(answer in texts) for answer, texts in pairs]
    return {"f1": 100 * sum(f1) / len(f1), "exact_match": 100 * sum(exact) / len(exact)}


# A main score as a sum over examples: of each what it adds above and below the line ---------------


def nli_parts(gold: Sequence[str], predicted: Sequence[str]) -> Parts:
    """Hits, and one a pair."""
    return [float(a == b) for a, b in zip(gold, predicted, strict=True)], [1.0] * len(gold)


def pos_parts(gold: Tags, predicted: Tags) -> Parts:
    """Twice the hits, and the chunks to be found and found."""
    return _f1_parts(map(_alone, gold), map(_alone, predicted))


def ner_parts(gold: Tags, predicted: Tags, *, bio: bool = False) -> Parts:
    """The same of runs of one type, or of strict BIO."""
    if bio:
        return pos_parts([rewritten(tags) for tags in gold], predicted)
    return _f1_parts(*((_runs([tags], _entity) for tags in side) for side in (gold, predicted)))


def qa_parts(gold: Sequence[Sequence[str]], predicted: Sequence[str], lang: str) -> Parts:
    """The F1 of each answer, and one."""
    answers = [_normalised(text, lang) for text in predicted]
    best = [
        max(_overlap(_normalised(text, lang), answer) for text in texts)
        for texts, answer in zip(gold, answers, strict=True)
    ]
    return best, [1.0] * len(best)


def _alone(tags: Sequence[str]) -> set[Chunk]:
    """The chunks of an example without its neighbours."""
    return _chunks([tags])


def _f1_parts(gold: Iterable[set[Chunk]], predicted: Iterable[set[Chunk]]) -> Parts:
    pairs = list(zip(gold, predicted, strict=True))
    return [2.0 * len(a & b) for a, b in pairs], [float(len(a) + len(b)) for a, b in pairs]


def rewritten(tags: Sequence[str]) -> list[str]:
    """IOB2 tags anew in the order they stand: the first of a maximal run of one type B, the rest I.

    What the paper's "corrected labels" script does; neighbours of one type become one entity.
    """
    return [
        tag for kind, run in groupby(tags, _entity) for tag in _spelled(kind, sum(1 for _ in run))
    ]


def _spelled(kind: str, length: int) -> list[str]:
    return [f"B-{kind}", *[f"I-{kind}"] * (length - 1)] if kind else ["O"] * length


def _entity(tag: str) -> str:
    """Type of an IOB2 tag; empty outside."""
    return tag[2:]


def _runs(examples: Tags, kind: Callable[[str], str]) -> set[Chunk]:
    """Maximal runs of one type within each example; an empty type is no run."""
    found, start = set(), 0
    for tags in examples:
        for name, run in groupby(tags, kind):
            end = start + sum(1 for _ in run)
            if name:
                found.add((name, start, end - 1))
            start = end
    return found


def _chunks(examples: Tags) -> set[Chunk]:
    """Chunks as seqeval 1.2.2 finds them with `suffix=False, mode=None`.

    It takes the first letter for the prefix and what follows for the type, so of bare tags: NOUN
    is (N, OUN); SCONJ is (S, CONJ), a chunk of its own each time, and one type with CCONJ; X has
    the type of the gap between examples, so that an X at either end of one is lost or merged.
    """
    found, start, before, kind = set(), 0, "O", ""
    for position, (prefix, name) in enumerate(_letters(examples)):
        turns = kind != name
        if before in "ES" or (before in "BI" and prefix in "BSO") or (before not in "O." and turns):
            found.add((kind, start, position - 1))
        if prefix in "BS" or (before in "ESO" and prefix in "EI") or (prefix not in "O." and turns):
            start = position
        before, kind = prefix, name
    return found


def _letters(examples: Tags) -> Iterator[tuple[str, str]]:
    """Prefix and type of every tag, a gap (O) after each example."""
    for tags in examples:
        for tag in tags:
            yield tag[0], tag[1:].split("-", maxsplit=1)[-1] or "_"
        yield "O", "_"


def _f1(gold: set[Chunk], predicted: set[Chunk]) -> float:
    """Micro F1 in percent; 0 where there is nothing to find and nothing found."""
    return 200 * len(gold & predicted) / max(len(gold) + len(predicted), 1)


def _share(gold: Tags, predicted: Tags, kind: Callable[[str], str]) -> float:
    pairs = [
        kind(a) == kind(b)
        for tags, others in zip(gold, predicted, strict=True)
        for a, b in zip(tags, others, strict=True)
    ]
    return 100 * sum(pairs) / max(len(pairs), 1)


def _normalised(text: str, lang: str) -> str:
    """Lower case, no punctuation, no article (English), one blank between words."""
    kept = "".join(c for c in text.lower() if not _is_punctuation(c))
    if lang == "en":
        kept = re.sub(r"\b(a|an|the)\b", " ", kept)
    return " ".join(kept.split())


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def _overlap(gold: str, predicted: str) -> float:
    """F1 of the two bags of words."""
    shared = (Counter(gold.split()) & Counter(predicted.split())).total()
    return 2 * shared / (len(gold.split()) + len(predicted.split())) if shared else 0.0


def _check(gold: Sequence[Sequence], predicted: Sequence[Sequence]) -> None:
    if not any(len(tags) for tags in gold):
        raise UserError("there is no example to score; give the task more development items")
    if [len(tags) for tags in gold] != [len(tags) for tags in predicted]:
        raise ValueError("gold and predicted differ in number or length")
