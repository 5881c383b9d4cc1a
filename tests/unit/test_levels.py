"""The interval for seeds and examples as two levels."""

import numpy as np
import pytest

from twinlang.bench import statistics as simulation
from twinlang.statistics import levels, t_interval


@pytest.mark.parametrize("seeds", simulation.SEEDS)
@pytest.mark.parametrize("world", simulation.WORLDS)
def test_coverage(seeds, world):
    """Nominal 95 %. With two or three seeds, and examples that vary as much or more, it is wide."""
    share = simulation.coverage(seeds, world, trials=2500)["share"]
    wide = seeds <= 3 and world in ("alike", "examples more")
    assert 93 <= share <= (98.5 if wide else 97)


def test_a_nested_bootstrap_is_too_narrow():
    found = simulation.coverage(3, "seeds more", trials=1000)
    assert found["nested_bootstrap"] < 87


def test_without_examples_of_their_own_it_is_student_s():
    table = np.array([[1.0, 1, 1], [2, 2, 2], [4, 4, 4]])
    found = levels.interval([table])
    assert (found.low, found.high) == pytest.approx(t_interval([1, 2, 4]))
    assert found.over == levels.BOTH


def test_one_seed_says_so():
    values = [1.0, 2, 4, 3]
    found = levels.interval([np.array([values])])
    assert (found.low, found.high) == pytest.approx(t_interval(values))
    assert "one seed" in found.over
    assert levels.interval([np.array([[1.0]])]) is None
    assert levels.over_means([1.0]) is None


def test_languages_weigh_the_same_whatever_their_examples():
    rng = np.random.default_rng(0)
    small, large = rng.normal(0, 1, (3, 20)), rng.normal(10, 1, (3, 500))
    found = levels.interval([small, large])
    middle = (small.mean() + large.mean()) / 2
    assert (found.low + found.high) / 2 == pytest.approx(middle)


def test_a_ratio_made_linear_has_its_value_and_error():
    rng = np.random.default_rng(1)
    gold = rng.poisson(3, 400)
    hits, wrong = rng.binomial(gold, 0.7), rng.poisson(0.4, 400)
    parts = np.stack([2 * hits, gold + hits + wrong])
    values = levels.linear(parts)
    assert values.mean() == pytest.approx(100 * parts[0].sum() / parts[1].sum())
    again = parts[:, rng.integers(400, size=(2000, 400))].sum(axis=2)
    assert values.std() / 20 == pytest.approx((100 * again[0] / again[1]).std(), rel=0.06)
    assert np.isnan(levels.linear(np.zeros((2, 3)))).all()


def test_broken_tables_are_refused():
    with pytest.raises(ValueError, match="same seeds"):
        levels.interval([np.ones((2, 3)), np.ones((3, 3))])
    with pytest.raises(ValueError, match="not finite"):
        levels.interval([np.array([[1.0, np.nan]])])
