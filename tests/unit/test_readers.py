"""The forms of a data folder: trees, answers and every bad input."""

from __future__ import annotations

import gzip
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.folder import meanings, text, write
from tests.reading import corpus, fails, items, trees
from twinlang.sources import files


def squad(context: str, *answers: tuple[str, int], name: str = "q") -> str:
    found = [{"text": answer, "answer_start": start} for answer, start in answers]
    qas = [{"id": name, "question": "Bo?", "answers": [answer]} for answer in found]
    return json.dumps({"data": [{"paragraphs": [{"context": context, "qas": qas}]}]})


def test_answers_keep_their_place_in_nfc(tmp_path: Path) -> None:
    context = unicodedata.normalize("NFD", "Élu été\nNoé dort à côté.")
    answer = unicodedata.normalize("NFD", "Noé")
    write(tmp_path / "qa/en/dev.json", squad(context, (answer, context.index(answer))))
    (record,), _ = items(tmp_path, "qa")
    found = record["answers"][0]
    assert record["context"] == "Élu été\nNoé dort à côté."
    assert record["context"][found["start"] :].startswith(found["text"]) and found["text"] == "Noé"


def test_a_wrong_answer_is_counted(tmp_path: Path) -> None:
    answers = [("bo", 0)] * 39 + [("bo", 1)]
    write(tmp_path / "qa/en/dev.json", squad("bo di lu", *answers))
    found, report = items(tmp_path, "qa")
    assert len({record["id"] for record in found}) == len(found) == 39
    assert report["answers_not_in_context"] == 1 and report["without_answer"] == 1


def test_an_empty_answer_is_none(tmp_path: Path) -> None:
    write(tmp_path / "qa/en/dev.json", squad("bo di lu", ("", 0), ("di", 3)))
    found, report = items(tmp_path, "qa")
    assert len(found) == 1 and report["without_answer"] == 1
    assert report["answers_not_in_context"] == 0


ROW = "{}\t{}\t_\t{}\t_\t_\t{}\t{}\t_\t{}\n"


def test_trees_leave_out_ranges_and_empty_nodes(tmp_path: Path) -> None:
    content = (
        ROW.format("1-2", "du", "_", "_", "_", "_")
        + ROW.format(1, "de", "ADP", 3, "case", "_")
        + ROW.format(2, "le", "DET", 3, "det", "_")
        + ROW.format(3, "bo", "NOUN", 0, "root", "SpaceAfter=No")
        + ROW.format("3.1", "fait", "VERB", "_", "_", "_")
        + ROW.format(4, ".", "PUNCT", 3, "punct", "_")
    )
    empty = ROW.format(1, "", "PUNCT", 0, "root", "_")
    write(
        tmp_path / "trees/en/dev.conllu", f"# text = x\n{empty}\n{content}\n# text = y\n{content}"
    )
    (first, second), report = trees(tmp_path)
    assert first.words == ["de", "le", "bo", "."] and first.heads == [3, 3, 0, 3]
    assert first.relations == ["case", "det", "root", "punct"] and first.entities == []
    assert first.upos == ["ADP", "DET", "NOUN", "PUNCT"]
    assert first.tokens == [("du", 2), ("bo", 1), (".", 1)]
    assert (first.text, second.text) == ("du bo.", "y")
    assert (report["multiword_ranges"], report["empty_nodes"], report["words"]) == (2, 2, 8)
    assert (report["read"], report["without_form"], report["kept"]) == (3, 1, 2)


@pytest.mark.parametrize(
    ("rows", "line", "word"),
    [
        ([(1, "a", "X", 2, "dep"), (2, "b", "X", 1, "dep"), (3, "c", "X", 0, "root")], 1, "cycle"),
        ([(1, "a", "X", 0, "root"), (2, "b", "X", 2, "dep")], 2, "cycle"),
        ([(1, "a", "X", 0, "root"), (2, "b", "X", 0, "root")], 2, "second root"),
        ([(1, "a", "X", 0, "root"), (2, "b", "X", "_", "dep")], 2, "no head"),
        ([(1, "a", "X", 0, "root"), (2, "b", "X", 5, "dep")], 2, "head 5"),
        ([(1, "a", "X", 0, "root"), (3, "b", "X", 1, "dep")], 2, "not 2"),
        ([(1, "a", "X", 0, "root"), ("x", "b", "X", 1, "dep")], 2, "'x'"),
        ([(1, "a", "NN", 0, "root")], 1, "ADJ ADP"),
    ],
)
def test_bad_trees_are_refused(tmp_path: Path, rows: Any, line: int, word: str) -> None:
    good = ROW.format(1, "bo", "NOUN", 0, "root", "_")
    bad = "".join(ROW.format(*row, "_") for row in rows)
    write(tmp_path / "trees/en/dev.conllu", f"{good}\n{bad}\n")
    fails(lambda: trees(tmp_path), f"dev.conllu:{line + 2} ", word)


def test_a_row_of_too_few_columns_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "trees/en/dev.conllu", "1\tbo\tNOUN\n")
    fails(lambda: trees(tmp_path), "dev.conllu:1 ", "3 columns")


def test_a_missing_folder_or_file_names_the_key(tmp_path: Path) -> None:
    fails(lambda: corpus(tmp_path / "no"), str(tmp_path / "no"), "not a folder", "`data`")
    fails(lambda: files.files({}, lang="en", kind="pos", split="dev"), "`data`")
    fails(lambda: corpus(tmp_path), "text/en/main.txt, .gz or .xz", "`data`")
    fails(lambda: items(tmp_path, "qa"), "qa/en/dev.json", "`data`")
    fails(lambda: items(tmp_path, "retrieval"), "retrieval/en.tsv", "`data`")
    fails(lambda: trees(tmp_path), "trees/en/dev.conllu", "`data`")


def test_a_wrong_name_is_refused(tmp_path: Path) -> None:
    fails(lambda: items(tmp_path, "chess"), "'chess'", "pos, ner, nli, qa, retrieval")
    fails(lambda: items(tmp_path, "pos", split="test"), "'test'", "train and dev")
    fails(lambda: items(tmp_path, "retrieval", split="train"), "dev only")
    fails(lambda: corpus(tmp_path, split="c"), "'c'")


def test_two_compressions_of_one_file_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "text/en/main.txt", "Bo di lu.\n")
    write(tmp_path / "text/en/main.txt.gz", "Bo di lu.\n")
    fails(lambda: corpus(tmp_path), "main.txt.gz", "remove one")


@pytest.mark.parametrize("compression", ["", ".gz"])
@pytest.mark.parametrize(
    ("bad", "parts"),
    [
        (b"caf\xe9 bo\n", (":3 ", "not UTF-8", "byte 0xe9 at 4", "iconv")),
        (b"bo\0di\n", (":3 ", "NUL")),
    ],
)
def test_bytes_that_are_no_text_are_refused(
    tmp_path: Path, compression: str, bad: bytes, parts: tuple[str, ...]
) -> None:
    path = tmp_path / f"text/en/main.txt{compression}"
    path.parent.mkdir(parents=True)
    content = b"Bo di lu.\nMa.\n" + bad
    path.write_bytes(gzip.compress(content) if compression else content)
    fails(lambda: corpus(tmp_path), path.name, *parts)


@pytest.mark.parametrize("ending", [".gz", ".xz"])
def test_a_damaged_file_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"text/en/main.txt{ending}"
    write(path, "".join(f"{text('en', meaning)}\n" for meaning in meanings("x", 500)))
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"not packed at all"):
        path.write_bytes(broken)
        fails(lambda: corpus(tmp_path), path.name, "damaged", "copy it anew")
    path.write_bytes(whole[:200] + bytes([whole[200] ^ 255]) + whole[201:])
    fails(lambda: corpus(tmp_path), path.name)


@pytest.mark.parametrize(
    ("task", "content", "parts"),
    [
        ("pos", "bo\tNOUN\ndi\n", (":2 ", "word TAB label")),
        ("pos", "bo\tNOUN\n\tVERB\n", (":2 ", "word TAB label")),
        ("pos", "bo\tNOUN\tx\n", (":1 ", "word TAB label")),
        ("pos", "bo\tNOUN\n\nlu\tNN\n", (":3 ", "'NN'", "ADJ ADP", "X")),
        ("ner", "bo\tB-MISC\n", (":1 ", "'B-MISC'", "B-PER")),
        ("nli", "bo\tdi\tentailment\n", (":1 ", "premise TAB hypothesis TAB label")),
        ("nli", "premise\thypothesis\tlabel\nbo\tdi\n", (":2 ", "2 columns", "3")),
        ("nli", "premise\thypothesis\tlabel\nbo\t\tneutral\n", (":2 ", "empty 'hypothesis'")),
        ("nli", "premise\thypothesis\tlabel\nbo\tdi\tyes\n", (":2 ", "'yes'", "entailment")),
    ],
)
def test_bad_rows_are_refused(
    tmp_path: Path, task: str, content: str, parts: tuple[str, ...]
) -> None:
    write(tmp_path / f"{task}/en/dev.tsv", content)
    fails(lambda: items(tmp_path, task), f"{task}/en/dev.tsv", *parts)


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ('{"data": [\n{"paragraphs": [}\n', (":2 ", "not JSON")),
        ("", (":1 ", "not JSON")),
        ("[1]", ("'data'", "SQuAD")),
        ('{"data": [{}]}', ("data[0]", "'paragraphs'")),
        ('{"data": [{"paragraphs": [{"qas": []}]}]}', ("paragraphs[0]", "'context'")),
        (
            squad("bo", ("bo", 0)).replace('"answer_start": 0', '"answer_start": "0"'),
            ("answers[0]",),
        ),
        (squad("bo\0di", ("bo", 0)), ("'context'", "NUL")),
        (squad("bo\ud800", ("bo", 0)), ("'context'", "surrogate")),
        (squad("bo di", *[("bo", 0)] * 9, ("bo", -5)), ("1 of 10 answers", "'Bo?'")),
        (squad("bo di", *[("bo", 0)] * 9, ("bo", 3)), ("1 of 10 answers",)),
    ],
)
def test_bad_questions_are_refused(tmp_path: Path, content: str, parts: tuple[str, ...]) -> None:
    write(tmp_path / "qa/en/dev.json", content)
    fails(lambda: items(tmp_path, "qa"), "qa/en/dev.json", *parts)
