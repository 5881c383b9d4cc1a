"""Write the report: one self-contained page of all that a run found and how it was made.

Reads the parts of the report (JSON: group, name, the paths of `csv`, `html` and `svg`, or why it is
`missing` and the target that makes it), the configuration, and two folders that the workflow
leaves: benchmarks, for times, and metric files, for hashes and machines. The page needs no network
and no other file; tables and figures can be taken out of it.
"""

from __future__ import annotations

from twinlang.cli import json_argument, parser, run, writing
from twinlang.report.report import report


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--parts", required=True, type=json_argument, help="JSON")
    flags.add_argument("--settings", required=True, type=json_argument, help="configuration, JSON")
    flags.add_argument("--benchmarks", required=True, help="folder; may be missing")
    flags.add_argument("--metrics", required=True, help="folder of metric files, at any depth")
    flags.add_argument("--output", required=True, help="the page, HTML")
    arguments = flags.parse_args(argv)
    page = report(
        arguments.parts,
        arguments.settings,
        benchmarks=arguments.benchmarks,
        metrics=arguments.metrics,
    )
    with writing(arguments.output) as handle:
        handle.write(page)


if __name__ == "__main__":
    run(main)
