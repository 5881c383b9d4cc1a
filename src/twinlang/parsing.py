"""What the parse steps share: sentences in, a tree for each out, and what had none counted."""

from __future__ import annotations

from argparse import Namespace
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from twinlang.cli import UserError, write_json, writing
from twinlang.sources.records import Tree
from twinlang.trees import Sentence, conllu, fault, unparsed

LISTED = 10  # sentences without a tree that a report shows

Parse = Callable[[Iterable[Sentence]], Iterator[Tree | str]]


def write(sentences: Iterable[Sentence], parse: Parse, arguments: Namespace) -> None:
    """Writes the CoNLL-U and the report of a parse step.

    Raises:
        UserError: there is no sentence, or the parser found no tree for any of them.
    """
    waiting: deque[Sentence] = deque()

    def handed() -> Iterator[Sentence]:
        for sentence in sentences:
            waiting.append(sentence)
            yield sentence

    report: dict[str, Any] = {"read": 0, "parsed": 0, "unparsed": 0, "first": []}
    with writing(arguments.output) as handle:
        for tree in parse(handed()):
            sentence = waiting.popleft()
            report["read"] += 1
            reason = tree if isinstance(tree, str) else fault(sentence, tree)
            report["unparsed" if reason else "parsed"] += 1
            if reason and len(report["first"]) < LISTED:
                report["first"].append({"number": report["read"], "reason": reason})
            real = tree if isinstance(tree, Tree) and not reason else unparsed(sentence)
            handle.write(conllu(real, reason))
        _check(report, arguments)
    write_json(arguments.report, report)


def _check(report: dict[str, Any], arguments: Namespace) -> None:
    if not report["read"]:
        raise UserError(f"{arguments.output} would be empty: there is no sentence to parse")
    if not report["parsed"]:
        raise UserError(
            f"{arguments.output}: none of {report['read']} sentences has a tree "
            f"({report['first'][0]['reason']}); choose another parser in `syntax`"
        )
