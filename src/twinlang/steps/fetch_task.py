"""Fetch the labelled examples of one task: a JSON record a line, and a report of what was left out.

Reads the source that the settings name (built-in grammar, data folder, Hub). The records of a task
are the same whatever the source; the report's counts add up to the input.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twinlang import sources
from twinlang.cli import UserError, json_argument, parser, run, write_json, write_lines


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--settings", type=json_argument, required=True, help="the source block")
    flags.add_argument("--files", nargs="*", default=[], help="what rules fetched for it")
    flags.add_argument("--lang", required=True, help="language code")
    flags.add_argument("--task", required=True, help="nli, ner, pos, qa or retrieval")
    flags.add_argument("--split", required=True, choices=["train", "dev"])
    flags.add_argument("--output", required=True, help="records, JSON lines")
    flags.add_argument("--report", required=True, help="counts, JSON")
    arguments = flags.parse_args(argv)
    settings = {**arguments.settings, "files": arguments.files}
    source = sources.load(settings.get("source", ""))
    report: dict[str, Any] = {}
    place = {"lang": arguments.lang, "task": arguments.task, "split": arguments.split}
    name = "/".join(place.values())

    def records() -> Iterator[dict[str, Any]]:
        record = None
        for record in source.items(settings, **place, report=report):
            yield record
        if record is None:
            counts = ", ".join(f"{key} {value}" for key, value in report.items() if value)
            raise UserError(
                f"task {name} has no examples ({counts or 'nothing was read'});"
                " give it some, or take the task from the language's `tasks`"
            )

    count = write_lines(arguments.output, records())
    write_json(arguments.report, {"source": settings["source"], **place, **report, "kept": count})


if __name__ == "__main__":
    run(main)
