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
    flags.add_argument(
        "--data", type=json_argument, default={}, help="data sets by task and language, JSON"
    )
    flags.add_argument("--csv", required=True, help="the table, one row a cell")
    flags.add_argument("--html", required=True, help="the table as a page")
    arguments = flags.parse_args(argv)
    scores = tidy.collect(arguments.scores)
    try:
        rows = TABLES[arguments.table](scores, arguments.twins)
    except UserError as error:
        raise UserError(f"{', '.join(arguments.scores)}: {error}") from None
    rows = [{**row, **named(row, arguments.data)} for row in rows]
    page = table_html.page(arguments.table, rows, more=told(arguments.data))
    columns = list(dict.fromkeys(key for row in rows for key in row))
    tidy.write_csv(arguments.csv, rows, columns)
    with writing(arguments.html) as handle:
        handle.write(page)


def named(row: tidy.Row, data: dict[str, dict[str, str]]) -> dict[str, str]:
    """The data set that a row's scores are from, or those of the languages it is averaged over."""
    found = data.get(row.get("task", ""), {})
    own = found.get(row.get("language", ""))
    every = "; ".join(f"{lang}: {name}" for lang, name in found.items())
    return {"data": own or every} if found else {}


def told(data: dict[str, dict[str, str]]) -> list[str]:
    """A note for each task whose languages do not all read the same data set."""
    return [
        f"Data of {task.upper()}: " + "; ".join(f"{lang}, {name}" for lang, name in found.items())
        for task, found in data.items()
        if len(set(found.values())) > 1
    ]


if __name__ == "__main__":
    run(main)
