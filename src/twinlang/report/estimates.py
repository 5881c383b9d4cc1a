"""Effects of contrasts in our scores, with the best interval that the run allows.

With two or more pre-training seeds the interval is over seeds, and over examples too where the
predictions are at hand. With one seed and several languages it is over languages, each of which is
a training of its own. With one seed and one language only examples are left: such an interval says
nothing of what another seed would give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twinlang.report.claims import ALIGNED, Contrast, Term
from twinlang.report.examples import Examples
from twinlang.statistics import LEVEL, levels, mean
from twinlang.statistics.levels import Interval
from twinlang.tables.transfer import DELTAS
from twinlang.tidy import PLACE, Row


class Draw(NamedTuple):
    """A contrast in one language, task and pair of seeds; and by example, if that is known."""

    value: float
    examples: np.ndarray | None
    n: int


@dataclass(frozen=True)
class Cell:
    """A contrast in one language and task: its draws by pre-training seed."""

    language: str
    draws: Mapping[int, Sequence[Draw]]

    def value(self, seed: int) -> float:
        return mean(draw.value for draw in self.draws[seed])

    def table(self, seeds: Sequence[int]) -> np.ndarray | None:
        """(seeds, examples), the mean over fine-tuning seeds; None if an example is not known."""
        table = []
        for seed in seeds:
            known = [draw.examples for draw in self.draws[seed] if draw.examples is not None]
            if len(known) < len(self.draws[seed]):
                return None
            table.append(np.mean(known, axis=0))
        return np.stack(table)


@dataclass(frozen=True)
class Effect:
    """A mean over cells and what it is taken over.

    None where no language and task has all terms; `missing` are those that were run nowhere.
    """

    value: float | None
    interval: Interval | None = None
    wide: Interval | None = None  # at the level asked for beside the usual one
    n_languages: int = 0
    n_pretrain_seeds: int = 0
    n_finetune_seeds: int = 0
    n_examples: int = 0
    missing: tuple[Term, ...] = ()


class Scores:
    """Our scores, looked up by the paper's names of twins."""

    def __init__(self, rows: Sequence[Row], names: Mapping[str, str], examples: Examples) -> None:
        self._names, self._examples = names, examples
        self._rows = {tuple(row[key] for key in PLACE): row for row in rows}
        self._languages = list(dict.fromkeys(row["language"] for row in rows))
        self._pairs = sorted(
            {(row["pretrain_seed"], row["finetune_seed"]) for row in rows},
            key=lambda pair: (pair[0], -1 if pair[1] is None else pair[1]),
        )

    def effect(self, contrast: Contrast, tasks: Sequence[str], *, level: float) -> Effect:
        """The mean of a contrast over the languages and tasks that have all of its terms.

        level: of the wide interval.
        """
        every = [self._cell(contrast, task, lang) for task in tasks for lang in self._languages]
        cells = [cell for cell in every if cell.draws]
        seeds = sorted(set.intersection(*(set(c.draws) for c in cells))) if cells else []
        if not seeds:
            return Effect(None, missing=tuple(t for t in contrast if not self._was_run(t)))
        return Effect(
            mean(cell.value(seed) for cell in cells for seed in seeds),
            _interval(cells, seeds, level=LEVEL),
            _interval(cells, seeds, level=level),
            n_languages=len({cell.language for cell in cells}),
            n_pretrain_seeds=len(seeds),
            n_finetune_seeds=min(len(cell.draws[seed]) for cell in cells for seed in seeds),
            n_examples=sum(cell.draws[seeds[0]][0].n for cell in cells),
        )

    def _cell(self, contrast: Contrast, task: str, language: str) -> Cell:
        found: dict[int, list[Draw]] = {}
        for seeds in self._pairs:
            terms = [self._term(term, language, task, *seeds) for term in contrast]
            draws = [draw for draw in terms if draw is not None]
            if len(draws) == len(terms):
                found.setdefault(seeds[0], []).append(_sum(draws))
        return Cell(language, found)

    def _term(
        self, term: Term, language: str, task: str, seed: int, fine: int | None
    ) -> Draw | None:
        place = (language, self._names.get(term.twin), term.pairing, task, seed, fine)
        if term.measure == ALIGNED:
            row = self._rows.get((*place, "bi"))
            return Draw(term.sign * row["value"], None, row["n"]) if row else None
        sides = [(*place, setting) for setting in DELTAS[term.measure]]
        if not all(side in self._rows for side in sides):
            return None
        value, other = (self._rows[side]["value"] for side in sides)
        n = self._rows[sides[0]]["n"]
        left, right = (self._examples.of(*side) for side in sides)
        change = left[1] - right[1] if left and right and left[0] == right[0] else None
        return Draw(term.sign * (value - other), None if change is None else term.sign * change, n)

    def _was_run(self, term: Term) -> bool:
        """Whether a term has a score in any language and task."""
        wanted = ("bi",) if term.measure == ALIGNED else DELTAS[term.measure]
        where = (self._names.get(term.twin), term.pairing)
        found = {place[-1] for place in self._rows if place[1:3] == where}
        return all(setting in found for setting in wanted)


def _sum(draws: Sequence[Draw]) -> Draw:
    """The sum of terms; by example only where all of them answer the same number of examples."""
    known = [draw.examples for draw in draws if draw.examples is not None]
    whole = len(known) == len(draws) and len({len(values) for values in known}) == 1
    return Draw(
        sum(draw.value for draw in draws), np.sum(known, axis=0) if whole else None, draws[0].n
    )


def _interval(cells: Sequence[Cell], seeds: Sequence[int], *, level: float) -> Interval | None:
    found = [cell.table(seeds) for cell in cells]
    tables = [table for table in found if table is not None]
    whole = len(tables) == len(cells)
    if len(seeds) > 1:
        by_seed = [mean(cell.value(seed) for cell in cells) for seed in seeds]
        if whole:
            return levels.interval(tables, level=level)
        return levels.over_means(by_seed, level=level)
    languages = dict.fromkeys(cell.language for cell in cells)
    if len(languages) > 1:
        means = [mean(c.value(seeds[0]) for c in cells if c.language == lang) for lang in languages]
        return levels.over_means(means, levels.LANGUAGES, level=level)
    return levels.interval(tables, level=level) if whole else None
