"""Set every number that the paper prints beside ours: two CSVs and a page.

Reads tidy scores of any experiments. The first CSV has one row a printed cell (tables 3, 5 to 8 and
the correlations of table 7): printed, ours (empty if it was not run; `missing` says what makes it),
difference, whether the signs agree, with how many cells of its column it stands in the printed
order, and the doubts about the print. The second has one row a table and measure: how many cells
agree in sign, how many pairs in order, and their rank correlation.
"""

from __future__ import annotations

from twinlang import tidy
from twinlang.cli import json_argument, parser, run, writing
from twinlang.report.compare import agreement, compare
from twinlang.report.pages import compare_page


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--scores", required=True, nargs="+", help="CSV of collect_scores")
    flags.add_argument("--twins", required=True, type=json_argument, help="names and steps, JSON")
    flags.add_argument("--languages", required=True, type=json_argument, help="code: name, JSON")
    flags.add_argument("--csv", required=True, help="one row a printed cell")
    flags.add_argument("--agreement", required=True, help="CSV, one row a table and measure")
    flags.add_argument("--html", required=True, help="both as a page")
    arguments = flags.parse_args(argv)
    rows = compare(tidy.collect(arguments.scores), arguments.twins, arguments.languages)
    summary = agreement(rows)
    page = compare_page(rows, summary)
    tidy.write_csv(arguments.csv, rows, list(rows[0]))
    tidy.write_csv(arguments.agreement, summary, list(summary[0]))
    with writing(arguments.html) as handle:
        handle.write(page)


if __name__ == "__main__":
    run(main)
