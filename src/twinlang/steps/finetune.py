"""Fine-tune a bilingual model on a task, in both directions, and score each on the twin's dev set.

Reads the pre-trained model, the records and their encoded forms in orig and deriv; writes

    bz.json    fine-tuned on orig train, scored on deriv dev (bilingual zero-shot)
    bs.json    fine-tuned on deriv train, scored on deriv dev (bilingual supervised)

and the predictions of each beside it.
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
    for name in ("orig-train", "deriv-train", "deriv-dev"):
        flags.add_argument(f"--{name}", required=True, help="Arrow file")
    for name in ("bz", "bs"):
        flags.add_argument(f"--{name}", required=True, help="metric file to write")
    arguments = flags.parse_args(argv)
    engine = devices.prepare(arguments)
    task, pretraining = tasks.load(arguments.task), recipe.read(arguments.recipe)
    train, dev = read_lines(arguments.items_train), read_lines(arguments.items_dev)
    deriv = sentences.read(arguments.deriv_dev)
    settings = measure.task_settings(arguments.settings, arguments.coordinates, deriv)
    common: dict[str, Any] = {"task": task, "settings": settings, "engine": engine}
    seed = arguments.coordinates["finetune_seed"]
    files = {"bz": arguments.orig_train, "bs": arguments.deriv_train}
    for setting, data in files.items():
        model = engine.place(classifier(pretraining, task, settings, seed))
        weights.load(arguments.model, model.encoder, part="encoder.")
        finetune(
            model,
            data=sentences.read(data),
            records=train,
            seed=seed,
            **common,
        )
        found = predict(model, data=deriv, records=dev, **common)
        measure.write(
            getattr(arguments, setting),
            arguments=arguments,
            engine=engine,
            setting=setting,
            metric=task.METRIC,
            scores=task.score(dev, found, settings),
            predictions=found,
            dev=arguments.deriv_dev,
            data=deriv,
        )


if __name__ == "__main__":
    run(main)
