"""Train the tokenizer of a language: byte-level BPE on its orig corpus, for all its twins alike.

Reads lines of text, writes tokenizer.json, which `transformers` can load too.
"""

from __future__ import annotations

from twinlang import tokenizer
from twinlang.cli import parser, run


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--corpus", required=True, help="text, one sentence a line")
    flags.add_argument("--vocabulary", required=True, type=int, help="pieces, specials included")
    flags.add_argument("--min-frequency", type=int, default=2, help="of a merge, in the corpus")
    flags.add_argument(
        "--pattern", choices=["unicode", "gpt2"], default="unicode", help="what counts as a word"
    )
    flags.add_argument("--output", required=True, help="tokenizer.json")
    arguments = flags.parse_args(argv)
    with open(arguments.corpus, encoding="utf-8") as lines:
        trained = tokenizer.train(
            (line.rstrip("\n") for line in lines),
            vocabulary=arguments.vocabulary,
            min_frequency=arguments.min_frequency,
            pattern=arguments.pattern,
        )
    tokenizer.save(trained, arguments.output)


if __name__ == "__main__":
    run(main)
