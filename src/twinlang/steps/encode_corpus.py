"""Encode a corpus: text, one sentence a line, to pieces as memory-mapped Arrow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from twinlang import sentences
from twinlang.cli import parser, run
from twinlang.sentences import BATCH
from twinlang.tokenizer import Encoder
from twinlang.trees import Follower, by_span


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--corpus", required=True, help="text, one sentence a line")
    flags.add_argument("--tokenizer", required=True, help="tokenizer.json")
    flags.add_argument("--dataset", required=True, help="name that seeds the sentences' randomness")
    flags.add_argument("--trees", nargs="*", help="CoNLL-U, a tree a line, to go with the pieces")
    flags.add_argument("--output", required=True, help="Arrow file")
    arguments = flags.parse_args(argv)
    encoder = Encoder(arguments.tokenizer)
    trees = Follower(arguments.trees) if arguments.trees else None
    seed = sentences.dataset_key(arguments.dataset)
    metadata = {"dataset": arguments.dataset, "vocabulary": encoder.vocabulary}

    def rows() -> Iterator[tuple[int, int, int, dict[str, Any]]]:
        with open(arguments.corpus, encoding="utf-8") as handle:
            number = 0
            while lines := [line.rstrip("\n") for line in islice(handle, BATCH)]:
                for line, encoded in zip(lines, encoder.texts(lines), strict=True):
                    columns = {"pieces": encoded.ids, "words": encoded.words}
                    if trees:
                        columns |= by_span(trees.tree_of(line), line, encoded.spans)
                    yield (seed + number) % (1 << 64), number, 0, columns
                    number += 1
        if trees:
            trees.finish()

    sentences.write(arguments.output, sentences.build(rows(), metadata))


if __name__ == "__main__":
    run(main)
