"""The records of each task, and trees, from the files of data sets of the Hub.

A split of a manifest says what is read: `id`, `config`, `revision`, `files`, `columns` ({ours:
theirs}), and, if the set has them, `labels` (names of numbers) and `held_out` (share that is dev).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from twinlang.cli import UserError
from twinlang.readers import columnar, conllu, labelled
from twinlang.readers.forms import UPOS, check_label, clean, digest
from twinlang.readers.labelled import ENTITIES, INFERENCE, Record
from twinlang.sources.records import Tree

Split = Mapping[str, Any]
Row = tuple[str, dict[str, Any]]  # where it stands, and its values by our names


def title(split: Split) -> str:
    """What a data set is called in reports and tables."""
    return f"{split['id']} {split['config']} @ {split['revision'][:12]}"


def rows(split: Split, *, part: str) -> Iterator[Row]:
    """Every row of a split; of a set that holds some out, those of train or dev.

    Raises:
        UserError: a file is gone, lacks a column, or is damaged.
    """
    columns = split["columns"]
    for file in split["files"]:
        path, name = Path(file["path"]), f"{split['id']}: {file['name']}"
        if not path.exists():
            raise UserError(
                f"{name} is no longer in the cache ({path}); delete its manifest, and run again"
            )
        for number, values in enumerate(columnar.rows(path, list(columns.values()), name=name), 1):
            row = dict(zip(columns, values, strict=True))
            if _belongs(row, split, part):
                yield f"{name}: row {number}", row


def _belongs(row: Mapping[str, Any], split: Split, part: str) -> bool:
    """Whether a row falls to train or dev, by the hash of its article, context or first column."""
    share = split.get("held_out")
    if not share:
        return True
    group = row.get("article") or row.get("context") or next(iter(row.values()))
    return (digest(str(group)) % 1000 < share * 1000) == (part == "dev")


def _named(split: Split, column: str, known: Sequence[str]) -> Callable[[Any, str], str]:
    """A check of one label, a number or a name, against the labels that are known.

    Raises:
        UserError: the file names its labels otherwise than the set does.
    """
    listed = list(split.get("labels") or known)
    for file in split["files"]:
        told = columnar.labels(Path(file["path"]), split["columns"][column])
        if told and told != listed and split.get("labels"):
            raise UserError(
                f"{split['id']}: {file['name']} numbers its labels {', '.join(told)}, and its set "
                f"{', '.join(listed)}; mend `labels` of the set"
            )
        listed = told or listed

    def name(value: Any, where: str) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            if not 0 <= value < len(listed):
                raise UserError(f"{where} has the label {value}, outside of {len(listed)} labels")
            value = listed[value]
        check_label(str(value), known, where=where)
        return str(value)

    return name


def _tagged(split: Split, part: str, report: Record, known: Sequence[str]) -> Iterator[Record]:
    name = _named(split, "labels", known)
    report |= {"read": 0, "words": 0, "empty": 0}
    for where, row in rows(split, part=part):
        report["read"] += 1
        words, labels = _list(row, "words", where), _list(row, "labels", where)
        if len(words) != len(labels):
            raise UserError(f"{where} has {len(words)} words and {len(labels)} labels")
        pairs = [(clean(str(w)), name(n, where)) for w, n in zip(words, labels, strict=True)]
        kept = [pair for pair in pairs if pair[0]]  # PAN-X has words that are a blank
        report["empty"] += not kept
        report["words"] += len(kept)
        if kept:
            yield {"words": [w for w, _ in kept], "labels": [n for _, n in kept]}


def _list(row: Mapping[str, Any], key: str, where: str) -> list[Any]:
    if not isinstance(row[key], list):
        raise UserError(f"{where} has no list of {key}; its schema has changed")
    return list(row[key])


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    if not isinstance(row[key], str):
        raise UserError(f"{where} has no text as {key}; its schema has changed")
    return str(row[key])


def _pos(split: Split, part: str, report: Record) -> Iterator[Record]:
    return _tagged(split, part, report, UPOS)


def _ner(split: Split, part: str, report: Record) -> Iterator[Record]:
    return labelled.mended(_tagged(split, part, report, ENTITIES), report)


def _nli(split: Split, part: str, report: Record) -> Iterator[Record]:
    name = _named(split, "label", INFERENCE)
    report |= {"read": 0, "empty": 0}
    for where, row in rows(split, part=part):
        report["read"] += 1
        texts = {key: clean(_text(row, key, where)) for key in ("premise", "hypothesis")}
        if not all(texts.values()):
            report["empty"] += 1
            continue
        yield {**texts, "label": name(row["label"], where)}


def _qa(split: Split, part: str, report: Record) -> Iterator[Record]:
    def questions() -> Iterator[Record]:
        for where, row in rows(split, part=part):
            texts, starts = _list(row, "texts", where), _list(row, "starts", where)
            pairs = zip(texts, starts, strict=False)
            yield {
                "context": _text(row, "context", where),
                "question": _text(row, "question", where),
                "answers": [{"text": str(t), "start": int(s)} for t, s in pairs],
                "id": str(row.get("id") or ""),
            }

    return labelled.answered(questions(), report, name=title(split))


def _retrieval(split: Split, part: str, report: Record) -> Iterator[Record]:
    pairs = (
        (clean(_text(row, "sentence", where)), clean(_text(row, "translation", where)))
        for where, row in rows(split, part=part)
    )
    return labelled.translated(pairs, report)


READINGS: dict[str, Callable[[Split, str, Record], Iterator[Record]]] = {
    "pos": _pos,
    "ner": _ner,
    "nli": _nli,
    "qa": _qa,
    "retrieval": _retrieval,
}


def trees(split: Split, *, part: str, report: Record) -> Iterator[Tree]:
    """The trees of a split; one with a word that has no form is dropped and counted.

    Raises:
        UserError: a tree that is not well-formed, with its row.
    """
    name = _named(split, "upos", UPOS)
    report |= {"read": 0, "without_form": 0, "kept": 0, "words": 0}
    for where, row in rows(split, part=part):
        report["read"] += 1
        words = [clean(str(word)) for word in _list(row, "words", where)]
        heads = [_head(head, len(words), where) for head in _list(row, "heads", where)]
        upos = [name(tag, where) for tag in _list(row, "upos", where)]
        relations = [str(r) for r in _list(row, "relations", where)]
        if len({len(words), len(heads), len(upos), len(relations)}) > 1:
            raise UserError(f"{where}: its lists differ in length; its schema has changed")
        conllu.check_tree(Path(where), [(number, []) for number in range(1, len(words) + 1)], heads)
        if not words or not all(words):
            report["without_form"] += 1
            continue
        report["kept"] += 1
        report["words"] += len(words)
        yield Tree(words, upos, heads, relations, text=clean(str(row.get("text") or "")))


def _head(value: Any, size: int, where: str) -> int:
    if not str(value).isdecimal() or int(value) > size:
        raise UserError(f"{where} has the head {value!r}, which is no word of its {size}")
    return int(value)
