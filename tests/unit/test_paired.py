"""Tests between two cells of one dev set, and Holm's correction."""

import itertools

import numpy as np
import pytest
from scipy import stats

from twinlang.bench import statistics as simulation
from twinlang.statistics import paired


def test_swaps_are_the_sign_test_of_hits():
    generator = np.random.default_rng(0)
    left, right = generator.random((2, 80)) < [[0.8], [0.6]]
    both = paired.swap_test(left, right), paired.mcnemar(left, right)
    only = int((left & ~right).sum()), int((right & ~left).sum())
    assert both[1] == pytest.approx(stats.binomtest(only[0], sum(only)).pvalue)
    assert both[0] == pytest.approx(both[1], abs=0.01)


def test_swaps_of_a_ratio_are_the_share_of_all_swaps():
    left = np.array([[4, 0, 2, 6, 2], [4, 2, 3, 7, 2]])
    right = np.array([[2, 0, 2, 2, 0], [4, 3, 2, 6, 3]])

    def score(parts):
        return parts[0].sum() / parts[1].sum()

    seen, every = abs(score(left) - score(right)), []
    for swap in itertools.product([False, True], repeat=5):
        first, second = np.where(swap, right, left), np.where(swap, left, right)
        every.append(abs(score(first) - score(second)) >= seen - 1e-12)
    assert paired.swap_test(left, right) == pytest.approx(np.mean(every), abs=0.015)


def test_equal_cells_do_not_differ():
    hits = np.array([True, False, True])
    assert paired.swap_test(hits, hits) == paired.mcnemar(hits, hits) == 1


def test_cells_of_other_dev_sets_are_refused():
    with pytest.raises(ValueError, match="equal shapes"):
        paired.swap_test(np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match="not finite"):
        paired.swap_test(np.ones(3), np.array([1, np.nan, 1]))


@pytest.mark.parametrize("name", ["swaps of hits", "swaps of F1", "McNemar"])
def test_wrong_findings(name):
    assert simulation.errors(name, trials=2000)["share"] <= 5.5


def test_holm():
    assert paired.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert paired.holm([0.6, 0.9]) == [1.0, 1.0] and paired.holm([]) == []
    with pytest.raises(ValueError, match="not finite"):
        paired.holm([0.1, float("nan")])
