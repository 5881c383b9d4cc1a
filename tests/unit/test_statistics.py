"""Means over seeds and languages, and the interval over seed means."""

import numpy as np
import pytest
from scipy import stats

from twinlang import statistics


def test_languages_weigh_the_same_whatever_their_seeds():
    values = {("en", 0, 0): 10.0, ("en", 0, 1): 20.0, ("en", 1, 0): 30.0, ("fr", 0, 0): 0.0}
    found = statistics.summary(values)
    assert found.mean == pytest.approx((((10 + 20) / 2 + 30) / 2 + 0) / 2)
    assert (found.languages, found.pretrain_seeds, found.finetune_seeds) == (2, 2, 2)
    assert found.interval is None  # French lacks a seed


def test_one_seed_has_no_interval():
    found = statistics.summary({("en", 0, 0): 1.0, ("en", 0, 1): 2.0})
    assert found.interval is None and found.mean == 1.5 and found.finetune_seeds == 2


def test_interval_is_over_seed_means():
    values = {
        (lang, seed, fine): base + 10 * seed * seed + fine
        for lang, base in (("en", 0.0), ("fr", 50.0))
        for seed in (0, 1, 2)
        for fine in (0, 1)
    }
    found = statistics.summary(values)
    means = [25.5, 35.5, 65.5]
    expected = stats.t.interval(0.95, 2, loc=np.mean(means), scale=stats.sem(means))
    assert found.interval == pytest.approx(expected)
    assert found.mean == pytest.approx(np.mean(means))


def test_without_fine_tuning_there_is_no_fine_tuning_seed():
    found = statistics.summary({("en", 0, None): 1.0, ("en", 1, None): 3.0})
    assert found.finetune_seeds == 0 and found.interval is not None


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_coverage(seeds):
    """Of nominal 95 %, where seeds vary more than languages do."""
    draws = np.random.default_rng(0).normal(3, 2, (2000, seeds)).tolist()
    intervals = [statistics.t_interval(sample) for sample in draws]
    covered = np.mean([low <= 3 <= high for low, high in intervals])
    assert 0.93 <= covered <= 0.97


def test_differences_are_paired():
    left, right = {("en", 0, 0): 5.0, ("en", 1, 0): 7.0}, {("en", 0, 0): 8.0, ("en", 1, 0): 7.5}
    assert statistics.delta(left, right) == {("en", 0, 0): -3.0, ("en", 1, 0): -0.5}
    with pytest.raises(ValueError, match="unpaired"):
        statistics.delta(left, {("en", 0, 0): 8.0})


def test_no_mean_of_nothing():
    with pytest.raises(ValueError, match="nothing"):
        statistics.summary({})
