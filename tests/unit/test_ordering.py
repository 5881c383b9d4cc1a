"""The ordering model against its definition: every order of small families, one by one."""

from __future__ import annotations

import json
from collections import Counter
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kin import random_tree, weights
from twinlang import drawing, ordering
from twinlang import families as kin
from twinlang import ordering_baselines as baselines
from twinlang import ordering_training as training
from twinlang.cli import UserError
from twinlang.drawing import Drawer
from twinlang.ordering import FIRST, LABELS, NAME_OF, NAMES, TAG_OF, TAGS, label, label_name

Weights = dict[str, dict[str, dict[str, float]]]
MADE = weights(5)
for _kind in MADE:  # a few weights of whole labels beside those of parts
    MADE[_kind]["joint"] = {"NOUN/obj NOUN/nsubj": 1.5, "@VERB NOUN/obj": -0.7, "< NOUN/obj": 0.4}
MODEL = ordering.from_weights(MADE)
NSUBJ, OBJ, ADV = label("NOUN", "nsubj"), label("NOUN", "obj"), label("ADV", "advmod")
HEAD = label("VERB", "@")


def by_definition(order: list[int], made: Weights) -> float:
    """w . f of an order, from the names of its features."""
    total = 0.0

    def add(kind: str, one: int, other: int) -> None:
        nonlocal total
        for level, name in (("joint", label_name), ("upos", tag), ("relation", relation)):
            total += made[kind][level].get(f"{name(one)} {name(other)}", 0.0)

    head = next(place for place, item in enumerate(order) if item < FIRST)
    for i, one in enumerate(order):
        for j in range(i + 1, len(order)):
            sides = (i < head) + (j < head)
            kind = "head" if head in (i, j) else ("after", "across", "before")[sides]
            add(kind, one, order[j])
    for one, other in zip([0, *order], [*order, 1], strict=True):
        add("adjacent", one, other)
    return total


def tag(number: int) -> str:
    return TAGS[TAG_OF[number]]


def relation(number: int) -> str:
    return NAMES[NAME_OF[number]]


def distribution(family: list[int]) -> dict[tuple[int, ...], float]:
    """Every order of labels with its probability."""
    orders = sorted(set(permutations(family)))
    scores = np.array([by_definition(list(order), MADE) for order in orders])
    chances = np.exp(scores - scores.max())
    return dict(zip(orders, chances / chances.sum(), strict=True))


labels = st.integers(FIRST, LABELS - 1)
few = st.lists(st.one_of(labels, st.sampled_from([NSUBJ, OBJ, ADV])), min_size=1, max_size=4)


@given(dependents=few)
def test_probabilities_are_those_of_all_orders_one_by_one(dependents: list[int]) -> None:
    every = distribution([HEAD, *sorted(dependents)])
    found = np.exp(ordering.log_likelihood(MODEL, np.array(list(every))))
    assert found == pytest.approx(list(every.values()), abs=1e-9)


@pytest.mark.parametrize("dependents", [[NSUBJ, OBJ], [NSUBJ, OBJ, OBJ, ADV], [ADV]])
def test_draws_follow_the_distribution(dependents: list[int]) -> None:
    count = 20000
    family = np.array([HEAD, *sorted(dependents)])
    every = distribution(family.tolist())
    noise = np.random.default_rng(0).random((count, len(family)))
    found = Drawer(MODEL).draw(np.tile(family, (count, 1)), noise)
    seen = Counter(map(tuple, family[found].tolist()))
    for order, chance in every.items():
        error = 4.5 * np.sqrt(chance * (1 - chance) * count) + 1
        assert abs(seen[order] - chance * count) < error, order
    places = np.argsort(found, axis=1)
    for one in np.flatnonzero(np.diff(family) == 0):  # equal labels keep their order
        assert (places[:, one] < places[:, one + 1]).all()


@given(dependents=few)
def test_the_best_order_is_the_likeliest(dependents: list[int]) -> None:
    family = np.array([HEAD, *sorted(dependents)])
    every = distribution(family.tolist())
    found = Drawer(MODEL, best=True).draw(family[None], np.zeros((1, len(family))))
    assert every[tuple(family[found[0]].tolist())] == pytest.approx(max(every.values()))


def test_what_is_kept_changes_no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    families = np.sort(np.random.default_rng(1).integers(FIRST, LABELS, (60, 4)), axis=1)
    families = np.pad(families, ((0, 0), (1, 0)), constant_values=HEAD)
    noise = np.random.default_rng(2).random(families.shape)
    drawer = Drawer(MODEL)
    found = drawer.draw(families, noise)
    assert (drawer.draw(families[::-1], noise[::-1])[::-1] == found).all()
    monkeypatch.setattr(drawing, "ROOM", 1)  # nothing is kept from one call to the next
    assert (
        np.concatenate(
            [Drawer(MODEL).draw(f[None], n[None]) for f, n in zip(families, noise, strict=True)]
        )
        == found
    ).all()


def test_twelve_dependents_are_summed_exactly() -> None:
    """Sums by sets against the sum over where the head stands, of a model without other pairs."""
    size = 13
    table = {kind: np.zeros((LABELS, LABELS)) for kind in ordering.KINDS}
    table["head"][FIRST:, HEAD] = 0.8
    family = np.arange(FIRST, FIRST + size)
    family[0] = HEAD
    total = ordering.Ordering(table).sums(family[None]).total[0]
    # each of the 12 dependents before the head adds 0.8; given the side, all orders are equal
    from math import comb, factorial

    ways = sum(comb(12, k) * factorial(k) * factorial(12 - k) * np.exp(0.8 * k) for k in range(13))
    assert total == pytest.approx(np.log(ways), rel=1e-12)


def test_larger_families_are_drawn_by_a_chain() -> None:
    table = {kind: np.zeros((LABELS, LABELS)) for kind in ordering.KINDS}
    table["head"][HEAD, FIRST:] = 9.0  # the head comes first
    family = np.array([HEAD, *range(FIRST, FIRST + 14), FIRST + 13])
    noise = np.random.default_rng(0).random((5, len(family)))
    found = Drawer(ordering.Ordering(table)).draw(np.tile(family, (5, 1)), noise)
    assert (np.sort(found, axis=1) == np.arange(16)).all() and (found[:, 0] == 0).all()
    places = np.argsort(found, axis=1)
    assert (places[:, 14] < places[:, 15]).all()
    again = Drawer(ordering.Ordering(table)).draw(family[None], noise[3:4])
    assert (again[0] == found[3]).all()


def test_a_mixture_weighs_both() -> None:
    other = ordering.from_weights(weights(9))
    family = np.array([[NSUBJ, HEAD, OBJ]])
    both = MODEL.mixed(other, 0.95).scores(family)
    assert both == pytest.approx(0.95 * MODEL.scores(family) + 0.05 * other.scores(family))


def test_what_a_model_does_not_know_is_left_to_the_other() -> None:
    other, known = ordering.from_weights(weights(9)), np.ones(LABELS, dtype=bool)
    known[OBJ] = False
    mixed = ordering.from_weights(MADE, known).mixed(other, 1.0, fall_back=True)
    for kind in ordering.KINDS:
        assert mixed.tables[kind][HEAD, OBJ] == other.tables[kind][HEAD, OBJ]
        assert mixed.tables[kind][HEAD, NSUBJ] == MODEL.tables[kind][HEAD, NSUBJ]


def test_files(tmp_path: Path) -> None:
    (tmp_path / "xx.json").write_text('{"models": {"nouns": {}}}')
    with pytest.raises(UserError, match="xx.json is no ordering model"):
        ordering.read(str(tmp_path / "xx.json"))


# Training -----------------------------------------------------------------------------------------


def planted(count: int) -> dict[int, np.ndarray]:
    """Families drawn from the model above."""
    draw = np.random.default_rng(3)
    chosen = np.sort(draw.choice([NSUBJ, OBJ, ADV], (count, 3)), axis=1)
    families = np.pad(chosen, ((0, 0), (1, 0)), constant_values=HEAD)
    found = Drawer(MODEL).draw(families, draw.random(families.shape))
    return {4: np.take_along_axis(families, found, 1)}


def test_the_gradient_is_that_of_the_loss() -> None:
    rows = planted(40)[4]
    one = training.group(rows)
    codes, index = np.unique(one.features, return_inverse=True)
    one.features = index.reshape(one.features.shape)
    at = np.random.default_rng(0).normal(size=len(codes))
    gradient = np.zeros_like(at)
    one.loss(at, gradient)
    for number in range(0, len(at), 17):
        step = np.zeros_like(at)
        step[number] = 1e-5
        up, down = (one.loss(at + sign * step, np.zeros_like(at)) for sign in (1, -1))
        assert gradient[number] == pytest.approx((up - down) / 2e-5, abs=1e-4)


def test_the_loss_is_the_log_likelihood() -> None:
    rows = planted(50)
    made, _, value = training.train(rows, rows, penalties=[0.1], iterations=30)
    model = ordering.from_weights(made)
    every = [by_definition(list(order), made) for order in permutations(rows[4][0].tolist())]
    assert model.scores(rows[4][:1])[0] in [pytest.approx(score, abs=1e-9) for score in every]
    assert value == pytest.approx(float(ordering.log_likelihood(model, rows[4]).mean()))


def test_training_finds_a_planted_model_and_beats_the_baselines() -> None:
    seen, held_out = planted(3000), {4: planted(4000)[4][3000:]}
    _, penalty, value = training.train(seen, held_out, penalties=[0.3, 300.0], iterations=60)
    assert penalty == 0.3
    truth = training.per_family(held_out, lambda rows: ordering.log_likelihood(MODEL, rows))
    simple = [baselines.markov(seen), baselines.directions(seen)]
    assert max(training.per_family(held_out, one) for one in simple) < value - 0.02
    assert value == pytest.approx(truth, abs=0.03)


@given(dependents=few)
def test_baselines_are_distributions_over_orders(dependents: list[int]) -> None:
    seen = planted(30)
    orders = np.array(sorted(set(permutations([HEAD, *dependents]))))
    for measure in (baselines.markov(seen), baselines.directions(seen)):
        assert np.exp(measure(orders)).sum() == pytest.approx(1)


def test_families_of_trees() -> None:
    tree = random_tree(list("abcdefgh"), 3, heads=["NOUN", "VERB", "ADJ"])
    found = kin.families([tree])
    rows = [row for name in found for row in kin.rows(found[name])]
    heads = {head for head in tree.heads if head and tree.upos[head - 1] != "ADJ"}
    assert len(rows) == len(heads)
    assert sum(len(row) - 1 for row in rows) == sum(head in heads for head in tree.heads)
    assert all(sum(item < FIRST for item in row) == 1 for row in rows)


def test_weights_round_trip_through_json() -> None:
    made, _, _ = training.train(planted(60), planted(60), penalties=[1.0], iterations=10)
    again: Any = json.loads(json.dumps(made))
    one, other = ordering.from_weights(made), ordering.from_weights(again)
    assert all((one.tables[kind] == other.tables[kind]).all() for kind in ordering.KINDS)


def test_sums_of_training_are_those_of_the_model_whatever_its_weights() -> None:
    draw = np.random.default_rng(1)
    for size, scale in ((2, 1.0), (5, 1.0), (7, 6.0)):
        chosen = np.sort(draw.choice([NSUBJ, OBJ, ADV, OBJ + 1], (6, size - 1)), axis=1)
        families = np.pad(chosen, ((0, 0), (1, 0)), constant_values=HEAD)
        table = draw.normal(size=(len(ordering.KINDS), LABELS, LABELS)) * scale
        model = ordering.Ordering(dict(zip(ordering.KINDS, table, strict=True)))
        bordered = np.pad(families, ((0, 0), (0, 2)))
        bordered[:, -1] = 1
        values = table[:, bordered[:, :, None], bordered[:, None, :]].swapaxes(0, 1).copy()
        total, often = training.expected(values, families)
        assert total == pytest.approx(model.sums(families).total)
        kind, one, other = training.slots(size).T
        assert often[:, kind, one, other].min() > -1e-12
        assert often[:, 0].sum((1, 2)) == pytest.approx(size + 1)  # neighbours, borders included
        assert often[:, 1:].sum((1, 2, 3)) == pytest.approx(size * (size - 1) / 2)


def test_an_unknown_dependent_does_not_say_where_the_others_stand() -> None:
    made, known = weights(9), np.ones(LABELS, dtype=bool)
    known[OBJ] = False
    mixed = MODEL.mixed(ordering.from_weights(made), 1.0)
    apart = ordering.Ordering(MODEL.tables, known).mixed(
        ordering.from_weights(made), 1.0, fall_back=True
    )
    for kind in ("before", "after"):  # on one side of the head: a conditional probability
        pair = apart.tables[kind][NSUBJ, OBJ], apart.tables[kind][OBJ, NSUBJ]
        assert np.exp(pair).sum() == pytest.approx(1)
    for kind in ("across", "adjacent"):
        assert apart.tables[kind][NSUBJ, OBJ] == apart.tables[kind][OBJ, NSUBJ] == 0
    assert (apart.tables["head"][NSUBJ] == mixed.tables["head"][NSUBJ])[known].all()
