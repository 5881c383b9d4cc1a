"""Fetch one split of a language's treebank, as CoNLL-U, and a report of what was left out.

Reads the source that the settings name (built-in grammar, data folder, Hub). Syntactic words and
their surface tokens are kept: parsers are trained on both.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from twinlang import sources
from twinlang.cli import UserError, json_argument, parser, run, write_json, writing
from twinlang.trees import conllu


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--settings", type=json_argument, required=True, help="the source block")
    flags.add_argument("--files", nargs="*", default=[], help="what rules fetched for it")
    flags.add_argument("--lang", required=True, help="language code")
    flags.add_argument("--split", required=True, choices=["train", "dev"])
    flags.add_argument("--output", required=True, help="trees, CoNLL-U")
    flags.add_argument("--report", required=True, help="counts, JSON")
    arguments = flags.parse_args(argv)
    lang, split = arguments.lang, arguments.split
    limit = arguments.settings["trees"][split]
    # the built-in grammar has no end
    settings = {**arguments.settings, "files": arguments.files, "sentences": limit}
    report: dict[str, Any] = {}
    found = sources.load(settings["source"]).trees(
        settings, lang=lang, domain="main", split=split, report=report
    )
    count = 0
    with writing(arguments.output) as handle:
        for tree in islice(found, limit):
            handle.write(conllu(tree))
            count += 1
        if not count:
            raise UserError(f"the treebank {lang}/{split} is empty; give it trees")
    report |= {"source": settings["source"], "lang": lang, "split": split, "kept": count}
    write_json(arguments.report, report)


if __name__ == "__main__":
    run(main)
