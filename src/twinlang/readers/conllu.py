"""CoNLL-U files to trees (universaldependencies.org/format.html)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twinlang.cli import UserError
from twinlang.readers.forms import UPOS, check_label, clean, lines
from twinlang.sources.records import Tree

COLUMNS = 10

Row = tuple[int, list[str]]  # line number, columns


def trees(path: Path, *, report: dict[str, Any]) -> Iterator[Tree]:
    """The trees of a file, over syntactic words; `report` counts what is not a word.

    A tree with a word that has no form (a text stripped of some sign) is dropped: read =
    without_form + kept.

    Raises:
        UserError: a row, a number, a head or a tree that is not well-formed, with file and line.
    """
    names = "read without_form kept words multiword_ranges empty_nodes"
    report |= dict.fromkeys(names.split(), 0)
    comments: dict[str, str] = {}
    block: list[Row] = []
    number = 0
    for number, line in lines(path):
        if line.startswith("#"):
            name, _, value = line[1:].partition("=")
            comments[name.strip()] = value.strip()
        elif line.strip():
            columns = line.split("\t")
            if len(columns) != COLUMNS:
                raise UserError(
                    f"{path}:{number} has {len(columns)} columns, not {COLUMNS}; mend the row"
                )
            block.append((number, columns))
        else:
            yield from _tree(path, block, comments, report)
            comments, block = {}, []
    yield from _tree(path, block, comments, report)


def _tree(
    path: Path, block: list[Row], comments: dict[str, str], report: dict[str, Any]
) -> Iterator[Tree]:
    """The tree of one block of rows; nothing for a block without words."""
    words = [row for row in block if row[1][0].isdecimal()]
    report["multiword_ranges"] += sum("-" in columns[0] for _, columns in block)
    report["empty_nodes"] += sum("." in columns[0] for _, columns in block)
    _check_numbers(path, block)
    if not words:
        return
    heads = [_head(path, row, len(words)) for row in words]
    check_tree(path, words, heads)
    for number, columns in words:
        check_label(columns[3], UPOS, where=f"{path}:{number}")
    report["read"] += 1
    forms = [clean(columns[1]) for _, columns in words]
    if not all(forms):
        report["without_form"] += 1
        return
    report["kept"] += 1
    report["words"] += len(words)
    yield Tree(
        words=forms,
        upos=[columns[3] for _, columns in words],
        heads=heads,
        relations=[columns[7] for _, columns in words],
        entities=[],
        text=clean(comments.get("text") or _text(block)),
        tokens=_tokens(block),
    )


def _tokens(block: list[Row]) -> list[tuple[str, int]]:
    """The surface tokens of a block that has multiword ranges, (form, number of words)."""
    found: list[tuple[str, int]] = []
    last = 0
    for _, columns in block:
        first, bar, end = columns[0].partition("-")
        if bar:
            last = int(end)
            found.append((clean(columns[1]), last - int(first) + 1))
        elif first.isdecimal() and int(first) > last:
            found.append((clean(columns[1]), 1))
    return found if any(size > 1 for _, size in found) else []


def _check_numbers(path: Path, block: list[Row]) -> None:
    """Words must be numbered 1, 2, 3 ...; `1-2` and `1.1` stand beside them."""
    expected = 1
    for number, columns in block:
        name = columns[0]
        if name.isdecimal():
            if int(name) != expected:
                raise UserError(f"{path}:{number} is word {name}, not {expected}; renumber it")
            expected += 1
        elif not name.replace("-", ".", 1).replace(".", "", 1).isdecimal():
            raise UserError(f"{path}:{number} has the number {name!r}; write 1, 1-2 or 1.1")


def _head(path: Path, row: Row, size: int) -> int:
    """The head of a word, 0 for the root."""
    number, columns = row
    if not columns[6].isdecimal():
        raise UserError(
            f"{path}:{number} has no head ({columns[6]!r}); give the number of a word, or 0"
        )
    head = int(columns[6])
    if head > size:
        raise UserError(
            f"{path}:{number} has the head {head} in a sentence of {size} words; mend it"
        )
    return head


def check_tree(path: Path, words: list[Row], heads: list[int]) -> None:
    """One root, and every word leads up to it."""
    roots = [row[0] for row, head in zip(words, heads, strict=True) if head == 0]
    if len(roots) > 1:
        raise UserError(
            f"{path}:{roots[1]} is a second root (the first is line {roots[0]}); keep one"
        )
    safe = {0}
    for start in range(1, len(heads) + 1):
        node, trail = start, set[int]()
        while node not in safe:
            if node in trail:
                raise UserError(
                    f"{path}:{words[node - 1][0]} is in a cycle of heads; mend or remove the tree"
                )
            trail.add(node)
            node = heads[node - 1]
        safe |= trail


def _text(block: list[Row]) -> str:
    """The sentence as written, for a file without `# text`: ranges stand for their words."""
    written, last = "", 0
    for _, columns in block:
        name = columns[0]
        if "." in name or (name.isdecimal() and int(name) <= last):
            continue
        if "-" in name:
            last = int(name.split("-")[1])
        written += columns[1] + ("" if "SpaceAfter=No" in columns[9].split("|") else " ")
    return written
