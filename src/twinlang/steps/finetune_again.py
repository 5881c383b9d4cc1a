"""Fine-tune a bilingual model once more as its metric file says, and keep the weights.

A study keeps the scores of its many fine-tunings, not their models. This makes one of them again:
bz (trained on orig) or bs (trained on deriv), whichever the metric file is of. Its score on the
development set must be the one in the file, else the weights are not written.
"""

from __future__ import annotations

from typing import Any

from twinlang import devices, measure, recipe, sentences, tasks, weights
from twinlang.cli import UserError, parser, read_json, read_lines, run
from twinlang.finetuning import classifier, finetune, predict

TOLERANCE = 1.0  # points, where a device adds in no fixed order


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    measure.add_flags(flags)
    flags.add_argument("--items-train", required=True, help="records of the train set")
    flags.add_argument("--train", required=True, help="Arrow file that was trained on")
    flags.add_argument("--deriv-dev", required=True, help="Arrow file")
    flags.add_argument("--metric", required=True, help="bz.json or bs.json of the fine-tuning")
    flags.add_argument("--output", required=True, help="safetensors file to write")
    arguments = flags.parse_args(argv)
    engine = devices.prepare(arguments)
    task, pretraining = tasks.load(arguments.task), recipe.read(arguments.recipe)
    dev, deriv = read_lines(arguments.items_dev), sentences.read(arguments.deriv_dev)
    settings = measure.task_settings(arguments.settings, arguments.coordinates, deriv)
    common: dict[str, Any] = {"task": task, "settings": settings, "engine": engine}
    seed = arguments.coordinates["finetune_seed"]
    model = engine.place(classifier(pretraining, task, settings, seed))
    weights.load(arguments.model, model.encoder, part="encoder.")
    finetune(
        model,
        data=sentences.read(arguments.train),
        records=read_lines(arguments.items_train),
        seed=seed,
        **common,
    )
    found = predict(model, data=deriv, records=dev, **common)
    check(arguments.metric, task.score(dev, found, settings)[task.METRIC], engine.device)
    weights.save(arguments.output, model, recipe=recipe.sha256(arguments.recipe))


def check(path: str, score: float, device: str) -> None:
    """Compares a score with that of a metric file; on a CPU they must be equal.

    Raises:
        UserError: it is another model.
    """
    metric: dict[str, Any] = read_json(path)
    if abs(score - metric["value"]) > (0 if device == "cpu" else TOLERANCE):
        raise UserError(
            f"{path} says {metric['value']:.2f}, the model made again scores {score:.2f}; use the "
            f"profile of then (device {metric['device']}, precision {metric['precision']}, threads "
            f"{metric['threads']}), or delete the file and run again"
        )


if __name__ == "__main__":
    run(main)
