"""Train a UDPipe model of a language from its treebank, so that parsing runs offline."""

from __future__ import annotations

from pathlib import Path

from twinlang.cli import json_argument, parser, run, writing
from twinlang.parsers import udpipe


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--train", required=True, help="treebank, CoNLL-U")
    flags.add_argument("--dev", required=True, help="held-out trees, CoNLL-U")
    flags.add_argument("--settings", type=json_argument, required=True, help="the udpipe block")
    flags.add_argument("--output", required=True, help="model")
    arguments = flags.parse_args(argv)
    texts = [Path(path).read_text(encoding="utf-8") for path in (arguments.train, arguments.dev)]
    with writing(arguments.output, "wb") as handle:
        handle.write(udpipe.train(texts, arguments.settings))


if __name__ == "__main__":
    run(main)
