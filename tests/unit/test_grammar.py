"""The built-in languages: lexicon, trees, typology, frequencies."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlang.grammar.lexicon import LANGUAGES, TOPICS, lexicon
from twinlang.grammar.linearise import text, tree
from twinlang.grammar.preferences import DOMAINS, World, cumulative
from twinlang.sources import builtin
from twinlang.sources.records import Tree, join, spaces

GOLDEN = Path(__file__).parents[1] / "golden" / "builtin.json"
UPOS = {
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN"),
    *("PUNCT", "SCONJ", "VERB"),
}
RELATIONS = {
    *(
        "root",
        "nsubj",
        "obj",
        "obl",
        "nmod",
        "nmod:poss",
        "amod",
        "nummod",
        "det",
        "case",
        "advmod",
    ),
    *("aux", "cop", "mark", "cc", "conj", "flat", "fixed", "compound", "acl:relcl", "advcl"),
    *("ccomp", "discourse", "vocative", "punct"),
}
SCRIPTS = {
    "hi": re.compile(r"[\u0900-\u097F0-9.,?!-]+"),
    "ar": re.compile(r"[\u0600-\u06FF0-9.!-]+"),
}


@cache
def sample(lang: str, domain: str = "main") -> list[Tree]:
    source = {"seed": 3, "sentences": 1500}
    return list(builtin.trees(source, lang=lang, domain=domain, split="a", report={}))


def pairs(lang: str, relation: str, upos: set[str]) -> list[tuple[Tree, int, int]]:
    """(tree, dependent, head), 1-based, of each word of a relation and a part of speech."""
    return [
        (made, place, made.heads[place - 1])
        for domain in DOMAINS
        for made in sample(lang, domain)
        for place in range(1, len(made.words) + 1)
        if made.relations[place - 1] == relation and made.upos[place - 1] in upos
    ]


def share_after(found: list[tuple[Tree, int, int]]) -> float:
    assert len(found) > 100
    return sum(place > head for _, place, head in found) / len(found)


def test_lexicon_is_large_and_whole() -> None:
    lexical = lexicon()
    concepts = lexical.concepts()
    assert len(concepts) >= 600
    for group in (lexical.nouns, lexical.verbs, lexical.adjectives):
        for lang in LANGUAGES:
            lemmas = [re.split(r"[./-]", c.forms[lang].lstrip("*^"))[0] for c in group]
            assert all(lemmas)
            assert len(set(lemmas)) == len(lemmas), [w for w, n in Counter(lemmas).items() if n > 1]
    for names in (lexical.people, lexical.places, lexical.organisations):
        assert len(names) >= 60
        assert all(name.forms[lang] for name in names for lang in LANGUAGES)
    assert {topic for noun in lexical.nouns for topic in noun.topics} == set(TOPICS)


def test_lexicon_refers_only_to_what_it_has() -> None:
    lexical = lexicon()
    adjectives = {a.forms["en"] for a in lexical.adjectives}
    assert {a.extra["antonym"] for a in lexical.adjectives} - {""} <= adjectives
    preps = {word.forms["en"] for word in lexical.words["prep"]}
    assert {p for verb in lexical.verbs for p in verb.extra["preps"].split(",")} <= preps
    assert {t for verb in lexical.verbs for t in verb.topics} - {"*"} <= set(TOPICS)


def test_names_of_one_type_share_words_with_another() -> None:
    lexical = lexicon()
    words = [
        {part for name in names for part in re.split(r"[ |]", name.forms["en"])} - {"the", "of"}
        for names in (lexical.people, lexical.places, lexical.organisations)
    ]
    assert words[0] & words[1] and words[0] & words[2] and words[1] & words[2]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("domain", DOMAINS)
def test_trees_are_universal_dependencies(lang: str, domain: str) -> None:
    lengths = []
    for made in sample(lang, domain):
        size = len(made.words)
        assert 4 <= size <= 30
        assert (
            len(made.upos) == len(made.heads) == len(made.relations) == len(made.entities) == size
        )
        assert made.heads.count(0) == 1
        assert made.relations[made.heads.index(0)] == "root" == made.relations[made.heads.index(0)]
        assert set(made.upos) <= UPOS and set(made.relations) <= RELATIONS
        assert made.upos[-1] == "PUNCT" and all(made.words)
        for place in range(1, size + 1):
            steps, node = 0, place
            while node:
                node = made.heads[node - 1]
                steps += 1
                assert steps <= size, f"cycle: {made.text}"
        assert made.text == join(made.words)
        assert not any(" " in word for word in made.words)
        lengths.append(size)
    assert 8 <= sum(lengths) / len(lengths) <= 13.5


@pytest.mark.parametrize("lang", LANGUAGES)
def test_entities_are_well_formed(lang: str) -> None:
    sizes: Counter[int] = Counter()
    types = set()
    for made in sample(lang) + sample(lang, "other"):
        before, size = "O", 0
        for tag in [*made.entities, "O"]:
            assert not tag.startswith("I-") or before[2:] == tag[2:]
            if not tag.startswith("I-"):
                sizes[size] += size > 0
                size = 0
            size += tag != "O"
            types.add(tag[2:])
            before = tag
    assert types == {"", "PER", "LOC", "ORG"}
    assert {1, 2} <= {n for n in sizes if sizes[n]} <= {1, 2, 3, 4}


@pytest.mark.parametrize(("lang", "share"), [("en", 1), ("fr", 1), ("ar", 1), ("hi", 0)])
def test_objects_follow_the_verb_but_in_hindi(lang: str, share: float) -> None:
    assert share_after(pairs(lang, "obj", {"NOUN", "PROPN"})) == share


@pytest.mark.parametrize(("lang", "share"), [("en", 0), ("fr", 0), ("hi", 0), ("ar", 1)])
def test_subjects_precede_the_verb_but_in_arabic(lang: str, share: float) -> None:
    found = pairs(lang, "nsubj", {"NOUN", "PROPN"})
    verbal = [one for one in found if one[0].upos[one[2] - 1] == "VERB"]
    assert share_after(verbal) == share


@pytest.mark.parametrize(("lang", "least", "most"), [("en", 0, 0), ("hi", 0, 0), ("ar", 1, 1)])
def test_adjectives_keep_their_side(lang: str, least: float, most: float) -> None:
    assert least <= share_after(pairs(lang, "amod", {"ADJ"})) <= most


def test_most_french_adjectives_follow_some_do_not() -> None:
    assert 0.5 < share_after(pairs("fr", "amod", {"ADJ"})) < 0.95


@pytest.mark.parametrize(("lang", "share"), [("en", 0), ("fr", 0), ("ar", 0), ("hi", 1)])
def test_adpositions_keep_their_side(lang: str, share: float) -> None:
    assert share_after(pairs(lang, "case", {"ADP"})) == share


def test_hindi_auxiliaries_stand_last() -> None:
    assert share_after(pairs("hi", "aux", {"AUX"})) == 1


@pytest.mark.parametrize("lang", ["hi", "ar"])
def test_scripts(lang: str) -> None:
    punctuation = {"hi": "।", "ar": "؟،."}[lang]
    for made in sample(lang, "other"):
        for word in made.words:
            assert word in punctuation or SCRIPTS[lang].fullmatch(word), made.text


def test_french_elides_and_contracts() -> None:
    words = Counter(word for made in sample("fr") for word in made.words)
    assert words["l'"] > 50 and words["du"] > 20 and words["au"] > 20
    texts = " ".join(made.text for made in sample("fr"))
    assert not re.search(r"\b(?:de|à) les?\b|\b(?:le|la|de|que|ne) [aeéiouê]", texts)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_frequencies_follow_zipf(lang: str) -> None:
    counts = Counter(word.lower() for made in sample(lang) for word in made.words)
    ranked = [count for _, count in counts.most_common(300)]
    xs = [math.log(rank) for rank in range(1, 301)]
    ys = [math.log(count) for count in ranked]
    mean_x, mean_y = sum(xs) / 300, sum(ys) / 300
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum(
        (x - mean_x) ** 2 for x in xs
    )
    assert -1.5 < slope < -0.7


def test_every_word_has_its_own_company() -> None:
    world = World("main")
    sizes = Counter(
        len(world.partners(verb, topic, "object", verb.extra["objects"]))
        for topic in world.topics
        for verb in world.verbs[topic]
        if verb.kind == "t"
    )
    assert min(sizes) == 1 and max(sizes) > 10 and max(sizes) <= 16
    steps = cumulative(3)
    assert steps[0] > 2 * (steps[1] - steps[0]) and steps[-1] == 1


def test_domains_differ() -> None:
    main = Counter(word.lower() for made in sample("en") for word in made.words)
    other = Counter(word.lower() for made in sample("en", "other") for word in made.words)
    assert other["i"] and other["?"] and other["!"] and not (main["i"] or main["?"] or main["!"])
    assert sum(not main[word] for word in other) > 0.15 * len(other)


@given(st.integers(0, 10**9), st.sampled_from(sorted(DOMAINS)), st.sampled_from(LANGUAGES))
@settings(max_examples=60, deadline=None)
def test_any_sentence_can_be_made_alone_and_again(number: int, domain: str, lang: str) -> None:
    write = builtin.lineariser(lang)
    made = builtin.generator({"seed": 1}, domain)
    made.sentence(7)
    first = tree(write.sentence(made.sentence(number)))
    meaning = builtin.generator({"seed": 1}, domain).sentence(number)
    assert first == tree(write.sentence(meaning))
    assert first.text == text(write.sentence(meaning))
    assert len(first.words) <= 30


@given(st.lists(st.sampled_from(["l'", "a", "(", ")", "«", "»", ".", "qu’", "।", "؟"]), min_size=1))
def test_blanks(words: list[str]) -> None:
    blanks = spaces(words)
    assert not blanks[0]
    for place in range(1, len(words)):
        tight = words[place] in (")", "»", ".", "।", "؟") or words[place - 1] in (
            "l'",
            "(",
            "«",
            "qu’",
        )
        assert blanks[place] != tight
    assert join(words).replace(" ", "") == "".join(words)


def golden() -> dict[str, dict[str, list[str]]]:
    source = {"seed": 0, "sentences": 10}
    return {
        lang: {
            domain: list(builtin.corpus(source, lang=lang, domain=domain, split="a", report={}))
            for domain in DOMAINS
        }
        for lang in LANGUAGES
    }


def test_meaning_has_not_drifted() -> None:
    """If the change is meant: bump fetch_corpus and fetch_task in versions.py, rewrite the file."""
    assert golden() == json.loads(GOLDEN.read_text(encoding="utf-8"))
