"""Test BZ − BS and BZ − MZ of each cell on the examples that both answered, as CSV and as a page.

Reads tidy scores of any experiments and the predictions that lie beside the metric files in
--predictions. One row a cell and contrast: difference (points), two-sided p of swapping answers
within examples, p corrected for all tests of the file (Holm), n.
"""

from __future__ import annotations

from twinlang import tidy
from twinlang.cli import parser, run, writing
from twinlang.report.differences import COLUMNS, differences, differences_page
from twinlang.report.examples import Examples


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--scores", required=True, nargs="+", help="CSV of collect_scores")
    flags.add_argument("--predictions", help="folder of the metric files and predictions")
    flags.add_argument("--csv", required=True, help="one row a cell and contrast")
    flags.add_argument("--html", required=True, help="the same as a page")
    arguments = flags.parse_args(argv)
    scores = tidy.collect(arguments.scores)
    rows = differences(scores, Examples(arguments.predictions, scores))
    page = differences_page(rows)
    tidy.write_csv(arguments.csv, rows, COLUMNS)
    with writing(arguments.html) as handle:
        handle.write(page)


if __name__ == "__main__":
    run(main)
