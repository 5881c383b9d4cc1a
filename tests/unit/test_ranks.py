"""Rank correlations: scipy's values, the paper's table, exact chances, what is undefined."""

import itertools

import numpy as np
import pytest
from scipy import stats

from twinlang.bench import statistics as simulation
from twinlang.statistics import ranks

# Table 7 as printed, and the point that the published plots have beside it (design, section 3).
ALIGNMENT = [90.0, 57.3, 43.0, 11.8, 0.16, 0.01]
DELTAS = {
    "XNLI": [-2.1, -5.7, -3.8, -5.7, -19.2, -27.7],
    "NER": [-2.3, -14.2, -4.1, -14.3, -51.5, -46.3],
    "POS": [-0.5, -2, -0.7, -1.5, -42.7, -59],
}
SEVENTH = (4.9, {"XNLI": -9.2, "NER": -19.1, "POS": -2.5})


@pytest.mark.parametrize(
    ("task", "six", "p_six", "seven", "p_seven"),
    [
        ("XNLI", 0.8986, 0.0278, 0.9370, 0.00476),
        ("NER", 0.8857, 0.0333, 0.9286, 0.00675),
        ("POS", 0.8286, 0.0583, 0.8929, 0.0123),
    ],
)
def test_the_printed_table(task, six, p_six, seven, p_seven):
    found = ranks.spearman(ALIGNMENT, DELTAS[task])
    assert found.rho == pytest.approx(six, abs=5e-5) and found.p == pytest.approx(p_six, abs=5e-5)
    more = ranks.spearman([*ALIGNMENT, SEVENTH[0]], [*DELTAS[task], SEVENTH[1][task]])
    assert more.rho == pytest.approx(seven, abs=5e-5)
    assert more.p == pytest.approx(p_seven, abs=5e-5)
    assert (found.n, more.n, more.method) == (6, 7, "all 5,040 orders")


@pytest.mark.parametrize("n", [4, 7, 12, 40])
def test_scipy_agrees_on_rho(n):
    generator = np.random.default_rng(n)
    for _ in range(20):
        x, y = generator.integers(0, 6, (2, n)).tolist()  # ties abound
        if len(set(x)) > 1 < len(set(y)):
            found = ranks.spearman(x, y, draws=9)
            assert found.rho == pytest.approx(stats.spearmanr(x, y).statistic)


@pytest.mark.parametrize("n", [3, 5, 6])
def test_p_is_the_share_of_all_orders(n):
    generator = np.random.default_rng(n)
    x, y = generator.integers(0, 4, (2, n))
    seen = abs(stats.spearmanr(x, y).statistic)
    every = [abs(stats.spearmanr(x, order).statistic) for order in itertools.permutations(y)]
    expected = np.mean(np.array(every) >= seen - 1e-9)
    assert ranks.spearman(x.tolist(), y.tolist()).p == pytest.approx(expected)


def test_ten_points_are_exact():
    found = ranks.spearman(range(10), range(10))
    assert found.p == pytest.approx(2 / 3_628_800) and found.method == "all 3,628,800 orders"
    assert found.interval is None and "agree wholly" in found.why


def test_beyond_ten_points_chance_decides():
    x, y = np.random.default_rng(1).standard_normal((2, 30))
    y = y + 0.5 * x
    found = ranks.spearman(x.tolist(), y.tolist())
    assert found.p == pytest.approx(stats.spearmanr(x, y).pvalue, abs=0.01)
    assert found == ranks.spearman(x.tolist(), y.tolist()) and "99,999" in found.method
    assert found.interval[0] < found.rho < found.interval[1]


def test_what_is_undefined_says_so():
    assert "n = 2" in ranks.spearman([1, 2], [1, 2]).why
    found = ranks.spearman([1, 1, 1, 1], [1, 2, 3, 4])
    assert found.rho is None and found.p is None and found.why.startswith("x constant")
    assert "too few" in ranks.spearman([1, 2, 3], [1, 3, 2]).why
    with pytest.raises(ValueError, match="not finite"):
        ranks.spearman([1, 2, float("nan")], [1, 2, 3])
    with pytest.raises(ValueError, match="differ in length"):
        ranks.spearman([1, 2, 3], [1, 2])


@pytest.mark.parametrize(("points", "rho"), [(6, 0), (7, 0.8), (10, 0.8), (20, 0)])
def test_coverage_of_rho(points, rho):
    """Fewer than ten points: on the safe side of 95 %."""
    share = simulation.correlations(points, rho, trials=4000)["share"]
    assert 93 <= share <= (97 if points > 10 else 99)


def test_partial_of_one_group_is_the_plain_one():
    x, y = np.random.default_rng(2).standard_normal((2, 12)).tolist()
    plain, found = ranks.spearman(x, y), ranks.partial(x, y, ["same"] * 12)
    assert found.rho == pytest.approx(plain.rho) and found.p == pytest.approx(plain.p, abs=0.01)
    assert found.interval == pytest.approx(plain.interval)


def test_partial_of_two_groups_is_the_textbook_s():
    """Of a group of two values: (rxy - rxz ryz) / sqrt((1 - rxz^2)(1 - ryz^2)) of the ranks."""
    generator = np.random.default_rng(3)
    z = np.arange(14) % 2
    x, y = generator.standard_normal((2, 14)) + z
    a, b = stats.rankdata(x), stats.rankdata(y)
    xy, xz, yz = (np.corrcoef(*pair)[0, 1] for pair in ((a, b), (a, z), (b, z)))
    expected = (xy - xz * yz) / ((1 - xz**2) * (1 - yz**2)) ** 0.5
    assert ranks.partial(x.tolist(), y.tolist(), z.tolist()).rho == pytest.approx(expected)


def test_what_groups_explain_is_no_correlation():
    given = [(k % 2, k // 6) for k in range(12)]
    x = [float(10 * (order + script)) for order, script in given]
    y = [value + k / 100 for k, value in enumerate(x)]
    assert ranks.spearman(x, y).rho > 0.9
    found = ranks.partial(x, y, given)
    assert found.rho is None and "x constant within each group" in found.why
    assert "needs 10 points" in ranks.partial(x[:9], y[:9], given[:9]).why


@pytest.mark.parametrize(
    "name", ["Spearman, 7 points", "Spearman, 12 points", "partial, 12 points"]
)
def test_wrong_findings(name):
    assert simulation.errors(name, trials=2000)["share"] <= 5.5
