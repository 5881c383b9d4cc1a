"""Derive the twin of a corpus or of a task: order and spelling change, nothing else.

Reads one Arrow file of sentences and writes its twin, sentence by sentence, in the same form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from twinlang import sentences, transforms
from twinlang.cli import json_argument, parser, run
from twinlang.sentences import Sentences


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--input", required=True, help="Arrow file of the original")
    flags.add_argument(
        "--steps", required=True, type=json_argument, help="of the twin: a JSON list"
    )
    flags.add_argument("--seed", required=True, type=int, help="twin_seed of the configuration")
    flags.add_argument("--leave-out", action="store_true", help="sentences that a step refuses")
    flags.add_argument("--files", nargs="*", default=[], help="what the steps read: models")
    flags.add_argument("--output", required=True, help="Arrow file of the twin")
    arguments = flags.parse_args(argv)
    transforms.check(arguments.steps)

    given = {"seed": arguments.seed, "files": arguments.files}
    counts = dict.fromkeys(("sentences", "left out", "answers kept whole by keep_spans"), 0)

    def derived() -> Iterator[Sentences]:
        for batch in sentences.batches(arguments.input):
            counts["sentences"] += len(batch)
            if arguments.leave_out:
                kept = transforms.kept(batch, arguments.steps)
                counts["left out"] += int((~kept).sum())
                batch = batch if kept.all() else sentences.chosen(batch, kept)
            given["vocabulary"] = batch.metadata["vocabulary"]
            twin = transforms.apply(batch, arguments.steps, **given)
            if "answers" in batch.columns and free != arguments.steps:
                torn = transforms.scattered(transforms.apply(batch, free, **given))
                counts["answers kept whole by keep_spans"] += len(torn)
            metadata = {**batch.metadata, "twin": arguments.steps, "twin_seed": arguments.seed}
            yield replace(twin, metadata=metadata)

    free = [_free(step) for step in arguments.steps]
    sentences.write(arguments.output, derived())
    print(", ".join(f"{name}: {count}" for name, count in counts.items() if count))


def _free(step: Any) -> Any:
    """A step that is not told to keep answers together."""
    name, parameters = transforms.parse(step)
    rest = {key: value for key, value in parameters.items() if key != "keep_spans"}
    return step if rest == parameters else {name: rest}


if __name__ == "__main__":
    run(main)
