"""How often intervals hold what they should, and how often tests cry wolf, by simulation.

Scores are drawn whose truth is known: of an interval, the share that covers it (nominal 95 %); of
a test of two things that do not differ, the share of p <= 0.05. Baselines are what one would take
first: a nested bootstrap, Student's t over seed means. Shares are percent.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from twinlang.statistics import levels, paired, ranks, t_interval

SEEDS = (2, 3, 5, 10)
EXAMPLES = 100
# Standard deviations of a seed's mean, of an example's score, and of both together.
WORLDS = {
    "seeds alone": (0.5, 0.0, 1.0),
    "seeds more": (0.5, 1.0, 1.0),
    "alike": (0.15, 1.0, 1.0),
    "examples more": (0.03, 1.0, 1.0),
}
BOOTSTRAPS = 400
DRAWS = 499  # of a permutation test, in simulations

Row = dict[str, Any]
Test = Callable[[np.random.Generator], float]


def add_flags(flags: argparse.ArgumentParser) -> None:
    flags.add_argument("--trials", type=int, default=10_000, help="simulated studies a row")


def measure(arguments: argparse.Namespace) -> list[Row]:
    """One row an interval or test: what was asked, of how many, and the share found."""
    trials = arguments.trials
    return [
        *(coverage(seeds, world, trials=trials) for world in WORLDS for seeds in SEEDS),
        *(
            correlations(points, rho, trials=trials)
            for points in (6, 7, 10, 20)
            for rho in (0, 0.8)
        ),
        *(errors(name, trials=max(trials // 5, 1)) for name in TESTS),
    ]


def coverage(seeds: int, world: str, *, trials: int) -> Row:
    """Coverage of the mean of all seeds and examples, ours and the baselines'."""
    shares = np.mean([_covers(table) for table in tables(seeds, world, trials)], axis=0)
    names = ("share", "student_over_seeds", "nested_bootstrap")
    return {
        "what": "covers the mean",
        "of": f"{seeds} seeds, {world}",
        **dict(zip(names, map(float, 100 * shares), strict=True)),
        "trials": trials,
    }


def tables(seeds: int, world: str, trials: int) -> Iterator[np.ndarray]:
    """Scores (seeds, examples) whose true mean is 0."""
    of_seed, of_example, of_both = WORLDS[world]
    generator = np.random.default_rng(0)
    for _ in range(trials):
        yield (
            of_seed * generator.standard_normal((seeds, 1))
            + of_example * generator.standard_normal((1, EXAMPLES))
            + of_both * generator.standard_normal((seeds, EXAMPLES))
        )


def _covers(table: np.ndarray) -> list[bool]:
    ours, student = levels.interval([table]), t_interval(table.mean(axis=1).tolist())
    assert ours and student
    bounds = [(ours.low, ours.high), student, nested_bootstrap(table)]
    return [low <= 0 <= high for low, high in bounds]


def nested_bootstrap(table: np.ndarray) -> tuple[float, float]:
    """Percentiles of means of seeds drawn anew, and of examples drawn anew within each of them.

    The mean of the examples drawn is taken from its normal limit, which is exact enough for 100.
    """
    generator = np.random.default_rng(0)
    seeds, examples = table.shape
    drawn = generator.integers(seeds, size=(BOOTSTRAPS, seeds))
    noise = generator.standard_normal((BOOTSTRAPS, seeds))
    found = table.mean(axis=1)[drawn] + noise * table.std(axis=1)[drawn] / examples**0.5
    low, high = np.percentile(found.mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def correlations(points: int, rho: float, *, trials: int) -> Row:
    """Coverage of Spearman's correlation of normal pairs; where it is +-1 there is no interval."""
    generator = np.random.default_rng(0)
    truth = 6 / np.pi * np.arcsin(rho / 2)
    found = []
    for _ in range(trials):
        x, noise = generator.standard_normal((2, points))
        bounds = ranks.bounds(ranks.rho(x, rho * x + (1 - rho**2) ** 0.5 * noise), points)
        found += [bounds[0] <= truth <= bounds[1]] if bounds else []
    return _row("covers rho", f"{points} points, rho {truth:.2f}", found)


def errors(name: str, *, trials: int) -> Row:
    """Share of p <= 0.05 where nothing is to be found."""
    generator = np.random.default_rng(0)
    found = [TESTS[name](generator) <= 0.05 for _ in range(trials)]
    return _row("wrong finding", name, found)


def _row(what: str, of: str, found: list[bool]) -> Row:
    share = 100 * float(np.mean(found))
    rest = {"student_over_seeds": "", "nested_bootstrap": "", "trials": len(found)}
    return {"what": what, "of": of, "share": share, **rest}


def _hits(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two cells of equal accuracy, whose hits go together as easy examples make them."""
    ease = generator.beta(2, 1, 300)
    return generator.random(300) < ease, generator.random(300) < ease


def _accuracy(generator: np.random.Generator) -> float:
    left, right = _hits(generator)
    return paired.swap_test(left, right, draws=DRAWS)


def _mcnemar(generator: np.random.Generator) -> float:
    return paired.mcnemar(*_hits(generator))


def _f1(generator: np.random.Generator) -> float:
    """Two taggers of equal quality: hits, and what was found and to be found, by sentence."""
    gold = generator.poisson(2, 300)
    sides = []
    for _ in range(2):
        hits, wrong = generator.binomial(gold, 0.7), generator.poisson(0.5, 300)
        sides.append(np.stack([2 * hits, gold + hits + wrong]))
    return paired.swap_test(*sides, draws=DRAWS)


def _spearman(points: int) -> Test:
    def test(generator: np.random.Generator) -> float:
        found = ranks.spearman(*generator.standard_normal((2, points)).tolist(), draws=DRAWS)
        assert found.p is not None
        return found.p

    return test


def _partial(generator: np.random.Generator) -> float:
    """Two columns that order and script make go together, far apart, and nothing else."""
    given = [(k % 2, k // 6) for k in range(12)]
    common = 4 * np.sum(given, axis=1)
    x, y = common + generator.standard_normal((2, 12))
    found = ranks.partial(x.tolist(), y.tolist(), given, draws=DRAWS)
    assert found.p is not None
    return found.p


TESTS: dict[str, Test] = {
    "swaps of hits": _accuracy,
    "McNemar": _mcnemar,
    "swaps of F1": _f1,
    "Spearman, 6 points": _spearman(6),
    "Spearman, 7 points": _spearman(7),
    "Spearman, 12 points": _spearman(12),
    "partial, 12 points": _partial,
}
