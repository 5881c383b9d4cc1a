"""Fine-tune the monolingual model of a language on a task; its zero-shot scores are read from this.

Reads the pre-trained mono model and the task in orig; writes the fine-tuned model, and mo.json, its
score on the orig dev set: what the task itself allows.
"""

from __future__ import annotations

from typing import Any

from twinlang import devices, measure, recipe, sentences, tasks, weights
from twinlang.cli import parser, read_lines, run
from twinlang.finetuning import classifier, finetune, predict


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    measure.add_flags(flags)
    flags.add_argument("--items-train", required=True, help="records of the train set")
    flags.add_argument("--orig-train", required=True, help="Arrow file")
    flags.add_argument("--orig-dev", required=True, help="Arrow file")
    flags.add_argument("--output", required=True, help="safetensors file to write")
    flags.add_argument("--metric", required=True, help="metric file to write")
    arguments = flags.parse_args(argv)
    engine = devices.prepare(arguments)
    task, pretraining = tasks.load(arguments.task), recipe.read(arguments.recipe)
    seed = arguments.coordinates["finetune_seed"]
    data, dev = sentences.read(arguments.orig_dev), read_lines(arguments.items_dev)
    settings = measure.task_settings(arguments.settings, arguments.coordinates, data)
    common: dict[str, Any] = {"task": task, "settings": settings, "engine": engine}
    model = engine.place(classifier(pretraining, task, settings, seed))
    weights.load(arguments.model, model.encoder, part="encoder.")
    finetune(
        model,
        data=sentences.read(arguments.orig_train),
        records=read_lines(arguments.items_train),
        seed=seed,
        **common,
    )
    found = predict(model, data=data, records=dev, **common)
    weights.save(arguments.output, model, recipe=recipe.sha256(arguments.recipe))
    measure.write(
        arguments.metric,
        arguments=arguments,
        engine=engine,
        setting="mo",
        metric=task.METRIC,
        scores=task.score(dev, found, settings),
        predictions=found,
        dev=arguments.orig_dev,
        data=data,
    )


if __name__ == "__main__":
    run(main)
