"""Distances of twins, the measures of word order, and the proof sheet."""

from __future__ import annotations

import csv
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kin import random_tree
from tests.micro import arguments, data_of
from tests.unit.test_syntax import CATS, model
from twinlang import distances, transforms, word_order
from twinlang.cli import UserError
from twinlang.forest import forest
from twinlang.steps import measure_distances, syntax_report
from twinlang.trees import conllu


def twin(lengths: list[list[int]], steps: list[Any]) -> Any:
    return transforms.apply(data_of(lengths), steps, vocabulary=50, seed=0)


def test_distances_of_known_twins() -> None:
    lengths = [[1] * 12, [1], [2, 3], []]
    same, inverse = (twin(lengths, [step]) for step in ("transliteration", "inversion"))
    assert np.nanmean(distances.kendall(same)) == 1 and distances.neighbours_kept(same) == 1
    assert np.nanmean(distances.kendall(inverse)) == -1 and distances.neighbours_kept(inverse) == 0
    assert np.isnan(distances.kendall(same)).tolist() == [False, True, False, True]


@given(lengths=st.lists(st.lists(st.integers(1, 3), max_size=6), min_size=1, max_size=4))
def test_kendall_is_that_of_its_pairs(lengths: list[list[int]]) -> None:
    found = twin(lengths, ["permutation"])
    for number, tau in enumerate(distances.kendall(found)):
        places = found.columns["positions"][found.offsets[number] : found.offsets[number + 1]]
        pairs = [np.sign(int(b) - int(a)) for a, b in combinations(places, 2)]
        assert (np.isnan(tau) and not pairs) or tau == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize("fraction", [0.0, 1 / 3, 0.5, 1.0])
def test_overlap_is_that_of_the_paper(fraction: float) -> None:
    table = transforms.respelling([{"transliteration": {"fraction": fraction}}], 3005, seed=0)
    assert distances.overlap(table) == pytest.approx((1 - fraction) / (1 + fraction), abs=1e-3)


@pytest.mark.parametrize("name, parameter", [("shuffle", "window"), ("reversal", "block")])
def test_pieces_stay_in_their_window(name: str, parameter: str) -> None:
    for size in (1, 3, 5, 10):
        found = twin([[1] * 23, [2, 2]], [{name: {parameter: size}}])
        assert (found.local() // size == found.columns["positions"] // size).all()
    with pytest.raises(UserError, match=f"{parameter} 0 is not positive"):
        twin([[1]], [{name: {parameter: 0}}])


def test_blocks_are_read_backwards() -> None:
    found = twin([[1] * 7], [{"reversal": {"block": 3}}])
    assert found.columns["positions"].tolist() == [2, 1, 0, 5, 4, 3, 6]


def test_windows_are_shuffled() -> None:
    found = twin([[1] * 9] * 500, [{"shuffle": {"window": 3}}]).columns["positions"].reshape(-1, 9)
    seen = {tuple(row) for row in (found[:, 3:6] % 3).tolist()}
    assert len(seen) == 6 and 0.1 < (found[:, 0] == 0).mean() < 0.6


def test_the_step_measures_every_twin(study: Any, tmp_path: Path) -> None:
    twins = [["inversion"], ["inversion", "transliteration"]]
    cells = [["en", "inversion"], ["en", "both"]]
    flags = arguments(cells=cells, output=tmp_path / "d.csv")
    measure_distances.main([*flags, "--corpora", *(str(study.corpus(t)) for t in twins)])
    one, other = csv.DictReader((tmp_path / "d.csv").read_text().splitlines())
    assert one["twin"] == "inversion" and float(one["kendall_tau"]) == -1
    assert (one["overlap"], other["overlap"]) == ("100.00", "0.00")


def test_measures_of_word_order() -> None:
    found = word_order.measures(forest(word_order.encoded([CATS], "x")))
    assert found["objects after the verb"] == (100, 1)
    assert found["subjects after the verb"] == (0, 1)
    assert found["adjectives after the noun"] == (0, 1)
    assert found["dependents after their head"] == (pytest.approx(100 / 3), 3)
    assert found["mean dependency length"] == (pytest.approx(4 / 3), 3)
    assert np.isnan(found["genitives after the noun"][0])


@given(size=st.integers(1, 9), seed=st.integers(0, 99))
def test_a_reordered_tree_is_the_same_tree(size: int, seed: int) -> None:
    tree = random_tree([f"w{n}" for n in range(size)], seed)
    order = np.random.default_rng(seed).permutation(size).tolist()
    found = word_order.reordered(tree, order)
    parents = {
        w: tree.words[h - 1] if h else "" for w, h in zip(tree.words, tree.heads, strict=True)
    }
    again = {
        w: found.words[h - 1] if h else "" for w, h in zip(found.words, found.heads, strict=True)
    }
    assert parents == again and sorted(found.upos) == sorted(tree.upos)


def test_the_proof_sheet(tmp_path: Path) -> None:
    files = model(tmp_path, **{"amod @": 9.0, "nsubj punct": 9.0, "@ punct": 9.0})
    source, target = tmp_path / "en.conllu", tmp_path / "fr.conllu"
    source.write_text(conllu(CATS) * 5, encoding="utf-8")
    target.write_text(conllu(word_order.reordered(CATS, [2, 3, 1, 0, 4])) * 3, encoding="utf-8")
    given = {"nouns": "fr", "verbs": "fr", "own": "en"}
    twins = {"syntax": [{"syntax": given}], "nv": [{"syntax": {**given, "nouns": "en"}}]}
    flags = {"source": source, "twins": twins, "seed": 0, "lang": "en"}
    out = {"target_langs": ["fr", "en"], "csv": tmp_path / "en.csv", "figure": tmp_path / "en.svg"}
    ends = ["--targets", str(target), str(source)]
    syntax_report.main([*arguments(**flags, **out), "--files", *files, *ends])
    rows = list(csv.DictReader((tmp_path / "en.csv").read_text().splitlines()))
    assert {(row["variant"], row["follows"]) for row in rows} == {
        ("syntax", "fr"),
        ("nv", "en (nouns), fr (verbs)"),
    }
    other = {row["measure"]: row for row in rows if row["variant"] == "nv"}
    assert other["adjectives after the noun"]["target"] == "0.000"  # of English, its own
    sheet = {row["measure"]: row for row in rows if row["variant"] == "syntax"}
    objects = sheet["objects after the verb"]
    assert [objects[side] for side in ("source", "twin", "target")] == ["100.000", "0.000", "0.000"]
    assert (objects["n_source"], objects["n_target"]) == ("5", "3")
    assert sheet["genitives after the noun"]["twin"] == ""
    assert float(sheet["dependents of verbs of unseen label"]["source"]) == 100
    assert sheet["sentences that the published filters drop"]["source"] == "0.000"
    assert -1 <= float(sheet["kendall tau to the source"]["twin"]) < 1
    picture = (tmp_path / "en.svg").read_text()
    assert (
        picture.startswith("<svg") and "objects after the verb" in picture and "nan" not in picture
    )
    target.write_text("")
    with pytest.raises(UserError, match="fr.conllu has no trees"):
        syntax_report.main([*arguments(**flags, **out), "--files", *files, *ends])
