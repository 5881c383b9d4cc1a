"""The built-in source: determinism, splits, and the tasks' items."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from twinlang.cli import UserError
from twinlang.grammar.lexicon import LANGUAGES
from twinlang.sources import builtin, load

SETTINGS: dict[str, Any] = {
    "source": "builtin",
    "seed": 0,
    "sentences": 400,
    "items": {
        "pos": {"train": 60, "dev": 40},
        "ner": {"train": 60, "dev": 40},
        "nli": {"train": 3000, "dev": 900},
        "qa": {"train": 120, "dev": 80},
        "retrieval": {"dev": 300},
    },
}


def corpus(lang: str = "en", domain: str = "main", split: str = "a", **changes: Any) -> list[str]:
    changed = {**SETTINGS, **changes}
    return list(builtin.corpus(changed, lang=lang, domain=domain, split=split, report={}))


def items(task: str, split: str = "dev", lang: str = "en") -> list[dict[str, Any]]:
    return list(builtin.items(SETTINGS, lang=lang, task=task, split=split, report={}))


def test_the_source_is_found_by_name() -> None:
    assert load("builtin") is builtin
    assert builtin.files(SETTINGS, lang="en", kind="text/main", split="a") == []
    with pytest.raises(UserError, match="builtin"):
        load("nowhere")


def test_seeds_decide() -> None:
    assert corpus() == corpus()
    assert corpus() != corpus(seed=1)
    assert corpus(sentences=50) == corpus()[:50]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_corpora_share_no_sentence(lang: str) -> None:
    texts = {
        (domain, split): set(corpus(lang, domain, split, sentences=2000))
        for domain in ("main", "other")
        for split in "ab"
    }
    names = sorted(texts)
    for place, one in enumerate(names):
        for two in names[:place]:
            assert not texts[one] & texts[two], (one, two)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_trees_are_those_of_the_corpus(lang: str) -> None:
    made = builtin.trees(SETTINGS, lang=lang, domain="other", split="b", report={})
    assert [one.text for one in made] == corpus(lang, "other", "b")


def test_counts_add_up() -> None:
    report: dict[str, int] = {}
    lines = list(builtin.corpus(SETTINGS, lang="en", domain="main", split="b", report=report))
    assert len(lines) == 400 == report["kept"]
    assert report["drawn"] == report["kept"] + report["other_split"]
    assert report["repeated"] == 400 - len(set(lines))


@pytest.mark.parametrize("task", ["pos", "ner"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_tagging(task: str, lang: str) -> None:
    train, dev = items(task, "train", lang), items(task, "dev", lang)
    assert (len(train), len(dev)) == (60, 40)
    assert all(len(item["words"]) == len(item["labels"]) for item in train + dev)
    assert not {tuple(i["words"]) for i in train} & {tuple(i["words"]) for i in dev}
    assert len({item["id"] for item in train + dev}) == 100
    labels = {label for item in train for label in item["labels"]}
    wanted = {"NOUN", "VERB", "PROPN"} if task == "pos" else {"O", "B-PER", "I-PER", "B-LOC"}
    assert wanted <= labels


def naive_bayes(train: list[dict[str, Any]], dev: list[dict[str, Any]], part: str) -> float:
    """Accuracy, in percent, of a bag-of-words classifier that sees one part of each pair."""
    labels = sorted({item["label"] for item in train})
    words = {word: place for place, word in enumerate({w for i in train for w in i[part].split()})}

    def bags(found: list[dict[str, Any]]) -> np.ndarray:
        table = np.zeros((len(found), len(words)))
        for row, item in enumerate(found):
            for word in set(item[part].split()) & set(words):
                table[row, words[word]] = 1
        return table

    gold = np.array([labels.index(item["label"]) for item in train])
    seen = bags(train)
    weights = np.stack([np.log(seen[gold == k].sum(0) + 1) for k in range(len(labels))])
    weights -= np.log(np.bincount(gold) + 2)[:, None]
    predicted = (bags(dev) @ weights.T).argmax(1)
    return 100 * float(
        np.mean([labels[p] == i["label"] for p, i in zip(predicted, dev, strict=True)])
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_inference_cannot_be_read_from_one_sentence(lang: str) -> None:
    train, dev = items("nli", "train", lang), items("nli", "dev", lang)
    assert naive_bayes(train, dev, "hypothesis") <= 40
    assert naive_bayes(train, dev, "premise") <= 50
    shares = Counter(item["label"] for item in train)
    assert len(shares) == 3 and max(shares.values()) < 1.1 * min(shares.values())
    assert not {i["hypothesis"] for i in train} & {i["hypothesis"] for i in dev}
    assert all(3 <= len(i["hypothesis"].split()) <= 12 for i in dev)


def test_inference_labels_mean_what_they_say() -> None:
    for item in items("nli"):
        premise, hypothesis = (
            {w.strip(".") for w in item[k].split()} for k in ("premise", "hypothesis")
        )
        new = hypothesis - premise - {"an", "a"}
        denied = [" not " in f" {item[k]} ".split(" and ")[0] for k in ("premise", "hypothesis")]
        if item["label"] == "entailment":
            assert denied[0] == denied[1] and not new, item
        elif item["label"] == "neutral":
            assert denied[0] == denied[1], item
        else:
            assert denied[0] != denied[1] or new, item


@pytest.mark.parametrize("lang", LANGUAGES)
def test_answers_lie_in_their_contexts(lang: str) -> None:
    train, dev = items("qa", "train", lang), items("qa", "dev", lang)
    for item in train + dev:
        answer = item["answers"][0]
        end = answer["start"] + len(answer["text"])
        assert item["context"][answer["start"] : end] == answer["text"]
        assert 1 <= len(answer["text"].split()) <= 4
        assert item["question"][-1] in "?؟"
        assert answer["text"] not in item["question"].split()
    assert not {item["context"] for item in train} & {item["context"] for item in dev}
    heads = Counter(item["question"].split()[0] for item in train)
    assert lang != "en" or {"Who", "What", "Where", "When"} <= set(heads)


def test_retrieval_pairs_are_translations() -> None:
    english = items("retrieval")
    assert len(english) == 300
    assert all(item["sentence"] == item["translation"] for item in english)
    assert len({item["sentence"] for item in english}) == 300
    for lang in LANGUAGES:
        pairs = items("retrieval", lang=lang)
        assert len({item["sentence"] for item in pairs}) == 300
        assert {item["translation"] for item in pairs[:50]} <= {i["sentence"] for i in english}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [({"lang": "xx"}, "xx"), ({"task": "dance"}, "dance"), ({"split": "test"}, "test")],
)
def test_bad_names_are_named(wrong: dict[str, str], named: str) -> None:
    arguments = {"lang": "en", "task": "pos", "split": "dev", **wrong}
    with pytest.raises(UserError, match=named):
        list(builtin.items(SETTINGS, report={}, **arguments))
    with pytest.raises(UserError, match="domain"):
        corpus(domain="poetry")
