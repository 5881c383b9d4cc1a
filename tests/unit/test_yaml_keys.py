"""Keys that stand twice are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinlang import yaml_keys
from twinlang.cli import UserError

PROJECT = Path(__file__).parents[2]


def test_the_projects_own_files_are_sound() -> None:
    yaml_keys.check([PROJECT / "config.yaml", *(PROJECT / "config").glob("*.yaml")])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a: 1\nb: {c: 1}\na: 2\n", "x.yaml:3: the key `a` stands in line 1 already; keep one"),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "x.yaml:4: the key `b` stands in line 2 already"),
        ("a: [1\n", "x.yaml is no YAML: while parsing .* mend it"),
    ],
)
def test_a_key_twice(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(UserError, match=expected):
        yaml_keys.check([tmp_path / "x.yaml"])
