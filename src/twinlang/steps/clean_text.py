"""Clean one shard of a text: mark-up, tables, boilerplate and other scripts out, sentences split.

Writes a sentence a line (or a line of the text, as `boundary` says) and an empty line after each
document; the report has documents, sentences, words, the share of the script, and what each filter
removed. One document is held at a time.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

from twinlang import cleaning
from twinlang.cli import UserError, json_argument, parser, read_json, run, write_json, writing
from twinlang.readers import pinned
from twinlang.splitting import sentences


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--manifest", required=True, help="what was fetched, JSON")
    flags.add_argument("--settings", type=json_argument, required=True, help="the source block")
    flags.add_argument("--lang", required=True, help="language code")
    flags.add_argument("--shard", type=int, required=True, help="number of the file, from 0")
    flags.add_argument("--output", required=True, help="text, a sentence a line")
    flags.add_argument("--report", required=True, help="counts, JSON")
    arguments = flags.parse_args(argv)
    settings, split = arguments.settings, read_json(arguments.manifest)["text"]
    if arguments.shard >= len(split["files"]):
        raise UserError(f"{split['id']} has {len(split['files'])} files; set `shards` to that")
    one = {**split, "files": [split["files"][arguments.shard]]}
    report: Counter[str] = Counter()
    texts = (str(row["text"] or "") for _, row in pinned.rows(one, part="text"))
    with writing(arguments.output) as handle:
        for lines in cleaning.documents(texts, script=settings["script"], report=report):
            found = list(_sentences(lines, settings, arguments.lang, report))
            if found:
                handle.write("\n".join(found) + "\n\n")
    share = cleaning.wrong_script(report)
    told = {"set": pinned.title(split), "licence": split["licence"], "lang": arguments.lang}
    told |= {"script": settings["script"], "share_of_script": round(1 - share, 4)}
    write_json(arguments.report, {**told, **report})
    if share > cleaning.MOST_WRONG:
        print(
            f"warning: {share:.0%} of the letters of {told['set']} are not {settings['script']}; "
            f"is languages.{arguments.lang} right?",
            file=sys.stderr,
        )


def _sentences(lines: list[str], settings: dict, lang: str, report: Counter[str]) -> Iterator[str]:
    """The sentences of a document whose words are as many as the settings allow."""
    for line in lines:
        whole = settings["boundary"] == "line"
        for sentence in [line] if whole else sentences(line, lang=lang):
            words = sentence.count(" ") + 1
            report["sentences"] += 1
            if words < settings["shortest"]:
                report["too_short"] += 1
            elif words > settings["longest"]:
                report["too_long"] += 1
            else:
                report["kept"] += 1
                report["words"] += words
                yield sentence


if __name__ == "__main__":
    run(main)
