"""What all steps share: outputs that are whole or absent, and one sentence for a fault."""

from __future__ import annotations

import builtins
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from twinlang import cli
from twinlang.cli import UserError, run, write_json, write_lines, writing


def message(fault: BaseException) -> str:
    """What `run` says, and that it ends with an error."""

    def main(_: list[str] | None) -> None:
        raise fault

    with pytest.raises(SystemExit) as caught:
        run(main)
    text = str(caught.value.code)
    assert text.startswith("error: ") and "\n" not in text
    return text


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new/folder/a.txt"
    with writing(path) as handle:
        handle.write("é\n")
        assert not path.exists()
    assert path.read_bytes() == "é\n".encode() and os.listdir(path.parent) == ["a.txt"]


@pytest.mark.parametrize("fault", [UserError("no"), KeyboardInterrupt(), SystemExit(1)])
def test_a_failed_block_leaves_nothing_behind(tmp_path: Path, fault: BaseException) -> None:
    def half(mode: str) -> None:
        with writing(tmp_path / "a", mode) as handle:
            handle.write("half" if mode == "w" else b"half")
            raise fault

    for mode in ("w", "wb"):
        with pytest.raises(type(fault)):
            half(mode)
        assert not list(tmp_path.iterdir())
    (tmp_path / "a").write_text("before")
    with pytest.raises(type(fault)):
        half("w")
    assert os.listdir(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "before"


def test_a_value_that_is_no_json_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        write_json(tmp_path / "a.json", {"value": float("nan")})
    with pytest.raises(TypeError):
        write_lines(tmp_path / "a.jsonl", [{}, {"value": object()}])
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_one_sentence_with_the_files_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.open
    monkeypatch.setattr(
        cli, "open", lambda _, *rest, **more: real("/dev/full", *rest, **more), raising=False
    )
    for write in (write_json, write_lines):
        with pytest.raises(OSError) as caught:
            write(tmp_path / "a.json", [{"value": "x" * 100_000}])
        assert caught.value.errno == errno.ENOSPC
        assert f"the disk is full while writing {tmp_path / 'a.json'}; free some" in message(
            caught.value
        )
    assert not list(tmp_path.iterdir())


def test_a_full_disk_without_a_name() -> None:
    assert "while writing a file;" in message(OSError(errno.ENOSPC, "No space left on device"))


def test_other_faults_are_one_sentence() -> None:
    assert message(UserError("config.yaml: no")) == "error: config.yaml: no"
    assert "out of memory; give the rule more" in message(MemoryError())
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 48)
    assert "out of memory; try a smaller micro-batch" in message(caught.value)
    assert "gone.txt" in message(FileNotFoundError(2, "No such file or directory", "gone.txt"))
    with pytest.raises(RuntimeError, match="a bug"):
        run(lambda _: (_ for _ in ()).throw(RuntimeError("a bug")))


def test_lines_come_back_and_a_broken_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    assert write_lines(path, [{"a": "é\u2028"}, {"a": 2}]) == 2
    assert cli.read_lines(path) == [{"a": "é\u2028"}, {"a": 2}]
    path.write_text('{"a": 1}\n{"a":\n')
    with pytest.raises(UserError, match="a.jsonl:2 is not JSON"):
        cli.read_lines(path)


@pytest.mark.parametrize("name", ["derive", "pretrain"])
def test_a_step_explains_itself(name: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    command = [sys.executable, "-m", f"twinlang.steps.{name}"]
    shown = subprocess.run([*command, "--help"], capture_output=True, text=True, env=environment)
    assert shown.returncode == 0 and len(shown.stdout.splitlines()) > 10
    if name == "derive":
        flags = [
            "--input",
            "gone.arrow",
            "--steps",
            '["inversion"]',
            "--seed",
            "0",
            "--output",
            "x",
        ]
        failed = subprocess.run([*command, *flags], capture_output=True, text=True, env=environment)
        assert failed.returncode == 1
        assert failed.stderr == "error: gone.arrow is missing; run the rule that writes it\n"
