"""Nearest neighbours by cosine, in blocks: memory does not grow with the number of rows squared.

Of 40,000 x 40,000 rows the similarities alone would take 6.4 GB. A block of them is made, compared
and overwritten by the next.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

QUERIES, CANDIDATES = 1024, 4096  # rows of a block: 16 MB of similarities, which caches hold
NEIGHBOURS = 10  # of CSLS, as its authors have it


def nearest(queries: Tensor, candidates: Tensor) -> np.ndarray:
    """Whether each row's nearest row by cosine, in fp32, is the one of the same number, (n,) bool.

    queries, candidates: (n, hidden). A tie with another row is a miss, and so is a row of NaN.
    """
    left, right = _unit(queries), _unit(candidates)
    return _own_is_best(left, right) & _whole(queries, candidates)


def csls(queries: Tensor, candidates: Tensor, *, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """The same by cross-domain similarity local scaling (Conneau et al. 2018), (n,) bool.

    From twice the cosine it takes the mean of each side's nearest on the other side, so that rows
    which are near to everything are near to nothing in particular.
    """
    left, right = _unit(queries), _unit(candidates)
    of_left, of_right = _neighbourhoods(left, right, neighbours)
    return _own_is_best(left, right, of_left / 2, of_right / 2) & _whole(queries, candidates)


def static(rows: Tensor, table: np.ndarray) -> tuple[Tensor, Tensor, np.ndarray]:
    """The rows of the pieces that move, orig and deriv side by side, and the pieces' ids.

    rows: input embeddings (rows, hidden); table: the twin's id of each id, (|V|,).
    """
    moved = np.flatnonzero(table != np.arange(len(table)))
    orig = rows[torch.from_numpy(moved)]
    deriv = rows[torch.from_numpy(table[moved].astype(np.int64))]
    return orig, deriv, moved


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


def _own_is_best(
    left: Tensor, right: Tensor, of_left: Tensor | None = None, of_right: Tensor | None = None
) -> np.ndarray:
    """Whether of all cosines, less both sides' terms (n,), a row's own is the largest, alone."""
    best = left.new_full((len(left),), -torch.inf)
    own = left.new_empty(len(left))
    for a, b, block in _blocks(left, right):
        if of_left is not None and of_right is not None:
            block -= of_left[a : a + len(block), None]
            block -= of_right[None, b : b + block.shape[1]]
        same = _same(a, b, block)
        if len(same):
            diagonal = block[same - a, same - b]
            own[same] = diagonal
            block[same - a, same - b] = -torch.inf
        here = best[a : a + len(block)]
        torch.maximum(here, block.amax(dim=1), out=here)
    return (own > best).cpu().numpy()


def _neighbourhoods(left: Tensor, right: Tensor, neighbours: int) -> tuple[Tensor, Tensor]:
    """Mean cosine of each row and its nearest on the other side, (n,) of left and of right."""
    count = min(neighbours, len(right))
    tops = [side.new_full((len(side), count), -torch.inf) for side in (left, right)]
    for a, b, block in _blocks(left, right):
        for top, first, cosines in ((tops[0], a, block), (tops[1], b, block.T)):
            here = top[first : first + len(cosines)]
            found = cosines.topk(min(count, cosines.shape[1]), dim=1).values
            here.copy_(torch.cat([here, found], dim=1).topk(count, dim=1).values)
    return tops[0].mean(dim=1), tops[1].mean(dim=1)


def _blocks(left: Tensor, right: Tensor) -> Iterator[tuple[int, int, Tensor]]:
    """Cosines of unit rows, a block at a time, with the numbers of its first row and column."""
    room = left.new_empty(min(QUERIES, len(left)) * min(CANDIDATES, len(right)))
    for a in range(0, len(left), QUERIES):
        rows = left[a : a + QUERIES]
        for b in range(0, len(right), CANDIDATES):
            columns = right[b : b + CANDIDATES]
            block = room[: len(rows) * len(columns)].view(len(rows), len(columns))
            yield a, b, torch.mm(rows, columns.T, out=block)


def _same(a: int, b: int, block: Tensor) -> Tensor:
    """The numbers that a block has both as a row and as a column."""
    first, last = max(a, b), min(a + block.shape[0], b + block.shape[1])
    return torch.arange(first, max(first, last), device=block.device)


def _unit(rows: Tensor) -> Tensor:
    """Rows of length one; a broken row is empty, so that it does not hide the others."""
    return torch.nn.functional.normalize(rows.float(), dim=1).nan_to_num()


def _whole(queries: Tensor, candidates: Tensor) -> np.ndarray:
    broken = queries.isnan().any(dim=1) | candidates.isnan().any(dim=1)
    return (~broken).cpu().numpy()
