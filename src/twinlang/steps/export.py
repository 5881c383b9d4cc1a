"""Export a model as a folder that `transformers` loads offline.

Reads a pre-trained model with its recipe and tokenizer, or, with --task, one that was fine-tuned;
writes into the folder

    config.json, model.safetensors      RobertaForMaskedLM, or the class of the task
    tokenizer.json and its like         for AutoTokenizer; the twin's ids come from deriv_ids.json
    README.md                           the model card: language, twin, data, licence, scores
    recipe.json                         all that decides the numbers; `twinlang import` reads it
"""

from __future__ import annotations

from dataclasses import replace

from twinlang import card, exporting, recipe, tasks, weights
from twinlang.cli import json_argument, parser, run
from twinlang.convert import LM
from twinlang.model import Shape


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--recipe", required=True, help="recipe.json of the pre-trained model")
    flags.add_argument("--model", required=True, help="safetensors file, pre-trained or fine-tuned")
    flags.add_argument("--tokenizer", required=True, help="tokenizer.json")
    flags.add_argument("--task", help="what the model was fine-tuned on")
    flags.add_argument(
        "--settings", type=json_argument, default={}, help="the task's hyper-parameters, JSON"
    )
    flags.add_argument("--metrics", nargs="*", default=[], help="metric files for the card")
    flags.add_argument(
        "--data", type=json_argument, default={}, help="settings of the source, JSON, for the card"
    )
    flags.add_argument("--output", required=True, help="folder to write")
    arguments = flags.parse_args(argv)
    settings, made_by = arguments.settings, recipe.read(arguments.recipe)
    task = tasks.load(arguments.task) if arguments.task else None
    head, labels = (task.HEAD, task.LABELS) if task else (LM, ())
    shape = Shape(**made_by["model"])
    if "dropout" in settings:  # of the fine-tuning, for whoever trains the model further
        share = settings["dropout"]
        shape = replace(shape, dropout=share, attention_dropout=share)
    model = exporting.model_of(shape, head=head, labels=len(labels))
    weights.load(arguments.model, model)
    told = card.write(
        recipe=made_by,
        head=head,
        task=arguments.task,
        settings=settings,
        data=arguments.data,
        metrics=arguments.metrics,
        respelled=exporting.deriv_ids(made_by) is not None,
    )
    exporting.write(
        arguments.output,
        recipe=made_by,
        weights=model.state_dict(),
        shape=shape,
        head=head,
        labels=labels,
        tokenizer=arguments.tokenizer,
        card=told,
    )


if __name__ == "__main__":
    run(main)
