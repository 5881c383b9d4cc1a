"""How far a twin is from its original: order by Kendall's tau and kept neighbours, vocabulary by
overlap (section 4.1)."""

from __future__ import annotations

import numpy as np

from twinlang.pieces import FIRST
from twinlang.sentences import Sentences


def kendall(sentences: Sentences) -> np.ndarray:
    """Kendall's tau between the order of each sentence and its original's, (S,); NaN below two.

    Sentences carry `positions`; those of one length are counted together.
    """
    lengths, positions = sentences.lengths, sentences.columns["positions"].astype(np.int64)
    found = np.full(len(sentences), np.nan)
    for length in np.unique(lengths[lengths > 1]):
        rows = np.flatnonzero(lengths == length)
        places = positions[sentences.offsets[rows][:, None] + np.arange(length)]
        agreeing = np.zeros(len(rows), dtype=np.int64)
        for gap in range(1, length):
            agreeing += (places[:, gap:] > places[:, :-gap]).sum(1)
        found[rows] = 4 * agreeing / (length * (length - 1)) - 1
    return found


def neighbours_kept(sentences: Sentences) -> float:
    """Share of the original's pairs of neighbours that are neighbours in the same order still."""
    positions = sentences.columns["positions"].astype(np.int64)
    inside = sentences.local()[1:] > 0
    pairs = int(inside.sum())
    return float(((np.diff(positions) == 1) & inside).sum() / pairs) if pairs else float("nan")


def overlap(table: np.ndarray) -> float:
    """|E1 and E2| / |E1 or E2| of the original's pieces and the twin's, the specials left out.

    table (|V|,): the twin's id of each id.
    """
    orig, deriv = np.arange(FIRST, len(table)), table[FIRST:]
    return len(np.intersect1d(orig, deriv)) / len(np.union1d(orig, deriv))
