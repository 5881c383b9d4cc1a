"""Draw a figure of the paper from tidy scores: as SVG and as PDF, each with its caption.

Figures: `figure2` (composed twins and their parts), `figure3` (pairings), `figure4` (alignment and
transfer), `figure5` (the same for each task). They show the rows of tables 6, 8 and 7.
"""

from __future__ import annotations

from twinlang import figures, tidy
from twinlang.cli import UserError, json_argument, parser, run
from twinlang.config import FIGURES
from twinlang.tables import TABLES


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--figure", required=True, choices=sorted(FIGURES))
    flags.add_argument("--scores", required=True, nargs="+", help="CSV of collect_scores")
    flags.add_argument("--twins", type=json_argument, help="the configuration's twins, JSON")
    flags.add_argument("--svg", required=True)
    flags.add_argument("--pdf", required=True)
    arguments = flags.parse_args(argv)
    scores = tidy.collect(arguments.scores)
    try:
        rows = TABLES[FIGURES[arguments.figure]](scores, arguments.twins)
        figures.draw(arguments.figure, rows, [arguments.svg, arguments.pdf])
    except UserError as error:
        raise UserError(f"{', '.join(arguments.scores)}: {error}") from None


if __name__ == "__main__":
    run(main)
