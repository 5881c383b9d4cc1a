"""Parse a shard of a corpus: the tree of each sentence over surface words, as CoNLL-U.

Shard k of K holds the k-th of K equal runs of lines, so shards may be made in any order and one
after the other they are the corpus. A sentence without a tree keeps its own order and is counted.
"""

from __future__ import annotations

from itertools import islice

from twinlang import parsers
from twinlang.cli import json_argument, parser, run
from twinlang.parsing import write


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--corpus", required=True, help="text, one sentence a line")
    flags.add_argument("--settings", type=json_argument, required=True, help="parser and its block")
    flags.add_argument("--model", nargs="*", help="model of the parser, if it has one")
    flags.add_argument("--lang", required=True, help="language code")
    flags.add_argument("--domain", required=True, choices=["main", "other"])
    flags.add_argument("--split", required=True, choices=["a", "b"], help="half of the domain")
    flags.add_argument("--shard", type=int, default=0, help="which run of lines, from 0")
    flags.add_argument("--shards", type=int, default=1, help="how many there are")
    flags.add_argument("--output", required=True, help="trees, CoNLL-U")
    flags.add_argument("--report", required=True, help="counts, JSON")
    arguments = flags.parse_args(argv)
    settings = {**arguments.settings, "model": (arguments.model or [None])[0]}
    parse = parsers.load(settings["parser"]).parse
    place = {"lang": arguments.lang, "kind": f"text/{arguments.domain}", "split": arguments.split}
    with open(arguments.corpus, encoding="utf-8") as handle:
        total = sum(1 for _ in handle)
        first, last = (
            total * n // arguments.shards for n in (arguments.shard, arguments.shard + 1)
        )
        handle.seek(0)
        sentences = (line.rstrip("\n") for line in islice(handle, first, last))
        write(sentences, lambda found: parse(found, settings, **place), arguments)


if __name__ == "__main__":
    run(main)
