"""Transforms: what must hold of every one on disk, whatever it does."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kin import models, step_of, with_trees
from tests.micro import data_of
from twinlang import modules, transforms
from twinlang.cli import UserError
from twinlang.sentences import Sentences
from twinlang.transforms import permutation, transliteration

VOCABULARY = 50
ORDERING = [n for n in modules.names("transforms") if modules.defines("transforms", n, "order")]
SINGLE: list[Any] = [*map(step_of, modules.names("transforms"))]
SINGLE += [{"transliteration": {"fraction": 0.5}}]
SINGLE += [step_of(name, unit="word") for name in ORDERING]
TWINS = [[step] for step in SINGLE] + [
    ["permutation", "inversion"],
    ["inversion", "transliteration"],
    ["permutation", {"inversion": {"unit": "word"}}, {"transliteration": {"fraction": 0.5}}],
    ["permutation", step_of("syntax"), "transliteration"],
]


@st.composite
def batches(draw: st.DrawFn) -> Sentences:
    """Up to eight sentences of up to six words of up to four pieces; some sentences are empty."""
    sentence = st.lists(st.integers(1, 4), max_size=6)
    lengths = draw(st.lists(sentence, min_size=1, max_size=8))
    key = st.integers(0, 2**64 - 1)
    keys = draw(st.lists(key, min_size=len(lengths), max_size=len(lengths)))
    return with_trees(data_of(lengths, keys=keys, vocabulary=VOCABULARY))


def derived(data: Sentences, twin: list, *, seed: int = 0) -> Sentences:
    return transforms.apply(data, twin, vocabulary=VOCABULARY, seed=seed, files=models())


def same(one: Sentences, other: Sentences) -> bool:
    return (one.offsets == other.offsets).all() and all(
        (column == other.columns[name]).all() for name, column in one.columns.items()
    )


@pytest.mark.parametrize("twin", TWINS, ids=str)
@given(data=batches(), seed=st.integers(0, 2**31))
def test_pieces_stay_in_their_sentence_and_all_travels_with_them(
    twin: list, data: Sentences, seed: int
) -> None:
    found = derived(data, twin, seed=seed)
    mark, table = found.columns["mark"], transforms.respelling(twin, VOCABULARY, seed=seed)
    assert (found.offsets == data.offsets).all()
    for first, last in zip(data.offsets, data.offsets[1:], strict=False):
        assert sorted(mark[first:last]) == list(range(first, last))
    starts = np.repeat(data.offsets[:-1], data.lengths)
    assert (found.columns["positions"] == mark - starts).all()
    assert (found.words == data.words[mark]).all()
    assert (found.pieces == table[data.pieces[mark]]).all()


@pytest.mark.parametrize("twin", TWINS, ids=str)
@given(data=batches(), cut=st.integers(0, 8), size=st.integers(1, 4))
def test_shards_and_their_sizes_do_not_matter(
    twin: list, data: Sentences, cut: int, size: int
) -> None:
    whole = derived(data, twin)
    for rows in [slice(0, cut), slice(cut, None)]:
        assert same(derived(data.take(rows), twin), whole.take(rows))
    for first in range(0, len(data), size):
        rows = slice(first, first + size)
        assert same(derived(data.take(rows), twin), whole.take(rows))


@pytest.mark.parametrize("name", ORDERING)
@given(data=batches())
def test_unit_word_keeps_the_pieces_of_a_word_in_sequence(name: str, data: Sentences) -> None:
    found = derived(data, [step_of(name, unit="word")])
    mark = found.columns["mark"]
    begins = found.local() == 0
    begins[1:] |= found.words[1:] != found.words[:-1]
    inside = np.flatnonzero(~begins)
    assert (mark[inside] == mark[inside - 1] + 1).all()


@pytest.mark.parametrize("step", SINGLE, ids=str)
@given(data=batches(), ends=st.tuples(st.integers(0, 30), st.integers(0, 30)))
def test_runs_stay_runs_where_that_is_claimed(
    step: Any, data: Sentences, ends: tuple[int, int]
) -> None:
    """A run of pieces, or for `unit: word` of words, which is what answers are made of."""
    if not transforms.keeps_spans([step]):
        return
    unit = data.words if "unit" in str(step) else data.local()
    found = derived(data, [step])
    for first, last in zip(data.offsets, data.offsets[1:], strict=False):
        low, high = sorted(ends)
        chosen = first + np.flatnonzero((unit[first:last] >= low) & (unit[first:last] <= high))
        places = np.flatnonzero(np.isin(found.columns["mark"], chosen))
        assert not len(places) or places[-1] - places[0] == len(places) - 1


def test_every_order_is_equally_likely() -> None:
    """Chi-square over the 3! orders, and over pairs of orders under two neighbouring seeds."""
    count = 36000
    data = data_of([[1, 1, 1]] * count)
    first, second = (permutation.order(data, seed=seed).reshape(-1, 3) % 3 for seed in (0, 1))
    singles = Counter(map(tuple, first.tolist()))
    pairs = Counter(map(tuple, np.hstack([first, second]).tolist()))
    assert chi_square(singles, count / 6) < 20.5  # p = 0.001, 5 degrees of freedom
    assert len(pairs) == 36 and chi_square(pairs, count / 36) < 66.6  # 35 degrees of freedom


def test_every_order_of_words_is_equally_likely() -> None:
    found = derived(data_of([[2, 1, 3]] * 6000), [{"permutation": {"unit": "word"}}])
    orders = Counter("".join(map(str, row)) for row in found.words.reshape(-1, 6))
    assert len(orders) == 6 and chi_square(orders, 1000) < 20.5


def chi_square(counts: Counter, expected: float) -> float:
    return sum((count - expected) ** 2 / expected for count in counts.values())


def test_a_sentence_is_permuted_by_its_key_and_the_seed_alone() -> None:
    one = permutation.order(data_of([[1] * 9, [1] * 9], keys=[7, 7]), seed=3)
    assert (one[:9] == one[9:] - 9).all()
    other = permutation.order(data_of([[1] * 9, [1] * 9], keys=[8, 7]), seed=3)
    assert (other[9:] == one[9:]).all() and (other[:9] != one[:9]).any()
    assert (permutation.order(data_of([[1] * 9], keys=[7]), seed=4) != one[:9]).any()


def test_inversion() -> None:
    data = data_of([[2, 1], [], [1, 1, 1]])
    assert derived(data, ["inversion"]).columns["mark"].tolist() == [2, 1, 0, 5, 4, 3]
    by_word = derived(data, [{"inversion": {"unit": "word"}}])
    assert by_word.columns["mark"].tolist() == [2, 0, 1, 5, 4, 3]
    twice = derived(data, ["inversion", "inversion"])
    assert twice.columns["mark"].tolist() == [0, 1, 2, 3, 4, 5]


def test_steps_apply_left_to_right() -> None:
    data = data_of([[1] * 8, [1] * 5], keys=[5, 6])
    permuted = derived(data, ["permutation"]).columns["mark"]
    both = derived(data, ["permutation", "inversion"]).columns["mark"]
    assert both.tolist() == [*permuted[:8][::-1], *permuted[8:][::-1]]
    assert derived(data, ["inversion", "permutation"]).columns["mark"].tolist() != both.tolist()
    twice = derived(data, ["permutation", "permutation"]).columns["mark"]
    second = permutation.order(data, seed=1)  # a step's chance is its own
    assert twice.tolist() == permuted[second].tolist()
    spelled = derived(data, ["inversion", "transliteration"])
    assert (spelled.pieces == derived(data, ["inversion"]).pieces + VOCABULARY).all()
    assert same(derived(data, ["transliteration", "inversion"]), spelled)


@given(vocabulary=st.integers(6, 400), fraction=st.floats(0, 1), seed=st.integers(0, 2**32))
def test_respelling_is_one_to_one(vocabulary: int, fraction: float, seed: int) -> None:
    table = transliteration.respell(vocabulary, seed=seed, fraction=fraction)
    moved = table != np.arange(vocabulary)
    assert len(set(table.tolist())) == vocabulary
    assert not moved[:5].any()
    assert moved.sum() == round(fraction * (vocabulary - 5))
    assert (table[moved] == np.flatnonzero(moved) + vocabulary).all()


def test_a_third_of_the_pieces_leaves_an_overlap_of_a_half() -> None:
    """|E1 and E2| / |E1 or E2| (section 4.1), over the pieces that are no specials."""
    table = transliteration.respell(3005, seed=0, fraction=1 / 3)[5:]
    orig, deriv = set(range(5, 3005)), set(table.tolist())
    assert len(orig & deriv) / len(orig | deriv) == 0.5
    assert set(transliteration.respell(3005, seed=1, fraction=1 / 3)[5:].tolist()) != deriv


def test_bad_steps_are_refused() -> None:
    data = data_of([[1, 1]])
    with pytest.raises(UserError, match="there is no transform 'mirror'; choose one of inversion"):
        derived(data, ["mirror"])
    with pytest.raises(UserError, match="the script once"):
        derived(data, ["transliteration", "inversion", {"transliteration": {"fraction": 0.5}}])
    with pytest.raises(UserError, match="unit: phrase is not known"):
        derived(data, [{"inversion": {"unit": "phrase"}}])
    with pytest.raises(UserError, match="fraction 1.5 is not between 0 and 1"):
        derived(data, [{"transliteration": {"fraction": 1.5}}])
    with pytest.raises(UserError, match="more than 65,536 pieces"):
        permutation.order(data_of([[65537]]), seed=0)


def test_what_a_twin_keeps() -> None:
    assert transforms.keeps_order(["transliteration"]) and transforms.keeps_order([])
    assert not transforms.keeps_order(["transliteration", "inversion"])
    assert transforms.keeps_spans(["inversion", "transliteration"])
    assert not transforms.keeps_spans(["inversion", "permutation"])
    assert set(modules.names("transforms")) <= set(transforms.names())
