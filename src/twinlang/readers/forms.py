"""The forms of a data folder: lines, tagged words, tables and SQuAD JSON, plain, .gz or .xz.

Every reader yields as it reads and names file and line in what it raises.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from twinlang.cli import UserError

COMPRESSIONS: dict[str, Callable[..., Any]] = {"": open, ".gz": gzip.open, ".xz": lzma.open}
UPOS = [
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM",
    "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X",
]  # fmt: skip
KEY = "`data` in the configuration"


def locate(settings: dict[str, Any], name: str) -> Path:
    """The file `name` of the folder, in whichever compression it is there.

    Raises:
        UserError: no folder, no such file, or the same file in two compressions.
    """
    if not settings.get("folder"):
        raise UserError(f"the source `files` has no folder; set {KEY} to your data")
    folder = Path(settings["folder"]).expanduser()
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; set {KEY} to your data")
    found = [path for end in COMPRESSIONS if (path := folder / f"{name}{end}").is_file()]
    if not found:
        raise UserError(f"{folder / name}, .gz or .xz is not there; add the file or edit {KEY}")
    if len(found) > 1:
        raise UserError(f"{found[0]} and {found[1]} are both there; remove one of them")
    return found[0]


def clean(text: str) -> str:
    """NFC with every run of blanks as one; a corpus has no line break within a sentence."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def digest(text: str) -> int:
    """A stable 64-bit number of a text."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number (from 1) and text of each line, without its end.

    Raises:
        UserError: not UTF-8, a NUL character, or a compressed file that is damaged.
    """
    number = 0
    opener = COMPRESSIONS.get(path.suffix, open)
    try:
        with opener(path, "rb") as handle:
            for number, raw in enumerate(handle, 1):
                if b"\0" in raw:
                    raise UserError(
                        f"{path}:{number} has a NUL character; remove it (tr -d '\\000')"
                    )
                # a byte order mark may open the file; elsewhere it is a character like others
                yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        byte = f"byte 0x{error.object[error.start]:02x} at {error.start + 1}"
        raise UserError(
            f"{path}:{number} is not UTF-8 ({byte}); convert the file (iconv -t UTF-8)"
        ) from None
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise UserError(f"{path} is damaged after line {number} ({error}); copy it anew") from None


def tagged(path: Path, *, known: Sequence[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Words and labels of each sentence of a tagged file: `word TAB label`, blank line between.

    Raises:
        UserError: a row that has not these two columns, or a label that is not in `known`.
    """
    words: list[str] = []
    labels: list[str] = []
    for number, line in lines(path):
        if not line.strip():
            if words:
                yield words, labels
                words, labels = [], []
            continue
        columns = [clean(column) for column in line.split("\t")]
        if len(columns) != 2 or not all(columns):
            raise UserError(
                f"{path}:{number} is not `word TAB label` ({line[:40]!r}); mend the row"
            )
        check_label(columns[1], known, where=f"{path}:{number}")
        words.append(columns[0])
        labels.append(columns[1])
    if words:
        yield words, labels


def check_label(label: str, known: Sequence[str], *, where: str) -> None:
    """Raises UserError, with all known ones, on a label that is not known."""
    if label not in known:
        raise UserError(f"{where} has the unknown label {label!r}; use one of {' '.join(known)}")


def table(path: Path, *, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Line number and the values of `columns` for each row of a file that opens with a header.

    Raises:
        UserError: the header lacks a column; a row has too few, too many or an empty one.
    """
    header: list[str] | None = None
    for number, line in lines(path):
        if not line.strip():
            continue
        row = [clean(value) for value in line.split("\t")]
        if header is None:
            header = row
            missing = [name for name in columns if name not in header]
            if missing:
                raise UserError(
                    f"{path}:{number} names no column {missing[0]!r};"
                    f" put the header `{' TAB '.join(columns)}` on the first line"
                )
            continue
        if len(row) != len(header):
            raise UserError(
                f"{path}:{number} has {len(row)} columns, its header {len(header)}; mend the row"
            )
        values = [row[header.index(name)] for name in columns]
        if not all(values):
            raise UserError(
                f"{path}:{number} has an empty {columns[values.index('')]!r}; mend the row"
            )
        yield number, values


def _value(node: Any, key: str, kind: type, *, where: str) -> Any:
    """`node[key]`, which must be of type `kind`; texts must be writable as UTF-8 without NUL."""
    value = node.get(key) if isinstance(node, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise UserError(
            f"{where} has no {key!r} of type {kind.__name__}; mend it to the form of SQuAD v1.1"
        )
    if isinstance(value, str) and re.search("[\0\ud800-\udfff]", value):
        raise UserError(f"{where}: {key!r} has a NUL or half a surrogate pair; remove it")
    return value


def _children(node: Any, key: str, *, where: str) -> Iterator[tuple[str, Any]]:
    """The elements of the list `node[key]`, each with its place in the file."""
    for number, child in enumerate(_value(node, key, list, where=where)):
        yield f"{where} {key}[{number}]", child


def squad(path: Path) -> Iterator[dict[str, Any]]:
    """Each question of a SQuAD v1.1 file: {id, context, question, answers: [{text, start}]}.

    Texts are as in the file; `id` is "" where the file gives none.

    Raises:
        UserError: not JSON (with its line), or not the form of SQuAD (with the place).
    """
    text = "\n".join(line for _, line in lines(path))
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            f"{path}:{error.lineno} is not JSON ({error.msg}); mend or copy it anew"
        ) from None
    for here, article in _children(content, "data", where=str(path)):
        for there, paragraph in _children(article, "paragraphs", where=here):
            context = _value(paragraph, "context", str, where=there)
            for place, question in _children(paragraph, "qas", where=there):
                yield {
                    "context": context,
                    "question": _value(question, "question", str, where=place),
                    "answers": [
                        {
                            "text": _value(answer, "text", str, where=at),
                            "start": _value(answer, "answer_start", int, where=at),
                        }
                        for at, answer in _children(question, "answers", where=place)
                    ],
                    "id": str(question.get("id") or ""),
                }
