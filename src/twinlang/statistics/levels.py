"""Seeds and examples as two levels of one mean: models vary by seed, scores by what is asked.

All seeds answer the same dev set, so the levels cross. A nested bootstrap, which draws examples
anew within each seed, covers far less than it says with the few seeds that anyone has;
`python -m twinlang.bench statistics` measures it beside the interval used here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twinlang.statistics.seeds import LEVEL, t_interval

BOTH = "seeds and examples (Cochran and Cox's weighted t)"
SEEDS = "seeds (Student's t), dev sets fixed"
LANGUAGES = "languages (Student's t), each a training of its own; dev sets fixed"
EXAMPLES = "examples of one seed (Student's t); says nothing of other seeds"


@dataclass(frozen=True)
class Interval:
    """Bounds of a mean, and over what they hold."""

    low: float
    high: float
    over: str


def linear(parts: np.ndarray) -> np.ndarray:
    """One value an example, in percent, whose mean is the score and whose spread is its error's.

    parts: (2, examples), the score being 100 x the sum of the first row over that of the second
    (a ratio is made linear at its value). All nan where the second row sums to nothing.
    """
    above, below = np.asarray(parts, dtype=float)
    if not below.sum():
        return np.full(len(above), math.nan)
    score = above.sum() / below.sum()
    return 100 * (score + (above - score * below) / below.mean())


def interval(tables: Sequence[np.ndarray], *, level: float = LEVEL) -> Interval | None:
    """The interval of a mean over languages of the mean over seeds and examples.

    tables: of each language (seeds, examples), the same seeds in all. With one seed it is over the
    examples alone, and says so; None where there is neither a second seed nor a second example.

    Two variances add: that of the seeds' means, and that of the examples beyond what seeds make of
    them (two-way analysis of variance). Student's quantiles of the two are weighted by them.

    Raises:
        ValueError: languages differ in seeds, or a value is not finite.
    """
    if len({len(table) for table in tables}) != 1 or any(np.ndim(t) != 2 for t in tables):
        raise ValueError("every language needs a table (seeds, examples) of the same seeds")
    if not all(np.isfinite(table).all() for table in tables):
        raise ValueError("a value of an example is not finite")
    seeds = len(tables[0])
    means = np.mean([table.mean(axis=1) for table in tables], axis=0)
    centre = float(means.mean())
    asked, freedom = _of_examples(tables)
    if seeds < 2:
        half = _quantile(freedom, level) * math.sqrt(asked)
        return Interval(centre - half, centre + half, EXAMPLES) if freedom else None
    drawn = float(means.var(ddof=1)) / seeds
    half = _quantile(seeds - 1, level) * math.sqrt(drawn)
    if freedom and drawn + asked > 0:
        weighted = drawn * _quantile(seeds - 1, level) + asked * _quantile(freedom, level)
        half = weighted / math.sqrt(drawn + asked)
    return Interval(centre - half, centre + half, BOTH)


def over_means(
    sample: Sequence[float], over: str = SEEDS, *, level: float = LEVEL
) -> Interval | None:
    """Student's interval of independent means, of seeds or of languages; None below two."""
    bounds = t_interval(sample, level=level)
    return Interval(*bounds, over) if bounds else None


def _of_examples(tables: Sequence[np.ndarray]) -> tuple[float, int]:
    """Variance that the choice of examples gives the mean, and its degrees of freedom."""
    variance, freedom = 0.0, 0
    for table in tables:
        seeds, examples = table.shape
        if examples < 2:
            return 0.0, 0
        between = seeds * float(table.mean(axis=0).var(ddof=1))
        noise = 0.0  # of one seed it cannot be told from the examples' own
        if seeds > 1:
            rest = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
            noise = float((rest**2).sum()) / ((seeds - 1) * (examples - 1))
        variance += max(between - noise, 0.0) / (seeds * examples)
        freedom += examples - 1
    return variance / len(tables) ** 2, freedom


def _quantile(freedom: int, level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + level / 2)) if freedom else 0.0
