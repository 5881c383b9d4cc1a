"""Measure how well a bilingual model's embeddings align, where the twin moves ids (section 4.4).

Writes alignment.json: percent of the moved pieces whose nearest neighbour among the moved deriv
rows is their counterpart; over all of them, and over those seen in training by frequency band.
Under `other`, clearly apart, what the paper does not measure, each with its level of chance: deriv
to orig, CSLS, a held-out half with and without the best rotation (Procrustes), linear CKA.
"""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from twinlang import alignment, devices, recipe, sentences, transforms, weights
from twinlang.cli import UserError, json_argument, parser, run, write_json


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--recipe", required=True, help="recipe.json")
    flags.add_argument("--model", required=True, help="safetensors file")
    flags.add_argument("--orig", required=True, help="Arrow file of the orig corpus")
    flags.add_argument("--coordinates", required=True, type=json_argument, help="JSON")
    flags.add_argument("--output", required=True, help="alignment.json")
    devices.add_flags(flags)
    arguments = flags.parse_args(argv)
    engine = devices.prepare(arguments)
    settings = recipe.read(arguments.recipe)
    table = transforms.respelling(
        settings["twin"], settings["vocabulary"], seed=settings["twin_seed"]
    )
    rows = weights.read(arguments.model)["encoder.pieces.weight"]
    orig, deriv, moved = alignment.static(rows, table)
    if not len(moved):
        raise UserError(f"{arguments.recipe}: this twin moves no ids, so nothing can be aligned")
    hits = alignment.nearest(orig, deriv)
    counts = np.bincount(sentences.read(arguments.orig).pieces, minlength=len(table))[moved]
    seen = counts > 0
    share = 100 * float(hits[seen].mean()) if seen.any() else None
    write_json(
        arguments.output,
        {
            **arguments.coordinates,
            **devices.provenance(engine),
            "value": 100 * float(hits.mean()),
            "n": len(moved),
            "chance": 100 / len(moved),
            "seen": {"value": share, "n": int(seen.sum())},
            "bands": alignment.by_band(hits, counts),
            "other": _other(orig, deriv),
            "recipe_sha256": recipe.sha256(arguments.recipe),
            "model_sha256": recipe.sha256(arguments.model),
        },
    )


def _other(orig: Tensor, deriv: Tensor) -> dict[str, dict[str, float | None]]:
    """Measures that are not the paper's, in percent."""
    turned, plain = alignment.procrustes(orig, deriv)
    whole, chances = 100 / len(orig), 100 / len(plain)
    alike, by_chance = alignment.cka(orig, deriv), alignment.shuffled_cka(orig, deriv)
    found = {
        "deriv_to_orig": (float(alignment.nearest(deriv, orig).mean()), whole),
        "csls": (float(alignment.csls(orig, deriv).mean()), whole),
        "held_out": (float(plain.mean()), chances),
        "held_out_rotated": (float(turned.mean()), chances),
        "cka": (alike, 100 * by_chance),
    }
    return {
        name: {"value": 100 * value if math.isfinite(value) else None, "chance": chance}
        for name, (value, chance) in found.items()
    }


if __name__ == "__main__":
    run(main)
