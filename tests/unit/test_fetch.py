"""The steps fetch_corpus and fetch_task: outputs, reports, and nothing left by a bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.folder import write, write_folder
from twinlang.cli import UserError
from twinlang.steps import fetch_corpus, fetch_task


def flags(folder: Path, output: Path, **more: Any) -> list[str]:
    settings = {"source": "files", "folder": str(folder), **more.pop("settings", {})}
    named = {"settings": json.dumps(settings), "lang": "en", **more}
    named |= {"output": output, "report": output.with_suffix(".report.json")}
    return [str(part) for name, value in named.items() for part in (f"--{name}", value)]


def test_fetch_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(tmp_path / "data", ("en",), sentences=40, items=3)
    output = tmp_path / "out/a.txt"
    more = {"domain": "main", "split": "a", "settings": {"sentences": 1000, "shortest": 3}}
    fetch_corpus.main(flags(tmp_path / "data", output, **more))
    report = json.loads(output.with_suffix(".report.json").read_text())
    assert len(output.read_text().splitlines()) == report["kept"] > 0
    assert report["asked"] == 1000 and report["missing"] == 1000 - report["kept"]
    assert (report["lang"], report["domain"], report["split"]) == ("en", "main", "a")
    assert "fewer than the 1000" in capsys.readouterr().err


def test_fetch_task(tmp_path: Path) -> None:
    write_folder(tmp_path / "data", ("en", "hi"), sentences=4, items=9)
    for task in ("pos", "ner", "nli", "qa", "retrieval"):
        output = tmp_path / f"out/{task}.jsonl"
        fetch_task.main(flags(tmp_path / "data", output, task=task, split="dev"))
        records = [json.loads(line) for line in output.read_text().splitlines()]
        report = json.loads(output.with_suffix(".report.json").read_text())
        assert len(records) == report["kept"] == report["read"] > 0
        assert report["task"] == task and report["source"] == "files"


@pytest.mark.parametrize("content", ["", "\n\n", "Bo.\nDi.\n"])
def test_an_empty_corpus_leaves_nothing(tmp_path: Path, content: str) -> None:
    write(tmp_path / "data/text/en/main.txt", content)
    more = {"domain": "main", "split": "a", "settings": {"shortest": 3}}
    with pytest.raises(UserError, match="corpus en/main/a is empty .*main.txt"):
        fetch_corpus.main(flags(tmp_path / "data", tmp_path / "out/a.txt", **more))
    assert not list((tmp_path / "out").iterdir())


def test_an_empty_task_leaves_nothing(tmp_path: Path) -> None:
    write(tmp_path / "data/pos/en/dev.tsv", "\n")
    with pytest.raises(UserError, match="task en/pos/dev has no examples"):
        fetch_task.main(flags(tmp_path / "data", tmp_path / "out/a", task="pos", split="dev"))
    assert not list((tmp_path / "out").iterdir())


def test_a_fault_late_in_the_file_leaves_nothing(tmp_path: Path) -> None:
    write(tmp_path / "data/pos/en/dev.tsv", "bo\tNOUN\n\n" * 500 + "bo\tNN\n")
    with pytest.raises(UserError, match=r"dev.tsv:1001 "):
        fetch_task.main(flags(tmp_path / "data", tmp_path / "out/a", task="pos", split="dev"))
    assert not list((tmp_path / "out").iterdir())


def test_an_unknown_source_is_refused(tmp_path: Path) -> None:
    more = {"domain": "main", "split": "a", "settings": {"source": "moon"}}
    with pytest.raises(UserError, match="'moon'.*files"):
        fetch_corpus.main(flags(tmp_path, tmp_path / "a.txt", **more))


def test_the_command_line_ends_in_one_sentence(tmp_path: Path) -> None:
    call = [sys.executable, "-m", "twinlang.steps.fetch_task"]
    done = subprocess.run(
        [*call, *flags(tmp_path / "none", tmp_path / "a", task="pos", split="dev")],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ") and "is not a folder" in done.stderr
