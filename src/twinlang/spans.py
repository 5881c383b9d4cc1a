"""Answers: from logits over places back to the characters of the original context (design of QA).

The best pair of places is read in whatever order the model saw, then the pieces between them give
their characters. The main prediction lets start and end be swapped, so that reading direction
costs nothing; the strict one (the paper's) demands start before end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from twinlang.instances import Instance
from twinlang.sentences import Sentences


def answers(
    data: Sentences,
    records: Sequence[dict[str, Any]],
    pairs: Iterable[tuple[Instance, np.ndarray]],
    settings: dict[str, Any],
) -> list[dict[str, Any]]:
    """The best answer of each record over all its windows.

    pairs: instances with their logits (time, 2). `swap` chooses what `predicted` holds.
    """
    starts, ends = data.columns["starts"], data.columns["ends"]
    best: dict[tuple[int, bool], tuple[float, str]] = {}
    for instance, logits in pairs:
        index = np.maximum(instance.index, 0)
        places = np.flatnonzero((instance.index >= 0) & (starts[index] >= 0))
        for swap in (True, False):
            value, first, last = best_pair(logits[places], settings["longest_answer"], swap=swap)
            key = (instance.item, swap)
            if key not in best or value > best[key][0]:
                pieces = instance.index[places[first : last + 1]]
                context = records[instance.item]["context"]
                text = context[starts[pieces].min() : ends[pieces].max()]
                best[key] = (value, text)
    return [
        {
            "id": record["id"],
            "gold": [answer["text"] for answer in record["answers"]],
            "predicted": best[number, settings["swap"]][1],
            "strict": best[number, False][1],
        }
        for number, record in enumerate(records)
    ]


def best_pair(logits: np.ndarray, longest: int, *, swap: bool) -> tuple[float, int, int]:
    """The best (value, first, last) with last - first < longest; logits (places, 2).

    swap: the start may also lie after the end; the pair is then turned round.
    """
    start, end = logits[:, 0], logits[:, 1]
    total = start[:, None] + end[None, :]
    gap = np.arange(len(start))[None, :] - np.arange(len(start))[:, None]
    allowed = (np.abs(gap) < longest) if swap else (gap >= 0) & (gap < longest)
    total = np.where(allowed, total, -np.inf)
    first, last = np.unravel_index(int(total.argmax()), total.shape)
    return float(total[first, last]), int(min(first, last)), int(max(first, last))
