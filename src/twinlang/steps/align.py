"""Measure how well a bilingual model's embeddings align, where the twin moves ids (section 4.4).

Writes alignment.json: percent of the moved pieces whose nearest neighbour among the moved deriv
rows is their counterpart; over all of them, and over those seen in training by frequency band.
"""

from __future__ import annotations

import numpy as np

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
    hits, moved = alignment.static(rows, table)
    if not len(moved):
        raise UserError(f"{arguments.recipe}: this twin moves no ids, so nothing can be aligned")
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
            "recipe_sha256": recipe.sha256(arguments.recipe),
            "model_sha256": recipe.sha256(arguments.model),
        },
    )


if __name__ == "__main__":
    run(main)
