"""Tasks through encoding and derivation: labels and characters go wherever a transform goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kin import models, step_of, with_trees
from tests.micro import SETTINGS, Study, items, step
from twinlang import finetuning, instances, modules, scores, sentences, tasks, transforms
from twinlang.cli import UserError, write_lines
from twinlang.devices import Engine
from twinlang.sentences import Sentences
from twinlang.tasks import IGNORED, Reader, ner

TASKS = modules.names("tasks")
TAGGED = [name for name in TASKS if modules.constant("tasks", name, "HEAD") == "tokens"]
WORD = {"unit": "word"}
TWINS: list[list[Any]] = [
    *([step_of(name)] for name in modules.names("transforms")),
    *([{"inversion": WORD}], [{"permutation": WORD}], [{"transliteration": {"fraction": 0.5}}]),
    *(["inversion", "transliteration"], ["permutation", "inversion", "transliteration"]),
]
ENCODED: dict[tuple[str, str], Sentences] = {}


def encoded(study: Study, task: str, records: list[dict[str, Any]], **flags: str) -> Sentences:
    """Records through the step encode_task, as Sentences."""
    name = json.dumps([task, records, flags])
    if (task, name) not in ENCODED:
        folder = study.folder / f"test_tasks/{len(ENCODED)}"
        write_lines(folder / "items.jsonl", records)
        more = {"task": task, "lang": "en", "tokenizer": study.tokenizer, "dataset": "en/x/dev"}
        paths = {"items": folder / "items.jsonl", "output": folder / "a.arrow"}
        step("encode_task", **{**more, **flags}, **paths)
        ENCODED[task, name] = sentences.read(folder / "a.arrow")
    return ENCODED[task, name]


def in_twin(data: Sentences, twin: list[Any]) -> Sentences:
    vocabulary = data.metadata["vocabulary"]
    found = transforms.apply(with_trees(data), twin, vocabulary=vocabulary, seed=0, files=models())
    return replace(found, metadata={**data.metadata, "twin": twin})


def records_of(task: str) -> list[dict[str, Any]]:
    return [*tasks.load(task).tiny(), *items(task, 6)]


@pytest.mark.parametrize("name", TASKS)
def test_the_tiny_examples_are_encoded(study: Study, name: str) -> None:
    records = tasks.load(name).tiny()
    assert len(records) == 3 and len({record["id"] for record in records}) == 3
    data = encoded(study, name, records)
    assert sorted(set(data.items.tolist())) == [0, 1, 2] and (data.lengths > 0).all()
    assert len(set(data.keys.tolist())) == len(data)
    assert set(data.parts.tolist()) == ({0, 1} if name in ("nli", "qa") else {0})
    assert data.metadata == {"dataset": "en/x/dev", "vocabulary": 300}


@pytest.mark.parametrize("name", TAGGED)
def test_a_label_sits_on_the_first_piece_of_its_word(study: Study, name: str) -> None:
    task, records = tasks.load(name), records_of(name)
    data = encoded(study, name, records)
    for number, record in enumerate(records):
        one = data.take(slice(number, number + 1))
        words = [
            list(run) for _, run in groupby(range(len(one.pieces)), lambda n, w=one.words: w[n])
        ]
        assert len(words) == len(record["words"])
        labels = [[int(one.columns["labels"][n]) for n in run] for run in words]
        assert [task.LABELS[first] for first, *_ in labels] == record["labels"]
        assert all(label == IGNORED for _, *rest in labels for label in rest)


@pytest.mark.parametrize("twin", TWINS, ids=str)
@pytest.mark.parametrize("name", TAGGED)
def test_labels_follow_their_words(study: Study, name: str, twin: list[Any]) -> None:
    """Also of a word that occurs twice: the label is that of the place it came from."""
    words = ["the", "dog", "saw", "the", "dogs", "the"]
    labels = list(tasks.load(name).LABELS[:6])
    data = encoded(study, name, [{"id": "a", "words": words, "labels": labels}])
    found = in_twin(data, twin)
    positions = found.columns["positions"].astype(int)
    assert (found.columns["labels"] == data.columns["labels"][positions]).all()
    labelled = found.columns["labels"] != IGNORED
    assert sorted(found.words[labelled].tolist()) == list(range(6))
    got = {
        int(w): int(n) for w, n in zip(found.words, found.columns["labels"], strict=True) if n >= 0
    }
    assert got == {number: number for number in range(6)}


def perfect(task: Any, data: Sentences, records: list[dict[str, Any]]) -> Any:
    """Logits of a model that knows everything, in place of the model's."""
    wanted = finetuning.targets_of(task, replace(data, metadata={}), records)

    def logits_of(_: Any, shown: list[instances.Instance], **__: Any) -> Iterator[Any]:
        for instance in shown:
            targets, _ = wanted([instance], len(instance.ids))
            target = targets[0]
            if task.HEAD == "span":  # places of start and end
                values = np.zeros((len(instance.ids), 2))
                values[target, [0, 1]] = 9 if target.any() else -9
            else:
                values = 9.0 * np.equal.outer(target, np.arange(len(task.LABELS)))
            yield instance, values

    return logits_of


@pytest.mark.parametrize("twin", TWINS, ids=str)
@pytest.mark.parametrize("name", [name for name in TASKS if name != "retrieval"])
def test_perfect_predictions_score_100(
    study: Study, name: str, twin: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    task, records = tasks.load(name), records_of(name)
    if task.HEAD == "span" and not transforms.keeps_spans(twin):
        return  # has no cell
    data = in_twin(encoded(study, name, records), twin)
    monkeypatch.setattr(finetuning, "logits_of", perfect(task, data, records))
    settings = {**SETTINGS, "language": "en", "swap": not transforms.keeps_order(twin)}
    found = finetuning.predict(
        None,  # type: ignore[arg-type]
        task=task,
        settings=settings,
        data=data,
        records=records,
        engine=Engine(),
    )
    assert [p["id"] for p in found] == [r["id"] for r in records]
    assert task.score(records, found, settings)[task.METRIC] == 100


CONTEXTS = [
    (
        "en",
        "It rained. Ana Lee saw 3,500 boats in Rome (again)! She slept.",
        ["Ana Lee", "3,500 boats"],
    ),
    ("en", "It rained. Ana Lee saw it.", ["It", "Ana", "it", "rained", "Ana Lee saw it."]),
    ("fr", "L'ami d'Ida était là. Il a vu l’été à Nîmes.", ["Ida", "l’été", "Nîmes", "à Nîmes"]),
    ("fr", "Ida aime le cafe\u0301. Il dort.", ["cafe\u0301", "le cafe\u0301"]),
    ("hi", "राम ने क्षेत्र में आम खाया। वह सो गया।", ["राम", "क्षेत्र में", "आम", "वह"]),
    ("ar", "رأى عمر القارب في روما. ثم نام، ثم قام.", ["عمر", "القارب", "روما", "ثم نام"]),
    ("en", "Ana  saw\ta 🙂 boat.  She left.", ["Ana", "a 🙂 boat", "She"]),
]


def test_answers_move_as_one_where_they_are_kept(study: Study) -> None:
    records = records_of("qa")
    data = encoded(study, "qa", records)
    asked = {"keep_spans": True}
    for step_ in (
        "permutation",
        step_of("syntax"),
        {"permutation": WORD},
        {"shuffle": {"window": 5}},
    ):
        name, parameters = transforms.parse(step_)
        kept = in_twin(data, [{name: {**parameters, **asked}}])
        assert transforms.keeps_spans([{name: asked}]) and not transforms.keeps_spans([name])
        assert not len(transforms.scattered(kept))
        for first, last in zip(data.offsets, data.offsets[1:], strict=False):
            assert sorted(kept.columns["positions"][first:last]) == list(range(last - first))
        places = np.flatnonzero(kept.columns["answers"])
        inside = np.diff(places) == 1
        rises = np.diff(kept.columns["positions"][places].astype(int)) == 1
        assert (rises | ~inside).all()
    assert len(transforms.scattered(in_twin(data, ["permutation"])))


SPANS = [twin for twin in TWINS if transforms.keeps_spans(twin)]


@pytest.mark.parametrize("boundary", ["sentence", "line"])
@pytest.mark.parametrize("twin", SPANS, ids=str)
@pytest.mark.parametrize("language, context, texts", CONTEXTS)
def test_answers_re_extract_exactly(
    study: Study, boundary: str, twin: list[Any], language: str, context: str, texts: list[str]
) -> None:
    """Logits that point at an answer give its text, through every twin that keeps spans."""
    records = [
        {"id": str(n), "context": context, "question": "Who? What?"}
        | {"answers": [{"text": text, "start": context.index(text)}]}
        for n, text in enumerate(texts)
    ]
    task = tasks.load("qa")
    data = in_twin(encoded(study, "qa", records, lang=language, boundary=boundary), twin)
    shown = instances.instances(data, max_length=512, stride=64)
    pairs = perfect(task, data, records)(None, shown)
    from twinlang.spans import answers

    for swap in (True, False):
        settings = {"longest_answer": 60, "swap": swap}
        found = answers(
            data, records, pairs if swap else perfect(task, data, records)(None, shown), settings
        )
        assert [p["predicted"] for p in found] == texts == [p["strict"] for p in found]
        assert [p["gold"] for p in found] == [[text] for text in texts]


def test_sentences_are_cut_before_anything_else(study: Study) -> None:
    (record,) = items("qa", 1)
    cut, whole = (encoded(study, "qa", [record], boundary=b) for b in ("sentence", "line"))
    assert cut.parts.tolist() == [0, 1, 1, 1] and whole.parts.tolist() == [0, 1]
    starts = [int(cut.columns["starts"][n]) for n in cut.offsets[1:-1]]
    assert [record["context"][n:].split()[0] for n in starts] == ["It", "Ana", "All"]


def test_the_first_word_is_read_as_in_running_text(study: Study) -> None:
    reader = Reader(study.encoder, "en")
    words = ["Ana", "saw", "it", "."]
    assert reader.words(words, [0] * 4)["pieces"] == reader.text("Ana saw it.")[0]["pieces"]
    always = replace(reader, spacing="always").words(words, [0] * 4)["pieces"]
    assert always == reader.text("Ana saw it .")[0]["pieces"]


TAGS = st.lists(st.sampled_from(ner.LABELS), max_size=12)


@given(st.lists(TAGS, max_size=5))
def test_ner_labels_written_anew_are_those_of_the_score(examples: list[list[str]]) -> None:
    ids = np.array([ner.LABELS.index(tag) for tags in examples for tag in tags], dtype=np.int64)
    number = np.array([n for n, tags in enumerate(examples) for _ in tags], dtype=np.int64)
    expected = [tag for tags in examples for tag in scores.rewritten(tags)]
    assert [ner.LABELS[label] for label in ner.rewritten(ids, number)] == expected


def test_ner_is_trained_on_labels_written_anew_in_a_twin_alone(study: Study) -> None:
    two = {"id": "x", "words": ["Ana", "Omar", "left"], "labels": ["B-PER", "B-PER", "O"]}
    records = [ner.tiny()[0], two]
    orig = encoded(study, "ner", records)
    expected = [["B-PER", "I-PER", "O", "B-LOC"], ["B-PER", "B-PER", "O"]]
    written = [["B-LOC", "O", "B-PER", "I-PER"], ["O", "B-PER", "I-PER"]]
    for data, labels in ((orig, expected), (in_twin(orig, ["inversion"]), written)):
        wanted = finetuning.targets_of(ner, data, records)
        shown = instances.instances(data, max_length=64)
        for instance, tags in zip(shown, labels, strict=True):
            targets, counted = wanted([instance], len(instance.ids))
            assert [ner.LABELS[n] for n in targets[0] if n >= 0] == tags and counted == len(tags)


def test_ner_score_bio_makes_the_strict_score_the_main_one(study: Study) -> None:
    predictions = [{"gold": ["B-PER", "I-PER"], "predicted": ["I-PER", "B-PER"]}]
    runs = ner.score([], predictions, {})
    strict = ner.score([], predictions, {"score": "bio"})
    assert runs["f1"] == 100 == strict["f1_runs"] and strict["f1"] == runs["f1_bio"] < 100


def test_bad_records_are_named(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no task 'x'; choose one of"):
        tasks.load("x")
    bad: Any
    for task, bad, text in (
        ("pos", {"words": ["a", "b"], "labels": ["NOUN"]}, "2 words, 1 labels"),
        ("pos", {"words": ["a"], "labels": ["NOUNS"]}, "unknown label 'NOUNS'"),
        ("ner", {"words": ["a", ""], "labels": ["O", "O"]}, "is empty"),
        ("nli", {"premise": "A.", "hypothesis": "B.", "label": "no"}, "unknown label 'no'"),
    ):
        with pytest.raises(UserError, match=text):
            encoded(study, task, [{"id": "7", **bad}])
    assert not list((study.folder / f"test_tasks/{len(ENCODED)}").glob("*.arrow"))
