"""Derive the twin of a corpus or of a task: order and spelling change, nothing else.

Reads one Arrow file of sentences and writes its twin, sentence by sentence, in the same form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from twinlang import sentences, transforms
from twinlang.cli import json_argument, parser, run
from twinlang.sentences import Sentences


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--input", required=True, help="Arrow file of the original")
    flags.add_argument("--steps", required=True, type=json_argument, help="steps of the twin, JSON")
    flags.add_argument("--seed", required=True, type=int, help="twin_seed of the configuration")
    flags.add_argument("--files", nargs="*", default=[], help="what the steps read: models")
    flags.add_argument("--output", required=True, help="Arrow file of the twin")
    arguments = flags.parse_args(argv)

    def derived() -> Iterator[Sentences]:
        for batch in sentences.batches(arguments.input):
            twin = transforms.apply(
                batch,
                arguments.steps,
                vocabulary=batch.metadata["vocabulary"],
                seed=arguments.seed,
                files=arguments.files,
            )
            metadata = {**batch.metadata, "twin": arguments.steps, "twin_seed": arguments.seed}
            yield replace(twin, metadata=metadata)

    sentences.write(arguments.output, derived())


if __name__ == "__main__":
    run(main)
