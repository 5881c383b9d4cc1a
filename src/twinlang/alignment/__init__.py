"""Alignment: how far two languages share one space (section 4.4), and other ways of asking.

- `neighbours`: the paper's measure, nearest neighbours of the static embeddings; by frequency band;
  and CSLS, which takes away what makes a row everybody's neighbour;
- `spaces`: whether a rotation would align the rest (Procrustes), and how alike the two spaces are
  as wholes (linear CKA).
Each has the level that chance gives. Only the first is the paper's alignment.
"""

from twinlang.alignment.neighbours import by_band, csls, nearest, static
from twinlang.alignment.spaces import cka, procrustes, shuffled_cka

__all__ = ["by_band", "cka", "csls", "nearest", "procrustes", "shuffled_cka", "static"]
