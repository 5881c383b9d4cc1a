"""Import a RoBERTa checkpoint of `transformers` as if it had been pre-trained here.

Reads a folder (config.json, model.safetensors or its shards, tokenizer.json) that holds a whole
masked language model; checks it, and writes recipe.json and model.safetensors, from which models
are fine-tuned and measured. --settings says what the model stands for, as a recipe does: `twin`
(its steps), `twin_seed`, `seed`; without it the folder's own recipe.json says so, or the model is
one of orig. A twin that moves ids needs rows for them, 2|V| in all, as models trained here have.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from twinlang import foreign_model, foreign_tokenizer, recipe, transforms, weights
from twinlang.cli import UserError, json_argument, parser, read_json, run, write_json
from twinlang.tokenizer import Encoder

ORIG = {"twin": [], "twin_seed": 0, "seed": 0}


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--folder", required=True, help="what save_pretrained has written")
    flags.add_argument("--tokenizer", required=True, help="tokenizer.json of import_tokenizer")
    flags.add_argument("--settings", type=json_argument, help="JSON")
    flags.add_argument("--recipe", required=True, help="recipe.json to write")
    flags.add_argument("--model", required=True, help="safetensors file to write")
    arguments = flags.parse_args(argv)
    folder, own = Path(arguments.folder), Path(arguments.folder) / "recipe.json"
    foreign_tokenizer.elsewhere(folder, arguments.recipe, arguments.model)
    adopted, order = foreign_tokenizer.adopt(folder)
    if adopted.get_vocab() != Encoder(arguments.tokenizer).tokenizer.get_vocab():
        raise UserError(
            f"{folder}/tokenizer.json has other pieces than {arguments.tokenizer}; all models of "
            "a language must have one tokenizer"
        )
    state, shape = foreign_model.read(folder)
    settings = {**ORIG, **(read_json(own) if own.exists() else {}), **(arguments.settings or {})}
    rows = rows_of(folder, settings, len(order), shape.rows)
    state, shape = foreign_model.reordered(state, shape, order, rows)
    files = ["config.json", *foreign_model.weight_files(folder)]
    imported = {"imported": {name: recipe.sha256(folder / name) for name in files}}
    made_by = {"pretrain": imported, **settings, "model": asdict(shape), "vocabulary": len(order)}
    write_json(arguments.recipe, made_by)
    weights.save_state(arguments.model, state, recipe=recipe.sha256(arguments.recipe))


def rows_of(folder: Path, settings: dict[str, Any], vocabulary: int, rows: int) -> int:
    """How many of a checkpoint's embedding rows are kept: |V|, or 2|V| where it has a twin's.

    Raises:
        UserError: the model lacks rows for its tokenizer, or for its twin.
    """
    table = transforms.respelling(settings["twin"], vocabulary, seed=settings["twin_seed"])
    twice = rows == 2 * vocabulary or table.max() >= vocabulary
    needed = 2 * vocabulary if twice else vocabulary
    if rows < needed:
        why = (
            f"its twin's script needs 2 x {vocabulary}" if twice else f"it has {vocabulary} pieces"
        )
        raise UserError(
            f"{folder} has {rows} embedding rows, but {why}; name another model, or take the twin "
            "from the experiments"
        )
    if rows > needed:
        print(f"{folder}: {rows - needed} embedding rows beyond the tokenizer's were left out")
    return needed


if __name__ == "__main__":
    run(main)
