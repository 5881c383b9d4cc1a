"""Fetch the text of one corpus: a sentence a line, and a report of what was left out.

Reads the source that the settings name (built-in grammar, data folder, Hub); writes UTF-8 text in
NFC and a JSON report whose counts add up to the input.
"""

from __future__ import annotations

import sys
from typing import Any

from twinlang import sources
from twinlang.cli import UserError, json_argument, parser, run, write_json, writing


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--settings", type=json_argument, required=True, help="the source block")
    flags.add_argument("--files", nargs="*", default=[], help="what rules fetched for it")
    flags.add_argument("--lang", required=True, help="language code")
    flags.add_argument("--domain", required=True, choices=["main", "other"])
    flags.add_argument("--split", required=True, choices=["a", "b"], help="half of the domain")
    flags.add_argument("--output", required=True, help="text, a sentence a line")
    flags.add_argument("--report", required=True, help="counts, JSON")
    arguments = flags.parse_args(argv)
    settings = {**arguments.settings, "files": arguments.files}
    source = sources.load(settings.get("source", ""))
    report: dict[str, Any] = {}
    place = {"lang": arguments.lang, "domain": arguments.domain, "split": arguments.split}
    name = "/".join(place.values())
    count = 0
    with writing(arguments.output) as handle:
        for sentence in source.corpus(settings, **place, report=report):
            handle.write(f"{sentence}\n")
            count += 1
        if not count:
            counts = ", ".join(f"{key} {value}" for key, value in report.items() if value)
            raise UserError(
                f"corpus {name} is empty ({counts or 'nothing was read'});"
                " give it more text, or widen `shortest` and `longest` of the source"
            )
    write_json(arguments.report, {"source": settings["source"], **place, **report, "kept": count})
    if report.get("missing"):
        unit = report.get("size_unit", "sentences")
        found = report["asked"] - report["missing"]
        print(
            f"{name}: {found} {unit}, fewer than the {report['asked']} asked for", file=sys.stderr
        )


if __name__ == "__main__":
    run(main)
