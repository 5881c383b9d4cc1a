"""Follow a bilingual model over its pre-training: alignment, BZ and BS after 0, 1, 2, 4 ... steps.

Reads the weights that pre-training kept, `{steps}.safetensors` in one folder; fine-tunes each on a
task, on orig and on deriv, and scores both on the twin's dev set. Writes a CSV with one row a
checkpoint: percent aligned (empty where the twin moves no ids) with its chance, BZ and BS.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twinlang import (
    alignment,
    devices,
    measure,
    recipe,
    sentences,
    tasks,
    tidy,
    transforms,
    weights,
)
from twinlang.cli import UserError, json_argument, parser, read_lines, run
from twinlang.finetuning import classifier, finetune, predict

ROWS = "encoder.pieces.weight"


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--recipe", required=True, help="recipe.json of the pre-trained model")
    flags.add_argument("--checkpoints", required=True, help="folder of the weights by step")
    flags.add_argument("--task", required=True)
    for name in ("settings", "coordinates"):
        flags.add_argument(f"--{name}", required=True, type=json_argument, help="JSON")
    for name in ("items-train", "items-dev"):
        flags.add_argument(f"--{name}", required=True, help="records, JSON lines")
    for name in ("orig-train", "deriv-train", "deriv-dev"):
        flags.add_argument(f"--{name}", required=True, help="Arrow file")
    flags.add_argument("--output", required=True, help="CSV")
    devices.add_flags(flags)
    arguments = flags.parse_args(argv)
    engine = devices.prepare(arguments)
    made_by, task = recipe.read(arguments.recipe), tasks.load(arguments.task)
    train, dev = read_lines(arguments.items_train), read_lines(arguments.items_dev)
    orig, deriv, shown = (
        sentences.read(path)
        for path in (arguments.orig_train, arguments.deriv_train, arguments.deriv_dev)
    )
    settings = measure.task_settings(arguments.settings, arguments.coordinates, shown)
    common: dict[str, Any] = {"task": task, "settings": settings, "engine": engine}
    seed, rows = arguments.coordinates["finetune_seed"], []
    for step, path in _checkpoints(arguments.checkpoints):
        row = {**arguments.coordinates, "step": step, **_aligned(made_by, path)}
        for setting, data in (("bz", orig), ("bs", deriv)):
            model = engine.place(classifier(made_by, task, settings, seed))
            weights.load(path, model.encoder, part="encoder.")
            finetune(model, data=data, records=train, seed=seed, **common)
            found = predict(model, data=shown, records=dev, **common)
            row[setting] = task.score(dev, found, settings)[task.METRIC]
        more = {"metric": task.METRIC, "n": len(dev), **devices.provenance(engine)}
        rows.append({**row, **{k: v for k, v in more.items() if k != "versions"}})
    tidy.write_csv(arguments.output, rows, list(rows[0]))


def _checkpoints(folder: str) -> list[tuple[int, Path]]:
    found = [(int(path.stem), path) for path in Path(folder).glob("*.safetensors")]
    if not found:
        raise UserError(f"{folder} holds no checkpoints; make it anew with pretrain_checkpoints")
    return sorted(found)


def _aligned(made_by: dict[str, Any], path: Path) -> dict[str, float | None]:
    """Percent aligned, and chance; None of a twin that moves no ids."""
    table = transforms.respelling(made_by["twin"], made_by["vocabulary"], seed=made_by["twin_seed"])
    orig, deriv, moved = alignment.static(weights.read(path)[ROWS], table)
    if not len(moved):
        return {"alignment": None, "chance": None}
    hits = alignment.nearest(orig, deriv)
    return {"alignment": 100 * float(hits.mean()), "chance": 100 / len(moved)}


if __name__ == "__main__":
    run(main)
