"""The command `twinlang`: every step by its name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from twinlang import __main__ as command


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["twinlang", *arguments])
    command.main()


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_every_step_is_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    called(monkeypatch, *arguments)
    told = capsys.readouterr().out
    for step in {"export", "import", "derive", *command.steps()} - {"import_model"}:
        assert f"\n  {step} " in told, step


@pytest.mark.parametrize("name", ["export", "import", "encode-task", "encode_task"])
def test_a_step_explains_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        called(monkeypatch, name, "--help")
    assert not stopped.value.code
    assert f"usage: twinlang {name}" in capsys.readouterr().out


def test_a_step_runs_and_its_faults_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as stopped:
        called(monkeypatch, "import-tokenizer", "--folder", str(tmp_path), "--output", "x/t.json")
    assert str(stopped.value.code).startswith(f"error: {tmp_path}/tokenizer.json is missing; save")


def test_what_is_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, hint in (("exprot", "did you mean export?"), ("xyz", "--help lists them")):
        with pytest.raises(SystemExit, match=f"no command '{name}'; .*{hint}".replace("?", r"\?")):
            called(monkeypatch, name)
