"""Test each claim of the paper on our scores: the ledger, as CSV and as a page.

Reads tidy scores of any experiments and, for intervals over examples, the predictions that lie
beside the metric files in --predictions. One row a claim (task `all`), then one a task where it was
run: effect (points; a correlation), its interval and over what it holds, n, the printed effect, and
the verdict: reproduced, contradicted, undecided at this scale, or not run (`missing` says what
makes it). With one seed in one language there is no interval over trainings: nothing is decided.
"""

from __future__ import annotations

from twinlang import tidy
from twinlang.cli import json_argument, parser, run, writing
from twinlang.report.examples import Examples
from twinlang.report.ledger import COLUMNS, ledger
from twinlang.report.pages import claims_page


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--scores", required=True, nargs="+", help="CSV of collect_scores")
    flags.add_argument("--twins", required=True, type=json_argument, help="names and steps, JSON")
    flags.add_argument("--predictions", help="folder of the metric files and predictions")
    flags.add_argument("--csv", required=True, help="one row a claim and task")
    flags.add_argument("--html", required=True, help="the same as a page")
    arguments = flags.parse_args(argv)
    scores = tidy.collect(arguments.scores)
    rows = ledger(scores, arguments.twins, Examples(arguments.predictions, scores))
    page = claims_page(rows)
    tidy.write_csv(arguments.csv, rows, COLUMNS)
    with writing(arguments.html) as handle:
        handle.write(page)


if __name__ == "__main__":
    run(main)
