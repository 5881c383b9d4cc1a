"""The step derive, and what it computes held fast in a golden file.

A change of meaning must be said in versions.py, or finished studies keep stale twins. After that,
`python -m tests.unit.test_derive` writes the golden file anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kin import models, step_of, with_trees
from tests.micro import Study, data_of, step
from twinlang import sentences, transforms
from twinlang.cli import UserError, write_json
from twinlang.sentences import dataset_key
from twinlang.steps import derive
from twinlang.versions import VERSIONS

GOLDEN = Path(__file__).parents[1] / "golden/derive.json"
TWINS: list[list[Any]] = [
    ["inversion"],
    [{"inversion": {"unit": "word"}}],
    ["permutation"],
    [{"permutation": {"unit": "word"}}],
    ["transliteration"],
    [{"transliteration": {"fraction": 0.5}}],
    ["inversion", "transliteration"],
    ["permutation", "transliteration"],
    [{"shuffle": {"window": 3}}],
    [{"reversal": {"block": 3}}],
    [step_of("syntax"), "transliteration"],
    [step_of("syntax", draw="best", punctuation="stays")],
]


def computed() -> dict[str, Any]:
    """Pieces of three fixed sentences in every twin, under two seeds."""
    keys = [dataset_key(f"en/main/a|{number}") for number in range(3)]
    data = with_trees(data_of([[1, 2, 1, 1], [3], [1, 1, 2, 1, 2]], keys=keys))
    more: dict[str, Any] = {"vocabulary": 50, "files": models()}
    found = {
        f"{json.dumps(twin)} {seed}": transforms.apply(data, twin, seed=seed, **more)
        for twin in TWINS
        for seed in (0, 1)
    }
    pieces = {name: " ".join(map(str, twin.pieces)) for name, twin in found.items()}
    return {"version": VERSIONS["derive"], "pieces": pieces}


@pytest.mark.parametrize(
    "steps, told",
    [
        ({"shuffle": 3}, "steps must be a list"),
        ([{"shuffle": {}, "inversion": {}}], "a step is a name or"),
        (["invrsion"], "no transform 'invrsion'; did you mean inversion"),
        ([{"shuffle": {"windw": 3}}], "no parameter 'windw'; did you mean window"),
        (["syntax"], "'nouns' is missing; the configuration takes it from syntax_target"),
    ],
)
def test_steps_given_by_hand_are_checked(steps: Any, told: str) -> None:
    with pytest.raises(UserError, match=told):
        derive.main(["--input", "x", "--seed", "0", "--output", "y", "--steps", json.dumps(steps)])


def test_meaning_has_not_drifted() -> None:
    golden, found = json.loads(GOLDEN.read_text()), computed()
    changed = [name for name, pieces in golden["pieces"].items() if found["pieces"][name] != pieces]
    remedy = "`python -m tests.unit.test_derive` writes the golden file anew"
    assert not changed or golden["version"] != VERSIONS["derive"], (
        f"{changed} are derived differently: add 1 to derive in twinlang/versions.py; then {remedy}"
    )
    assert golden == found, f"derive has a new version; {remedy}"


def test_step_writes_a_twin_that_can_be_read(study: Study, tmp_path: Path) -> None:
    orig = sentences.read(study.corpus([]))
    twin = ["inversion", {"transliteration": {"fraction": 0.5}}]
    step("derive", input=study.corpus([]), steps=twin, seed=7, output=tmp_path / "b.arrow")
    found = sentences.read(tmp_path / "b.arrow")
    vocabulary = orig.metadata["vocabulary"]
    expected = transforms.apply(orig, twin, vocabulary=vocabulary, seed=7)
    assert (found.pieces == expected.pieces).all()
    assert (found.columns["positions"] == expected.columns["positions"]).all()
    assert (found.keys == orig.keys).all() and (found.items == orig.items).all()
    assert found.metadata == {**orig.metadata, "twin": twin, "twin_seed": 7}


def test_batches_of_a_file_do_not_matter(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sentences.read(study.corpus(["permutation"]))
    monkeypatch.setattr(sentences, "BATCH", 17)
    orig = sentences.read(study.corpus([]))
    pieces = (orig.take(slice(n, n + 17)) for n in range(0, len(orig), 17))
    sentences.write(tmp_path / "a.arrow", pieces)
    step("derive", input=tmp_path / "a.arrow", steps=["permutation"], seed=0, output=tmp_path / "b")
    found = sentences.read(tmp_path / "b")
    assert len(list(sentences.batches(tmp_path / "b"))) > 3
    assert (found.pieces == whole.pieces).all() and (found.offsets == whole.offsets).all()


if __name__ == "__main__":
    write_json(GOLDEN, computed())
