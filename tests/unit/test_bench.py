"""The benchmarks run, and say what they measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twinlang import forest, ordering
from twinlang.bench import __main__ as bench
from twinlang.bench import derive, syntax
from twinlang.cli import read_json
from twinlang.ordering import LABELS
from twinlang.word_order import encoded, reordered


def test_derive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "derive.json"
    bench.main(["derive", "--sentences", "50", "--repeat", "1", "--output", str(output)])
    lines = capsys.readouterr().out.splitlines()
    found = read_json(output)
    assert len(lines) == 1 + len(found["rows"]) == 6
    assert lines[0].split()[:2] == ["twin", "million_pieces_per_second"]
    assert found["benchmark"] == "derive" and found["repeat"] == 1 and found["versions"]["numpy"]
    for row in found["rows"]:
        assert row["million_pieces_per_second"] > 0 and row["peak_mib"] > 0 and row["baseline"]
        speeds = row["million_pieces_per_second"], row["baseline_million_pieces_per_second"]
        assert row["ratio"] == pytest.approx(speeds[0] / speeds[1])


def test_syntax(tmp_path: Path) -> None:
    output = tmp_path / "syntax.json"
    bench.main(["syntax", "--sentences", "50", "--repeat", "1", "--output", str(output)])
    cold, warm = read_json(output)["rows"]
    assert (cold["syntax"], warm["syntax"]) == ("cold", "warm")
    assert warm["thousand_sentences_per_second"] > 0 and warm["baseline"]


def test_the_baseline_of_syntax_moves_whole_subtrees() -> None:
    found = syntax.trees("en", 20)
    model = ordering.Ordering({k: np.zeros((LABELS, LABELS)) for k in ordering.KINDS})
    plain = syntax.Baseline({"nouns": model, "verbs": model}, found)
    for tree in found:
        order = plain.order(tree)
        assert sorted(order) == list(range(len(tree.words)))
        assert forest.projective(forest.forest(encoded([reordered(tree, order)], "x"))).all()


def test_the_baselines_compute_the_same_twins() -> None:
    data = derive.corpus(40)
    pieces, words = derive.lists(data, "pieces"), derive.lists(data, "words")
    for name, (steps, _, plain) in derive.cases(pieces, words).items():
        twin = derive.transforms.apply(data, steps, vocabulary=derive.VOCABULARY, seed=0)
        pairs = list(zip(derive.lists(twin, "pieces"), plain(), strict=True))
        if "permutation" in name:  # by chances of their own
            assert all(sorted(ours) == sorted(theirs) for ours, theirs in pairs)
        else:
            assert all(ours == theirs for ours, theirs in pairs)


def test_the_sentences_are_natural() -> None:
    data = derive.corpus(2000)
    assert 15 < data.lengths.mean() < 25 and data.lengths.min() >= 1
    assert 1.3 < len(data.pieces) / (data.words[data.offsets[1:] - 1] + 1).sum() < 1.7


def test_an_unknown_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["nothing"])
    assert "choose from derive" in capsys.readouterr().err.replace("'", "")
