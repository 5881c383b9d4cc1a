"""Show a sentence of each language in each of its twins: Table 1, from the run's own corpora.

A language's sentence is short, cut into few pieces, and moved by as many of its twins as can be.
Pieces stand with blanks between them; a twin in another script is also given as it would read.
"""

from __future__ import annotations

from typing import Any

from twinlang import sentences, tidy
from twinlang.cli import json_argument, parser, run, writing
from twinlang.report.pages import twins_page
from twinlang.sentences import Sentences
from twinlang.tables import described
from twinlang.tokenizer import Encoder


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument(
        "--twins", required=True, type=json_argument, help="language, twin, steps, files; JSON"
    )
    flags.add_argument("--csv", required=True, help="one row a language and twin")
    flags.add_argument("--html", required=True, help="the same as a page")
    arguments = flags.parse_args(argv)
    languages: dict[str, list[dict[str, Any]]] = {}
    for entry in arguments.twins:
        languages.setdefault(entry["language"], []).append(entry)
    rows = []
    for entries in languages.values():
        orig, encoder = _first(entries[0]["orig"]), Encoder(entries[0]["tokenizer"])
        twins = [_first(entry["deriv"]) for entry in entries]
        number = described.example(orig, twins)
        for entry, twin in zip(entries, twins, strict=True):
            steps = " then ".join(map(str, entry["steps"]))
            place = {"language": entry["language"], "twin": entry["twin"], "steps": steps}
            rows.append({**place, **described.shown(orig, twin, number, encoder)})
    page = twins_page(rows)
    tidy.write_csv(arguments.csv, rows, list(rows[0]))
    with writing(arguments.html) as handle:
        handle.write(page)


def _first(path: str) -> Sentences:
    """The first batch of a file, in which an example is looked for."""
    return next(iter(sentences.batches(path)))


if __name__ == "__main__":
    run(main)
