"""Write the recipe of a pre-training: the configuration's values and what the tokenizer decides.

Reads settings (model, pretrain, twin, twin_seed, seed) and tokenizer.json; writes recipe.json with
the vocabulary and the number of embedding rows, which is 2|V| where the twin has its own script.
"""

from __future__ import annotations

from twinlang import transforms
from twinlang.cli import json_argument, parser, read_json, run, write_json


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--settings", required=True, type=json_argument, help="JSON")
    flags.add_argument("--tokenizer", required=True, help="tokenizer.json")
    flags.add_argument("--output", required=True, help="recipe.json")
    arguments = flags.parse_args(argv)
    settings = arguments.settings
    vocabulary = len(read_json(arguments.tokenizer)["model"]["vocab"])
    table = transforms.respelling(settings["twin"], vocabulary, seed=settings["twin_seed"])
    rows = 2 * vocabulary if table.max() >= vocabulary else vocabulary
    model = {**settings["model"], "rows": rows}
    write_json(arguments.output, {**settings, "model": model, "vocabulary": vocabulary})


if __name__ == "__main__":
    run(main)
