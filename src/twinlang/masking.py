"""Masked language modelling: which places are predicted, and what stands there instead (§3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinlang.pieces import FIRST, MASK


@dataclass(frozen=True)
class Masking:
    """15 % of the places are predicted; of these 80 % show <mask>, 10 % another piece, 10 % nothing
    new: the shares `share`, `mask` and `random`.

    tables: one array (|V|,) a language, the id of each piece in that language: random pieces are
    drawn from the row's own language, or with `random_from: orig` (paper) from orig for both.
    """

    share: float
    mask: float
    random: float
    tables: list[np.ndarray]

    def __call__(
        self, ids: np.ndarray, languages: np.ndarray, *, seed: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Masked ids (batch, time), the flat places predicted (masked,), their ids (masked,).

        seed: (seed, step), so that a step's masks never depend on the steps before it.
        """
        generator = np.random.Generator(np.random.Philox(key=list(seed)))
        flat = ids.reshape(-1)
        places = np.flatnonzero(flat >= FIRST)
        count = max(1, round(self.share * len(places)))
        at = np.sort(generator.choice(places, size=count, replace=False, shuffle=False))
        targets = flat[at]
        shown = targets.copy()
        draw = generator.random(count)
        shown[draw < self.mask] = MASK
        swapped = np.flatnonzero((draw >= self.mask) & (draw < self.mask + self.random))
        pieces = generator.integers(FIRST, len(self.tables[0]), size=len(swapped))
        language = languages[at[swapped] // ids.shape[1]]
        shown[swapped] = np.stack(self.tables)[language, pieces]
        masked = flat.copy()
        masked[at] = shown
        return masked.reshape(ids.shape), at, targets
