"""Alignment: how often a piece's nearest neighbour in the twin is its counterpart (section 4.4)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

BLOCK = 2048  # queries compared at once: memory is BLOCK x candidates


def nearest(queries: Tensor, candidates: Tensor) -> np.ndarray:
    """Whether each row's nearest row by cosine, in fp32, is the one of the same number, (n,) bool.

    queries, candidates: (n, hidden). A tie with another row is a miss.
    """
    left = torch.nn.functional.normalize(queries.float(), dim=1)
    right = torch.nn.functional.normalize(candidates.float(), dim=1)
    hits = [np.empty(0, dtype=bool)]
    for first in range(0, len(left), BLOCK):
        similar = left[first : first + BLOCK] @ right.T
        own = torch.arange(first, first + len(similar))
        mine = similar.gather(1, own[:, None].to(similar.device))
        hits.append(((similar >= mine).sum(dim=1) == 1).cpu().numpy())
    return np.concatenate(hits)


def static(rows: Tensor, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hits of each moved piece, orig to deriv, and the pieces' ids.

    rows: input embeddings (rows, hidden); table: the twin's id of each id, (|V|,).
    """
    moved = np.flatnonzero(table != np.arange(len(table)))
    orig = rows[torch.from_numpy(moved)]
    deriv = rows[torch.from_numpy(table[moved].astype(np.int64))]
    return nearest(orig, deriv), moved


BANDS = (1, 10, 100, 1000, 10000)  # occurrences in the corpora trained on, lower ends


def by_band(hits: np.ndarray, counts: np.ndarray) -> dict[str, dict[str, float]]:
    """Percent of hits and number of pieces in each band of frequency; unseen ones are left out."""
    found = {}
    for low, high in zip(BANDS, [*BANDS[1:], None], strict=True):
        inside = (counts >= low) & (counts < high) if high else counts >= low
        if inside.any():
            name = f"{low}-{high - 1}" if high else f"{low}-"
            found[name] = {"value": 100 * float(hits[inside].mean()), "n": int(inside.sum())}
    return found
