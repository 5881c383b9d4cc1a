"""Score the fine-tuned mono model on a twin's dev set (monolingual zero-shot): writes mz.json.

In a pair of natural languages (--setting bz, bs) the dev set is the target's.

Ids that the mono model has never seen get rows drawn from its initialiser with a fixed seed, or
with `--unseen-rows clamp` (paper) its last row. `constant` in the file is what the same model
scores when every piece of the input is one and the same: all that length and place give away.
"""

from __future__ import annotations

import numpy as np

from twinlang import devices, measure, recipe, sentences, tasks, weights
from twinlang.cli import parser, read_lines, run
from twinlang.finetuning import classifier, predict
from twinlang.model import with_rows

UNSEEN_SEED = 0  # of the rows that a mono model lacks


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    measure.add_flags(flags)
    flags.add_argument("--deriv-dev", required=True, help="Arrow file")
    flags.add_argument("--unseen-rows", choices=["draw", "clamp"], default="draw")
    flags.add_argument("--metric", required=True, help="metric file to write")
    flags.add_argument("--setting", default="mz", help="what the score is called")
    arguments = flags.parse_args(argv)
    engine = devices.prepare(arguments)
    task, pretraining = tasks.load(arguments.task), recipe.read(arguments.recipe)
    data, dev = sentences.read(arguments.deriv_dev), read_lines(arguments.items_dev)
    settings = measure.task_settings(arguments.settings, arguments.coordinates, data)
    model = engine.place(classifier(pretraining, task, settings, seed=0))
    weights.load(arguments.model, model)
    rows = 2 * pretraining["vocabulary"] + 1  # the last row is the one of constant input
    with_rows(model.encoder, rows, seed=UNSEEN_SEED, how=arguments.unseen_rows)
    same = data.with_columns(pieces=np.full_like(data.pieces, rows - 1))
    values = []
    for shown in (data, same):
        found = predict(
            model,
            task=task,
            settings=settings,
            data=shown,
            records=dev,
            engine=engine,
        )
        values.append((found, task.score(dev, found, settings)))
    (found, scores), (_, constant) = values
    measure.write(
        arguments.metric,
        arguments=arguments,
        engine=engine,
        setting=arguments.setting,
        metric=task.METRIC,
        scores=scores,
        predictions=found,
        dev=arguments.deriv_dev,
        data=data,
        constant=constant[task.METRIC],
    )


if __name__ == "__main__":
    run(main)
