"""Means and intervals over seeds and languages (design, section 3).

Values are keyed by (language, pre-training seed, fine-tuning seed); the last is None where nothing
is fine-tuned.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Key = tuple[str, int, int | None]
Values = Mapping[Key, float]
LEVEL = 0.95


@dataclass(frozen=True)
class Summary:
    """A mean, its interval (None: not defined) and how many of each it is taken over."""

    mean: float
    interval: tuple[float, float] | None
    languages: int
    pretrain_seeds: int
    finetune_seeds: int


def delta(left: Values, right: Values) -> dict[Key, float]:
    """left - right within one language and one pair of seeds.

    Raises:
        ValueError: one of the two has a key that the other lacks.
    """
    if left.keys() != right.keys():
        raise ValueError(f"unpaired: {sorted(left.keys() ^ right.keys(), key=str)[0]}")
    return {key: value - right[key] for key, value in left.items()}


def summary(values: Values, *, level: float = LEVEL) -> Summary:
    """Mean over fine-tuning seeds, then pre-training seeds, then languages with equal weight.

    The interval is Student's over the means of the pre-training seeds, each averaged over the
    languages: models of one seed share their start, and fine-tunings of one model say nothing of
    another. So it needs two pre-training seeds at least, the same ones in every language.
    """
    tree = _by_language(values)
    languages = {lang: mean(seeds.values()) for lang, seeds in tree.items()}
    finetune = {key[2] for key in values}
    return Summary(
        mean=mean(languages.values()),
        interval=t_interval(seed_means(values), level=level),
        languages=len(languages),
        pretrain_seeds=len({key[1] for key in values}),
        finetune_seeds=len(finetune - {None}),
    )


def seed_means(values: Values) -> list[float]:
    """One mean over languages a pre-training seed; empty unless every language has every seed."""
    tree = _by_language(values)
    seeds = sorted({key[1] for key in values})
    if any(sorted(found) != seeds for found in tree.values()):
        return []
    return [mean(found[seed] for found in tree.values()) for seed in seeds]


def t_interval(sample: Sequence[float], *, level: float = LEVEL) -> tuple[float, float] | None:
    """Student's interval of the mean of a sample; None below two values."""
    if len(sample) < 2:
        return None
    # scipy.special loads in a fraction of the time that scipy.stats takes.
    from scipy.special import stdtrit

    centre = mean(sample)
    variance = sum((value - centre) ** 2 for value in sample) / (len(sample) - 1)
    half = float(stdtrit(len(sample) - 1, 0.5 + level / 2)) * math.sqrt(variance / len(sample))
    return centre - half, centre + half


def mean(values: Iterable[float]) -> float:
    """The mean; ValueError of nothing."""
    found = list(values)
    if not found:
        raise ValueError("no mean of nothing")
    return math.fsum(found) / len(found)


def _by_language(values: Values) -> dict[str, dict[int, float]]:
    """Mean over fine-tuning seeds, by language and pre-training seed."""
    tree: dict[str, dict[int, list[float]]] = {}
    for (lang, seed, _), value in values.items():
        tree.setdefault(lang, {}).setdefault(seed, []).append(value)
    return {lang: {s: mean(found) for s, found in seeds.items()} for lang, seeds in tree.items()}
