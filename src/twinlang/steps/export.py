"""Export a model as a folder that `transformers` loads offline.

Reads a pre-trained model with its recipe and tokenizer, or, with --task and --settings, one that
was fine-tuned; writes into the folder

    config.json, model.safetensors      RobertaForMaskedLM, or the class of the task
    tokenizer.json and its like         for AutoTokenizer; the twin's ids come from deriv_ids.json
    README.md                           the model card: language, twin, data, licence, scores
    recipe.json                         all that decides the numbers; `twinlang import` reads it
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twinlang import card, exporting, recipe, tasks, weights
from twinlang.cli import UserError, json_argument, parser, run
from twinlang.convert import CLASSES, LM
from twinlang.model import Shape


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--recipe", required=True, help="recipe.json of the pre-trained model")
    flags.add_argument("--model", required=True, help="safetensors file, pre-trained or fine-tuned")
    flags.add_argument("--tokenizer", required=True, help="tokenizer.json")
    flags.add_argument("--task", help="what the model was fine-tuned on")
    flags.add_argument("--settings", type=json_argument, help="the task's hyper-parameters, JSON")
    flags.add_argument("--metrics", nargs="*", default=[], help="for the card")
    flags.add_argument("--data", type=json_argument, default={}, help="the source's settings, JSON")
    flags.add_argument("--output", required=True, help="folder to write")
    arguments = flags.parse_args(argv)
    settings, made_by = arguments.settings, recipe.read(arguments.recipe)
    head, labels = head_of(arguments.task, settings)
    shape = Shape(**made_by["model"])
    if settings:  # dropout of the fine-tuning, for whoever trains the model further
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


def head_of(task: str | None, settings: dict[str, Any] | None) -> tuple[str, tuple[str, ...]]:
    """Which head the model has, and the labels of its classes.

    Raises:
        UserError: no model is fine-tuned on the task, or its hyper-parameters are not told.
    """
    if (task is None) != (settings is None):
        raise UserError("--task and --settings belong together; give both or neither")
    if task is None:
        return LM, ()
    module = tasks.load(task)
    if module.HEAD not in CLASSES:
        raise UserError(f"--task: nothing is fine-tuned for {task}; export the model without it")
    return module.HEAD, module.LABELS


if __name__ == "__main__":
    run(main)
