"""Instances: how parts become rows, and how places are counted."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.micro import data_of
from twinlang import instances
from twinlang.instances import IGNORED, label_targets, span_targets, steps_of, tensors_of
from twinlang.sentences import Sentences
from twinlang.spans import answers, best_pair

START, PAD, END = 0, 1, 2


def pair_of(first: int, second: int, *, sentences: int = 1) -> Sentences:
    """One item of two parts; the second has several sentences."""
    data = data_of([[first], *[[second // sentences]] * sentences])
    return replace(
        data,
        items=np.zeros(1 + sentences, dtype=np.uint32),
        parts=np.array([0] + [1] * sentences, dtype=np.uint8),
    )


def test_rows_have_robertas_form() -> None:
    data = pair_of(2, 4, sentences=2)
    (one,) = instances.instances(data, max_length=64)
    p = data.pieces.tolist()
    assert one.ids.tolist() == [START, *p[:2], END, END, *p[2:], END]
    assert one.index.tolist() == [-1, 0, 1, -1, -1, 2, 3, 4, 5, -1]
    single, *rest = instances.instances(data_of([[3], [2]]), max_length=4)
    assert single.index.tolist() == [-1, 0, 1, -1] and [i.item for i in rest] == [1]


@given(st.integers(1, 60), st.integers(1, 60), st.integers(12, 64))
def test_a_long_pair_loses_pieces_of_its_longer_part(first: int, second: int, longest: int) -> None:
    (one,) = instances.instances(pair_of(first, second), max_length=longest)
    assert len(one.ids) == min(longest, first + second + 4)
    kept = int(((one.index >= 0) & (one.index < first)).sum())
    other = int((one.index >= first).sum())
    if (kept, other) != (first, second):  # something was cut: never from the shorter alone
        cut_both = kept < first and other < second
        assert abs(kept - other) <= 1 if cut_both else (kept < first) == (first > second)
    assert (np.diff(one.index[one.index >= 0]) > 0).all()


@given(*(st.integers(1, 40), st.integers(1, 200), st.integers(12, 64), st.integers(1, 64)))
def test_windows_cover_the_context_and_overlap(
    question: int, context: int, longest: int, stride: int
) -> None:
    data = pair_of(question, context)
    found = instances.instances(data, max_length=longest, stride=stride)
    windows = [set((i.index[i.index >= question]).tolist()) for i in found]
    assert set().union(*windows) == set(range(question, question + context))
    assert all(len(i.ids) <= longest for i in found)
    for one, other in pairwise(windows):
        assert len(one & other) == min(stride, len(one) // 2)


def test_tensors_are_padded_to_a_few_widths() -> None:
    shown = instances.instances(data_of([[3], [9], [6]]), max_length=64)
    found = tensors_of(shown, None)
    assert found["ids"] is not None and found["ids"].shape == (3, 16)
    assert found["lengths"] is not None and found["lengths"].tolist() == [5, 11, 8]
    assert (found["ids"][0, 5:] == PAD).all()
    assert tensors_of(shown[2:], None)["lengths"] is None


@pytest.mark.parametrize("places", [0, 64])
def test_steps_see_each_instance_once_an_epoch(places: int) -> None:
    data = data_of([[n % 9 + 2] for n in range(50)])
    shown = instances.instances(data, max_length=64)
    wanted = label_targets(data.columns["mark"])
    options: Any = {"batch": 8, "epochs": 2, "seed": 0, "places": places}
    steps = list(steps_of(shown, wanted, **options))
    assert len(steps) == 14
    seen: list[int] = []
    for step in steps:
        assert sum(len(m.tensors["ids"]) for m in step) <= 8  # type: ignore[arg-type]
        for m in step:
            assert m.tensors["ids"] is not None and m.tensors["targets"] is not None
            assert not places or m.tensors["ids"].numel() <= places
            targets = m.tensors["targets"][m.tensors["targets"] != IGNORED].tolist()
            assert m.targets == len(targets)
            assert m.places == int((m.tensors["ids"] != PAD).sum())
            seen += targets
    assert sorted(seen) == sorted([*range(len(data.pieces))] * 2)
    assert len(steps) == 14 and (len(steps[0]) > 1) == bool(places)


def spans_of(order: list[int]) -> tuple[Sentences, Any]:
    """Question x, context of six one-letter pieces in the order given; the answer is "cd"."""
    data = pair_of(1, 6)
    starts = np.array([-1, *order], dtype=np.int32)
    ends = np.array([-1, *[n + 1 for n in order]], dtype=np.int32)
    records = [{"id": "0", "context": "abcdef", "answers": [{"text": "cd", "start": 2}]}]
    return data.with_columns(starts=starts, ends=ends), records


def test_an_answer_torn_apart_or_outside_the_window_points_at_the_start() -> None:
    data, records = spans_of([5, 4, 3, 2, 1, 0])
    (one,) = instances.instances(data, max_length=64)
    assert span_targets(data, records)([one], 11)[0].tolist() == [[6, 7]]
    torn, _ = spans_of([2, 5, 4, 3, 1, 0])
    assert span_targets(torn, records)([one], 11)[0].tolist() == [[0, 0]]
    windows = instances.instances(data, max_length=8, stride=1)  # three pieces of context each
    assert len(windows) > 1
    found = [span_targets(data, records)([w], len(w.ids))[0].tolist() for w in windows]
    assert [[0, 0]] in found and any(target != [[0, 0]] for target in found)


def test_the_best_window_answers() -> None:
    data, records = spans_of([0, 1, 2, 3, 4, 5])
    shown = instances.instances(data, max_length=8, stride=1)
    pairs = []
    for number, window in enumerate(shown):
        logits = np.zeros((len(window.ids), 2))
        places = np.flatnonzero(window.index >= 1)
        logits[places[0]] = 1 + number
        pairs.append((window, logits))
    (found,) = answers(data, records, pairs, {"longest_answer": 3, "swap": True})
    assert found["predicted"] == "abcdef"[int(shown[-1].index[shown[-1].index >= 1][0]) - 1]
    assert found["gold"] == ["cd"] and found["id"] == "0"


def test_the_best_pair() -> None:
    logits = np.array([[0, 5], [0, 0], [9, 0], [0, 3.0]])
    assert best_pair(logits, 4, swap=True) == (14, 0, 2)  # the start after the end, turned round
    assert best_pair(logits, 4, swap=False) == (12, 2, 3)
    assert best_pair(logits, 1, swap=True) == (9, 2, 2)
    assert best_pair(logits, 2, swap=True) == (12, 2, 3)
