"""Describe what was run: the scores and what each is taken from (Table 2), the data sets (Table 4).

Reads the reports that the fetching steps left, so that sizes are those of this run; what was left
out, and why, stands beside them.
"""

from __future__ import annotations

from twinlang import tidy
from twinlang.cli import json_argument, parser, read_json, run, writing
from twinlang.report.pages import data_page, scores_page
from twinlang.tables.described import table2, table4
from twinlang.versions import VERSIONS


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--reports", required=True, nargs="+", help="JSON of the fetching steps")
    flags.add_argument(
        "--pairings", required=True, type=json_argument, help="names and corpora, JSON"
    )
    for table, what in (("scores", "Table 2"), ("data", "Table 4")):
        flags.add_argument(f"--{table}-csv", required=True, help=what)
        flags.add_argument(f"--{table}-html", required=True, help=f"{what} as a page")
    arguments = flags.parse_args(argv)
    reports = [read_json(path) for path in arguments.reports]
    scores, data = table2(reports, arguments.pairings), table4(reports, VERSIONS)
    pages = scores_page(scores), data_page(data)
    tidy.write_csv(arguments.scores_csv, scores, list(scores[0]))
    tidy.write_csv(arguments.data_csv, data, list(data[0]))
    for path, page in zip((arguments.scores_html, arguments.data_html), pages, strict=True):
        with writing(path) as handle:
            handle.write(page)


if __name__ == "__main__":
    run(main)
