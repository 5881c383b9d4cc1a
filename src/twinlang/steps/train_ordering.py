"""Train the ordering models of a language, one of nouns and one of verbs, from its treebank.

Writes one JSON file: weights, the treebank with version and licence, and the log-likelihood a
family on held-out trees beside that of two simpler models.
"""

from __future__ import annotations

from typing import Any

from twinlang import families as kin
from twinlang import ordering_baselines as baselines
from twinlang.cli import UserError, json_argument, parser, run, write_json
from twinlang.ordering import CLASSES, EXACT, from_weights, log_likelihood
from twinlang.ordering_training import per_family, train
from twinlang.trees import read, surface


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--train", required=True, help="treebank, CoNLL-U")
    flags.add_argument("--dev", required=True, help="held-out trees, CoNLL-U")
    flags.add_argument("--settings", type=json_argument, required=True, help="the ordering block")
    flags.add_argument("--treebank", type=json_argument, required=True, help="name, licence ...")
    flags.add_argument("--lang", required=True, help="language code")
    flags.add_argument("--output", required=True, help="model, JSON")
    arguments = flags.parse_args(argv)
    splits = [kin.families(map(surface, read([p]))) for p in (arguments.train, arguments.dev)]
    models = {}
    for name in CLASSES:
        seen, held_out = (split[name] for split in splits)
        if not seen or not held_out:
            raise UserError(
                f"{arguments.train if held_out else arguments.dev} has no {name} with dependents; "
                "give the treebank more trees"
            )
        models[name] = trained(seen, kin.at_most(held_out, EXACT), arguments.settings)
    head = {"language": arguments.lang, "treebank": arguments.treebank}
    write_json(arguments.output, {**head, "settings": arguments.settings, "models": models})


def trained(seen: kin.Families, held_out: kin.Families, settings: dict[str, Any]) -> dict[str, Any]:
    """One model with what is known of it; `held_out` is in nats a family."""
    small = kin.at_most(seen, settings["dependents"] + 1)
    weights, penalty, _ = train(
        small, held_out, penalties=settings["penalties"], iterations=settings["iterations"]
    )
    measures = {
        "model": lambda rows: log_likelihood(from_weights(weights), rows),
        "markov": baselines.markov(seen),
        "directions": baselines.directions(seen),
    }
    found = {name: per_family(held_out, measure) for name, measure in measures.items()}
    counts = {"train": kin.count(small), "held_out": kin.count(held_out)}
    return {
        "weights": weights,
        "labels": kin.labels(seen),
        "penalty": penalty,
        "families": counts,
        "held_out": found,
    }


if __name__ == "__main__":
    run(main)
