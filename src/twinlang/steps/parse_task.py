"""Parse a split of a task: the tree of every sentence that its records hold, as CoNLL-U.

Labelled words stay the words of their tree, so that labels travel by index. A sentence without a
tree keeps its own order and is counted.
"""

from __future__ import annotations

from twinlang import parsers, tasks
from twinlang.cli import json_argument, parser, read_lines, run
from twinlang.parsing import write


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--items", required=True, help="records, JSON lines")
    flags.add_argument("--settings", type=json_argument, required=True, help="parser and its block")
    flags.add_argument("--model", nargs="*", help="model of the parser, if it has one")
    flags.add_argument("--lang", required=True, help="language code")
    flags.add_argument("--task", required=True)
    flags.add_argument("--split", required=True, choices=["train", "dev"])
    flags.add_argument("--boundary", choices=["sentence", "line"], default="sentence")
    flags.add_argument("--output", required=True, help="trees, CoNLL-U")
    flags.add_argument("--report", required=True, help="counts, JSON")
    arguments = flags.parse_args(argv)
    settings = {**arguments.settings, "model": (arguments.model or [None])[0]}
    parse = parsers.load(settings["parser"]).parse
    place = {"lang": arguments.lang, "kind": arguments.task, "split": arguments.split}
    task = tasks.load(arguments.task)
    records = read_lines(arguments.items)
    sentences = tasks.task_sentences(records, task, arguments.lang, arguments.boundary)
    write(sentences, lambda found: parse(found, settings, **place), arguments)


if __name__ == "__main__":
    run(main)
