"""Encode a task: records to pieces as Arrow, one row a sentence, labels and offsets by piece.

--form trees has the same with a tree to each sentence; translations, of retrieval alone, has the
(English) translation of each sentence in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twinlang import sentences, tasks
from twinlang.cli import parser, read_lines, run
from twinlang.tokenizer import Encoder
from twinlang.trees import Follower

FORMS = ("orig", "trees", "translations")


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--items", required=True, help="records, JSON lines")
    flags.add_argument("--task", required=True)
    flags.add_argument("--lang", required=True, help="language code, for sentence boundaries")
    flags.add_argument("--form", choices=FORMS, default="orig", help="what of a record is encoded")
    flags.add_argument("--tokenizer", required=True, help="tokenizer.json")
    flags.add_argument("--dataset", required=True, help="name that seeds the sentences' randomness")
    flags.add_argument("--spacing", choices=["natural", "always"], default="natural")
    flags.add_argument("--boundary", choices=["sentence", "line"], default="sentence")
    flags.add_argument("--trees", nargs="*", help="CoNLL-U, a tree a sentence, to go with pieces")
    flags.add_argument("--output", required=True, help="Arrow file")
    arguments = flags.parse_args(argv)
    task = tasks.load(arguments.task)
    encoder = Encoder(arguments.tokenizer)
    trees = Follower(arguments.trees) if arguments.trees else None
    other = arguments.form == "translations"
    lang = "en" if other else arguments.lang
    reader = tasks.Reader(encoder, lang, arguments.spacing, arguments.boundary, trees)

    def rows() -> Iterator[tuple[int, int, int, dict[str, Any]]]:
        for item, record in enumerate(read_lines(arguments.items)):
            record |= {"sentence": record["translation"]} if other else {}
            for number, (part, columns) in enumerate(task.encode(record, reader)):
                name = f"{arguments.dataset}|{record['id']}|{part}|{number}"
                yield sentences.dataset_key(name), item, part, columns
        if trees:
            trees.finish()

    metadata = {"dataset": arguments.dataset, "vocabulary": encoder.vocabulary}
    sentences.write(arguments.output, sentences.build(rows(), metadata))


if __name__ == "__main__":
    run(main)
