"""Retrieve each orig sentence's twin among the twins of its set, without fine-tuning (Appendix F).

Mean of layer n // 2 over a sentence's pieces, cosine, accuracy at 1 in both directions, for the
bilingual model and for the mono model; writes retrieval.json with chance beside them, and the
bilingual model's accuracies after each layer (0: the embeddings).
"""

from __future__ import annotations

import numpy as np

from twinlang import alignment, devices, recipe, sentences, weights
from twinlang.cli import json_argument, parser, run, write_json
from twinlang.finetuning import check_length
from twinlang.model import Encoder, MaskedLM, Shape, with_rows
from twinlang.retrieval import embed
from twinlang.sentences import Sentences
from twinlang.steps.evaluate import UNSEEN_SEED


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    for name in ("recipe", "model", "orig-dev", "deriv-dev"):
        flags.add_argument(f"--{name}", required=True)
    for name in ("mono-recipe", "mono-model"):
        flags.add_argument(f"--{name}", help="none where one model is measured")
    flags.add_argument("--settings", required=True, type=json_argument, help="JSON")
    flags.add_argument("--coordinates", required=True, type=json_argument, help="JSON")
    flags.add_argument("--unseen-rows", choices=["draw", "clamp"], default="draw")
    flags.add_argument("--metric", required=True, help="retrieval.json")
    devices.add_flags(flags)
    arguments = flags.parse_args(argv)
    engine, longest = devices.prepare(arguments), arguments.settings["max_length"]
    sets = [sentences.read(path) for path in (arguments.orig_dev, arguments.deriv_dev)]
    models = [("bilingual", arguments.recipe, arguments.model)]
    if arguments.mono_model:
        models.append(("mono", arguments.mono_recipe, arguments.mono_model))
    found, count = {}, len(np.unique(sets[0].items))
    for name, made_by, path in models:
        settings = recipe.read(made_by)
        shape = Shape(**settings["model"])
        check_length(arguments.settings, shape)
        model = engine.place(MaskedLM(shape))
        weights.load(path, model)
        rows = 2 * settings["vocabulary"]
        with_rows(model.encoder, rows, seed=UNSEEN_SEED, how=arguments.unseen_rows)
        for layer in (None, *range(settings["model"]["layers"] + 1)):
            if layer is None or name == "bilingual":
                chosen = name if layer is None else f"layer_{layer}"
                found[chosen] = _accuracies(model.encoder, sets, longest, engine, layer)
    write_json(
        arguments.metric,
        {
            **arguments.coordinates,
            **devices.provenance(engine),
            **found,
            "n": count,
            "chance": 100 / count,
            "recipe_sha256": recipe.sha256(arguments.recipe),
            "model_sha256": recipe.sha256(arguments.model),
            "dev_sha256": recipe.sha256(arguments.deriv_dev),
        },
    )


def _accuracies(
    encoder: Encoder, sets: list[Sentences], longest: int, engine: devices.Engine, layer: int | None
) -> dict[str, float]:
    """Percent of sentences found, both ways."""
    orig, deriv = (embed(encoder, d, max_length=longest, engine=engine, layer=layer) for d in sets)
    return {
        "orig_to_deriv": 100 * float(alignment.nearest(orig, deriv).mean()),
        "deriv_to_orig": 100 * float(alignment.nearest(deriv, orig).mean()),
    }


if __name__ == "__main__":
    run(main)
