"""Collect scores: metric files of cells into one tidy table, one row a file.

Reads metric JSONs (one setting of one cell each; or retrieval, alignment of a model) and earlier
tables of this step (*.csv), whose rows are merged: a row that two tables share stands once. A long
list of files may stand in a file, one a line, given as @FILE. Writes a CSV: coordinates, main score
(percent), n, then one column a named score. Refused, with the name of the file: what is no metric
file, a score that is not a number from 0 to 100, two files of one setting of one cell, a cell whose
settings differ in precision, in n or in the development set: no difference is taken between them.
"""

from __future__ import annotations

from twinlang import tidy
from twinlang.cli import parser, run


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.fromfile_prefix_chars = "@"
    flags.add_argument("--metrics", required=True, nargs="+", help="metric JSONs, tables of scores")
    flags.add_argument("--output", required=True, help="CSV, one row a setting of a cell")
    arguments = flags.parse_args(argv)
    tidy.write_scores(arguments.output, tidy.collect(arguments.metrics))


if __name__ == "__main__":
    run(main)
