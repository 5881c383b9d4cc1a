"""Encode a corpus: text, one sentence a line, to pieces as memory-mapped Arrow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from twinlang import sentences
from twinlang.cli import parser, run
from twinlang.sentences import BATCH
from twinlang.tokenizer import Encoder


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--corpus", required=True, help="text, one sentence a line")
    flags.add_argument("--tokenizer", required=True, help="tokenizer.json")
    flags.add_argument("--dataset", required=True, help="name that seeds the sentences' randomness")
    flags.add_argument("--output", required=True, help="Arrow file")
    arguments = flags.parse_args(argv)
    encoder = Encoder(arguments.tokenizer)
    seed = sentences.dataset_key(arguments.dataset)
    metadata = {"dataset": arguments.dataset, "vocabulary": encoder.vocabulary}

    def rows() -> Iterator[tuple[int, int, int, dict[str, Any]]]:
        with open(arguments.corpus, encoding="utf-8") as handle:
            number = 0
            while lines := [line.rstrip("\n") for line in islice(handle, BATCH)]:
                for encoded in encoder.texts(lines):
                    key = (seed + number) % (1 << 64)
                    yield key, number, 0, {"pieces": encoded.ids, "words": encoded.words}
                    number += 1

    sentences.write(arguments.output, sentences.build(rows(), metadata))


if __name__ == "__main__":
    run(main)
