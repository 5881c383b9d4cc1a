"""Documents to clean lines: mark-up out, then tables, other scripts, fragments and boilerplate.

Works on batches of documents as one string, so that every filter is one pass in C. Each line is
dropped by the first filter that it fails, and counted under that filter's name.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import numpy as np

BATCH = 1 << 20  # characters
BETWEEN = "\x1e"  # between documents, on a line of its own
OWN, OTHER, DIGIT, BLANK, SIGN = 1, 2, 3, 4, 5  # classes of characters
KNOWN = 0x32000  # code points that are classed; beyond them are few and rare
MOST_WRONG = 0.2  # share of letters of other scripts from which a corpus is warned of
ENDS = ".!?…:;»”\"')।॥؟۔"
FRAGMENT = 6  # words; a shorter line without an end is a heading or an entry of a menu
FILTERS = ("tables", "other_script", "fragments", "boilerplate")

# (what must occur, pattern, replacement), in order
_BLOCK = [
    ("<!--", re.compile(rf"<!--[^{BETWEEN}]*?-->"), " "),
    ("<", re.compile(rf"<(ref|script|style|math|gallery)\b[^<>]*(?:/>|>[^{BETWEEN}]*?</\1>)"), " "),
    ("<", re.compile(r"</?[a-zA-Z][^<>\n]{0,400}>"), " "),
    ("{|", re.compile(rf"\{{\|[^{BETWEEN}]*?\|\}}"), "\n"),
    ("[[", re.compile(r"\[\[[^\[\]\n|:]{1,20}:[^\[\]\n]*\]\]"), ""),
    ("[[", re.compile(r"\[\[(?:[^\[\]\n|]*\|)?([^\[\]\n]*)\]\]"), r"\1"),
    ("[http", re.compile(r"\[https?://[^\s\]]+ ?([^\]\n]*)\]"), r"\1"),
    ("''", re.compile(r"'{2,5}"), ""),
    ("\n=", re.compile(r"\n=+[^\n]*=+[ \t]*(?=\n)"), "\n"),
    ("__", re.compile(r"__[A-Z]{3,}__"), ""),
    ("\n", re.compile(r"\n[*#:;]+[ \t]*"), "\n"),
]
_TEMPLATE = re.compile(rf"\{{\{{[^{{}}{BETWEEN}]*\}}\}}")
# Signs of web pages and of code, whatever the language.
_SIGNS = re.compile(r"[{}<>©®]")
_PHRASES = [
    *("http://", "https://", "www.", "javascript", "JavaScript", "Javascript"),
    *("cookie", "Cookie", "Lorem"),
]


def plain(text: str) -> str:
    """Text without mark-up of wikis and HTML, in NFC; documents stay apart."""
    text = f"\n{text}\n".replace("\r", "\n")
    if "&" in text:
        text = html.unescape(text)
    for _ in range(4):  # templates stand within templates
        if "{{" not in text:
            break
        text = _TEMPLATE.sub("", text)
    for mark, pattern, instead in _BLOCK:
        if mark in text:
            text = pattern.sub(instead, text)
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return text[1:]


@cache
def classes(script: str) -> np.ndarray:
    """The class of each code point (KNOWN,) for a script, by the first word of Unicode's names.

    Letters and marks are of the script, of another one, or (marks of all scripts) of neither.
    """
    table = np.zeros(KNOWN, dtype=np.uint8)
    for code in range(KNOWN):
        character = chr(code)
        kind = unicodedata.category(character)[0]
        if kind in "LM":
            first = unicodedata.name(character, "").partition(" ")[0]
            neither = kind == "M" and first in ("COMBINING", "VARIATION", "ZERO")
            table[code] = OWN if first == script.upper() else 0 if neither else OTHER
        else:
            table[code] = {"N": DIGIT, "Z": BLANK, "P": SIGN, "S": SIGN}.get(kind, 0)
    table[[9, 10]] = BLANK
    return table


class Counts:
    """What the lines of a batch hold; every array is (lines,)."""

    def __init__(self, text: str, script: str) -> None:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        kinds = classes(script)[np.minimum(codes, KNOWN - 1)]
        ends = np.flatnonzero(codes == 10)
        starts = np.concatenate([[0], ends[:-1] + 1])

        def count(found: np.ndarray) -> np.ndarray:
            return np.add.reduceat(found, starts, dtype=np.int32)

        self.own, self.other = count(kinds == OWN), count(kinds == OTHER)
        self.digits, self.signs = count(kinds == DIGIT), count(kinds == SIGN)
        self.bars = count((codes == ord("|")) | (codes == 9))
        self.words = count(kinds == BLANK)  # the end of the line is one
        last = codes[np.maximum(ends - 1, 0)]
        self.ended = np.isin(last, np.array([ord(mark) for mark in ENDS], dtype=np.uint32))
        self.starts = starts


def verdicts(text: str, counts: Counts) -> np.ndarray:
    """For each line the number of the filter that drops it, from 1; 0 for one that stays."""
    letters = counts.own + counts.other
    found = np.zeros(len(counts.starts), dtype=np.uint8)
    boiled = np.zeros(len(found), dtype=bool)
    places = [match.start() for pattern in _boilerplate(text) for match in pattern.finditer(text)]
    boiled[np.searchsorted(counts.starts, places, side="right") - 1] = True
    faults = (
        (counts.bars >= 3) | (counts.digits + counts.signs > letters),
        counts.other > counts.own,
        ~counts.ended & (counts.words < FRAGMENT),
        boiled,
    )
    for number, fault in reversed(list(enumerate(faults, 1))):
        found[fault] = number
    return found


def _boilerplate(text: str) -> list[re.Pattern[str]]:
    """What to look for; one pattern a phrase, since alternatives are searched slowly."""
    return [_SIGNS, *(re.compile(re.escape(phrase)) for phrase in _PHRASES if phrase in text)]


def documents(texts: Iterable[str], *, script: str, report: Counter[str]) -> Iterator[list[str]]:
    """The clean lines of each document; one of which nothing is left is counted and not yielded.

    The counts add up: lines = empty_lines + those of each filter + kept_lines.
    """
    for batch in _batches(texts, report):
        before = len(batch)
        text = plain(batch)
        report["markup_characters"] += max(0, before - len(text) + 1)
        counts = Counts(text, script)
        report["letters"] += int(counts.own.sum() + counts.other.sum())
        report["letters_of_other_scripts"] += int(counts.other.sum())
        yield from _kept(text, verdicts(text, counts), report)


def _batches(texts: Iterable[str], report: Counter[str]) -> Iterator[str]:
    """Documents as strings of about BATCH characters, a mark between them."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        report["documents"] += 1
        waiting.append(text.replace(BETWEEN, " ") if BETWEEN in text else text)
        size += len(text)
        if size > BATCH:
            yield f"\n{BETWEEN}\n".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield f"\n{BETWEEN}\n".join(waiting)


def _kept(text: str, faults: np.ndarray, report: Counter[str]) -> Iterator[list[str]]:
    lines = text[:-1].split("\n")
    document: list[str] = []
    for line, fault in zip(lines, faults.tolist(), strict=True):
        if line == BETWEEN:
            if document:
                yield document
            report["empty_documents"] += not document
            document = []
            continue
        report["lines"] += 1
        line = " ".join(line.split())
        if not line:
            report["empty_lines"] += 1
        elif fault:
            report[FILTERS[fault - 1]] += 1
        else:
            report["kept_lines"] += 1
            document.append(line)
    if document:
        yield document
    report["empty_documents"] += not document


def wrong_script(report: Counter[str] | dict[str, Any]) -> float:
    """The share of letters that are of other scripts."""
    return report["letters_of_other_scripts"] / max(1, report["letters"])
