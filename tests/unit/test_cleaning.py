"""Text of wikis and of the web to clean lines: what is taken out, and that counts add up."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.hub_data import jsonl
from tests.micro import arguments
from twinlang import cleaning
from twinlang.steps import clean_text

GOOD = "This is a sentence of seven words."


def clean(*texts: str, script: str = "Latin") -> tuple[list[list[str]], Counter[str]]:
    report: Counter[str] = Counter()
    return list(cleaning.documents(texts, script=script, report=report)), report


def added_up(report: Counter[str]) -> bool:
    parts = [report[name] for name in (*cleaning.FILTERS, "empty_lines", "kept_lines")]
    return report["lines"] == sum(parts)


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "The '''bold''' [[house|houses]] of [[Rome]] are old.",
            "The bold houses of Rome are old.",
        ),
        ("It rained{{cite|a={{b}}}} all day<ref name=x>no</ref> long.", "It rained all day long."),
        ("Salt &amp; pepper<br/>are on the table.", "Salt & pepper are on the table."),
        ("* See [http://a.b/c the page] for more of it.", "See the page for more of it."),
        ("[[File:a.png|thumb|x]]It shows what it shows today.", "It shows what it shows today."),
        ("Il e\u0301tait une fois un petit chat.", "Il \u00e9tait une fois un petit chat."),
        (f"{{| class=x\n| a || b\n|}}\n{GOOD}", GOOD),
        (f"== Heading ==\n{GOOD}\n__NOTOC__", GOOD),
        (f"{GOOD}<!-- never\nshown -->", GOOD),
    ],
)
def test_mark_up_goes(text: str, expected: str) -> None:
    documents, report = clean(text)
    assert documents == [[expected]] and added_up(report)


@pytest.mark.parametrize(
    "line, name",
    [
        ("one | two | three | four.", "tables"),
        ("12 34 56 78 90 11 a b.", "tables"),
        ("Пояснение на другом языке, длинное.", "other_script"),
        ("Home News Contact", "fragments"),
        ("Please enable JavaScript to see this page of ours.", "boilerplate"),
        ("if (x) { return y; } else do nothing at all.", "boilerplate"),
        ("Read more about it on www.example.org or call us.", "boilerplate"),
    ],
)
def test_lines_that_are_no_text_go_and_are_counted(line: str, name: str) -> None:
    documents, report = clean(f"{GOOD}\n{line}\n\n{GOOD}")
    assert documents == [[GOOD, GOOD]]
    assert report[name] == 1 and added_up(report)


def test_documents_stay_apart_and_empty_ones_are_counted() -> None:
    documents, report = clean(GOOD, "x | y | z | w", f"{GOOD}\n{GOOD}")
    assert documents == [[GOOD], [GOOD, GOOD]]
    assert report["documents"] == 3 and report["empty_documents"] == 1 and added_up(report)


def test_batches_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{GOOD}\nNumber {n} has a <b>line</b> of its own.\na | b | c | d" for n in range(50)]
    whole = clean(*texts)
    monkeypatch.setattr(cleaning, "BATCH", 100)
    assert clean(*texts) == whole


@pytest.mark.parametrize(
    "script, line",
    [("Devanagari", "वह कल शाम को बाज़ार गया था।"), ("Arabic", "ذهب الولد إلى المدرسة في الصباح.")],
)
def test_scripts(script: str, line: str) -> None:
    documents, report = clean(f"{line}\n{GOOD}", script=script)
    assert documents == [[line]] and report["other_script"] == 1
    assert clean(f"{line}\n{GOOD}")[0] == [[GOOD]]


def run(folder: Path, texts: list[str], **settings: object) -> dict:
    """The step on one file; its report."""
    data = folder / "text.jsonl.gz"
    data.write_bytes(jsonl([{"text": text} for text in texts]))
    split = {"id": "a/text", "config": "x", "revision": "0" * 40, "licence": "mit"}
    split |= {"columns": {"text": "text"}, "files": [{"path": str(data), "name": data.name}]}
    (folder / "manifest.json").write_text(json.dumps({"text": split}))
    own = {"script": "Latin", "shortest": 3, "longest": 9, "boundary": "sentence", **settings}
    flags = {"manifest": folder / "manifest.json", "settings": own, "lang": "en", "shard": 0}
    output = folder / "0.txt"
    clean_text.main(arguments(**flags, output=output, report=folder / "0.report.json"))
    return json.loads((folder / "0.report.json").read_text())


def test_the_step_splits_and_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [f"{GOOD} Oh no. {GOOD}", "One two three four five six seven eight nine ten."]
    report = run(tmp_path, texts)
    assert (tmp_path / "0.txt").read_text() == f"{GOOD}\n{GOOD}\n\n"
    counts = [report[name] for name in ("sentences", "kept", "too_short", "too_long", "documents")]
    assert counts == [4, 2, 1, 1, 2] and report["share_of_script"] == 1
    assert report["set"] == "a/text x @ 000000000000" and not capsys.readouterr().err
    run(tmp_path, texts, boundary="line", longest=99)
    assert (tmp_path / "0.txt").read_text().splitlines() == [texts[0], "", texts[1], ""]


def test_the_wrong_script_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = run(tmp_path, [GOOD, "Это предложение написано не там."])
    assert report["share_of_script"] < 0.6
    assert "of the letters of a/text x @ 000000000000 are not Latin" in capsys.readouterr().err
