"""Two sets of paired rows as spaces: rotated onto each other, and compared as wholes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from twinlang.alignment.neighbours import nearest

SHUFFLES = 5  # pairings at random, whose mean is the level of chance


def procrustes(orig: Tensor, deriv: Tensor, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Hits of a held-out half after the rotation that suits the other half best, and without it.

    orig, deriv: (n, hidden), paired. Both (held out,) bool, among the held-out rows alone, so that
    chance is 100 / their number. If the rotation gains much, the spaces are alike but turned.
    """
    left, right = (torch.nn.functional.normalize(side.float(), dim=1) for side in (orig, deriv))
    order = torch.randperm(len(left), generator=torch.Generator().manual_seed(seed))
    known, held = order.to(left.device).tensor_split(2)
    u, _, vh = torch.linalg.svd(left[known].T @ right[known])
    return nearest(left[held] @ (u @ vh), right[held]), nearest(left[held], right[held])


def cka(orig: Tensor, deriv: Tensor) -> float:
    """Linear centred kernel alignment of paired rows, 0 to 1 (Kornblith et al. 2019).

    Blind to rotation and to scale: 1 where one side is the other turned. nan of constant rows.
    """
    left, right = (side.double() - side.double().mean(dim=0) for side in (orig, deriv))
    across = torch.linalg.norm(left.T @ right) ** 2
    within = torch.linalg.norm(left.T @ left) * torch.linalg.norm(right.T @ right)
    return float(across / within)


def shuffled_cka(orig: Tensor, deriv: Tensor, *, seed: int = 0) -> float:
    """What chance gives: the mean of the same over pairs made at random."""
    generator = torch.Generator().manual_seed(seed)
    orders = [torch.randperm(len(deriv), generator=generator) for _ in range(SHUFFLES)]
    return float(np.mean([cka(orig, deriv[order.to(deriv.device)]) for order in orders]))
