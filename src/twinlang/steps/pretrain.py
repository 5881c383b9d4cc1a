"""Pre-train a masked language model on the orig corpus and, for a bilingual model, its twin.

Reads recipe.json and the encoded corpora; writes

    model.safetensors    the weights
    train.jsonl          loss, learning rate and speed by step
    and, where asked for, the weights after 0, 1, 2, 4 ... steps in a folder of their own

Killed and run again, it goes on from its last saved state, beside the outputs.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from twinlang import devices, recipe, sentences, weights
from twinlang.cli import parser, run
from twinlang.model import MaskedLM
from twinlang.pretraining import pretrain
from twinlang.resume import SAVE_SECONDS, Resume
from twinlang.versions import VERSIONS


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--recipe", required=True, help="recipe.json")
    flags.add_argument("--orig", required=True, help="Arrow file of the orig corpus")
    flags.add_argument("--deriv", help="Arrow file of the twin's corpus; none for a mono model")
    flags.add_argument("--model", required=True, help="safetensors file to write")
    flags.add_argument("--journal", required=True, help="JSON lines to write")
    flags.add_argument("--checkpoints", help="folder to write, of the weights after 0, 1, 2 ...")
    flags.add_argument(
        "--save-seconds", type=float, default=SAVE_SECONDS, help="between two saved states"
    )
    devices.add_flags(flags)
    arguments = flags.parse_args(argv)
    engine = devices.prepare(arguments)
    digest = recipe.sha256(arguments.recipe)
    paths = [path for path in (arguments.orig, arguments.deriv) if path]
    # A state goes on only with the same recipe, the same data and the same code.
    parts = [str(VERSIONS["pretrain"]), digest, *map(recipe.sha256, paths)]
    state = hashlib.sha256(" ".join(parts).encode()).hexdigest()
    folder, first = Path(arguments.model).parent, engine.rank == 0
    # Beside the outputs, which the workflow deletes before a killed run goes on.
    beside = folder / f".checkpoints.{state[:16]}"

    def save(model: MaskedLM, steps: int) -> None:
        if first:
            weights.save(beside / f"{steps}.safetensors", model, recipe=digest)

    with Resume(folder, state, every=arguments.save_seconds, engine=engine) as resume:
        model = pretrain(
            recipe.read(arguments.recipe),
            [list(sentences.batches(path)) for path in paths],
            engine=engine,
            log=Path(arguments.journal),
            resume=resume,
            checkpoint=save if arguments.checkpoints else None,
        )
        if first:
            weights.save(arguments.model, model, recipe=digest)
        if first and arguments.checkpoints:
            shutil.rmtree(arguments.checkpoints, ignore_errors=True)
            beside.rename(arguments.checkpoints)
        resume.clear()


if __name__ == "__main__":
    run(main)
