"""Write a table of the paper from tidy scores: as CSV and as a shaded HTML page.

Reads the scores of one or more experiments (CSV of collect_scores). Tables: `table3` (averaged over
languages), `table5` (by language), `table6` (composed twins and their parts; needs --twins),
`table7` (alignment beside the differences), `table8` (pairings) and `retrieval`. The CSV holds BZ,
BS, MZ, both differences (percent), intervals where there are several pre-training seeds, n, and the
secondary scores; a cell that was not run has no row.
"""

from __future__ import annotations

from twinlang import table_html, tidy
from twinlang.cli import UserError, json_argument, parser, run, writing
from twinlang.tables import TABLES


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--table", required=True, choices=sorted(TABLES))
    flags.add_argument("--scores", required=True, nargs="+", help="CSV of collect_scores")
    flags.add_argument("--twins", type=json_argument, help="the configuration's twins, JSON")
    flags.add_argument("--csv", required=True, help="the table, one row a cell")
    flags.add_argument("--html", required=True, help="the table as a page")
    arguments = flags.parse_args(argv)
    scores = tidy.collect(arguments.scores)
    try:
        rows = TABLES[arguments.table](scores, arguments.twins)
    except UserError as error:
        raise UserError(f"{', '.join(arguments.scores)}: {error}") from None
    page = table_html.page(arguments.table, rows)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    tidy.write_csv(arguments.csv, rows, columns)
    with writing(arguments.html) as handle:
        handle.write(page)


if __name__ == "__main__":
    run(main)
