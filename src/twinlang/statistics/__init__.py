"""Statistics of scores: seeds, languages, examples, ranks, tests between cells (design, 3).

- `seeds`: means over seeds and languages with equal weight, Student's interval over seed means;
- `levels`: the interval for seeds and examples as two levels of one mean;
- `ranks`: Spearman's correlation, its exact p and interval; partial correlation;
- `paired`: tests between two cells scored on the same dev set; Holm's correction.

What is not defined is None and comes with a sentence that says why; NaN is refused (ValueError).
"""

from twinlang.statistics.seeds import (
    LEVEL,
    Key,
    Summary,
    Values,
    delta,
    mean,
    seed_means,
    summary,
    t_interval,
)

__all__ = [
    "LEVEL",
    "Key",
    "Summary",
    "Values",
    "delta",
    "mean",
    "seed_means",
    "summary",
    "t_interval",
]
