"""Draw the training curves of a run: loss over steps of every model, as SVG and as PDF.

Reads the journals of pre-training, one JSON line a few seconds, and of which model each is.
"""

from __future__ import annotations

from twinlang.cli import json_argument, parser, run
from twinlang.plotting import save
from twinlang.report import training


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument(
        "--journals", required=True, type=json_argument, help="paths, and of which models; JSON"
    )
    flags.add_argument("--svg", required=True)
    flags.add_argument("--pdf", required=True)
    arguments = flags.parse_args(argv)
    journals = training.read(arguments.journals)
    save(lambda: training.figure(journals), [arguments.svg, arguments.pdf])


if __name__ == "__main__":
    run(main)
