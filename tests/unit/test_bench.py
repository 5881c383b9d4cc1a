"""The benchmarks run, and say what they measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from twinlang import alignment, forest, ordering
from twinlang.bench import __main__ as bench
from twinlang.bench import _work as work
from twinlang.bench import align, derive, publish, syntax
from twinlang.cli import UserError, read_json, write_json
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
    assert "derive" in capsys.readouterr().err.replace("'", "")


def run(tmp_path: Path, *arguments: str) -> list[dict[str, Any]]:
    """The rows of a benchmark at its smallest."""
    output = tmp_path / "bench.json"
    bench.main([*arguments, "--repeat", "1", "--output", str(output)])
    return list(read_json(output)["rows"])


@pytest.mark.parametrize("data, baselines", [("equal", 2), ("sentences", 4)])
def test_pretrain(tmp_path: Path, data: str, baselines: int) -> None:
    rows = run(tmp_path, "pretrain", "--steps", "1", "--data", data)
    assert len({row["baseline"] for row in rows}) == len(rows) == baselines
    for row in rows:
        speeds = row["pieces_per_second"], row["baseline_pieces_per_second"]
        assert row["ratio"] == pytest.approx(speeds[0] / speeds[1])
        assert 0 < row["share_of_matmul_peak"] < 1 and row["peak_mib"] > 100


def test_finetune(tmp_path: Path) -> None:
    rows = run(tmp_path, "finetune", "--steps", "1", "--heads", "tokens")
    assert [row["activity"] for row in rows] == 4 * ["train"] + 4 * ["evaluate"]
    assert all(row["ratio"] > 0 and row["path"] for row in rows)


def test_encode_and_startup(tmp_path: Path) -> None:
    rows = run(tmp_path, "encode", "--lines", "3000", "--vocabulary", "600")
    assert [row["script"] for row in rows] == ["Latin", "Devanagari", "Arabic"]
    assert all(row["million_characters_per_second"] > 0 for row in rows)
    rows = run(tmp_path, "startup", "--imports", "table")
    assert rows[0]["start"] == "first update" and all(row["seconds"] > 0 for row in rows)


def test_useful_work_is_counted_by_hand() -> None:
    shape = work.SHAPES["paper"]
    block = 512 * 1536 + 512 * 512 + 2 * 512 * 2048 + 2 * 128 * 512
    expected = 6 * (8 * block + 0.15 * (512 * 512 + 512 * 40_000))
    assert work.flops(shape, length=128, masked=0.15) == pytest.approx(expected)


def test_statistics(capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["statistics", "--trials", "20"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["what", "of", "share"]
    assert sum("covers the mean" in line for line in lines) == 16


def test_align(capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["align", "--rows", "300", "--hidden", "8", "--repeat", "1", "--whole", "100"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["measure", "rows", "seconds"] and len(lines) == 3


def test_the_baseline_finds_the_same_neighbours() -> None:
    left = np.random.default_rng(0).standard_normal((200, 8), dtype=np.float32)
    right = left + np.random.default_rng(1).standard_normal(left.shape, dtype=np.float32)
    ours = alignment.nearest(torch.from_numpy(left), torch.from_numpy(right))
    assert (align.plain(left, right, 37) == ours).all()


def test_scale(tmp_path: Path) -> None:
    small = ["--megabytes", "0.2", "--forms", "500", "--vocabulary", "400"]
    rows = run(tmp_path, "scale", *small, "--script", "Devanagari")
    assert [row["step"] for row in rows][:4] == [
        *("clean_text", "fetch_corpus", "train_tokenizer", "encode_corpus")
    ]
    assert {"derive inversion", "derive syntax"} <= {row["step"] for row in rows}
    assert all(row["seconds"] > 0 and 10 < row["peak_mib"] < 2000 for row in rows)


def test_parallel(tmp_path: Path) -> None:
    (row,) = run(tmp_path, "parallel", "--seconds", "0.2", "--steps", "1", "--threads", "2")
    assert (row["models_at_once"], row["threads_each"]) == (2, 1)
    speeds = row["pieces_per_second"], row["baseline_pieces_per_second"]
    assert row["ratio"] == pytest.approx(speeds[0] / speeds[1])


def test_a_study_of_one_seed_stands_for_one_of_many(tmp_path: Path) -> None:
    study, many = tmp_path / "study", tmp_path / "many"
    write_json(study / "results/metrics/en/x/s0/pos/f0/bz.json", {"value": 50.0, "n": 7})
    for name in ("pretrain/en/x/s0/train.jsonl", "table3.csv", "figures/a.svg", "tasks/en/a.jsonl"):
        write_json(study / "results" / name, {})
    assert publish.multiplied(study, many, range(3)) == 3
    found = [read_json(many / f"results/metrics/en/x/s{n}/pos/f0/bz.json") for n in range(3)]
    assert [metric["pretrain_seed"] for metric in found] == [0, 1, 2]
    assert len({metric["value"] for metric in found}) == 3 and found[0]["n"] == 7
    assert all(0 <= metric["value"] <= 100 for metric in found)
    names = {str(p.relative_to(many / "results")) for p in many.rglob("*") if p.is_file()}
    assert len(names) == 7 and "tasks/en/a.jsonl" in names  # three metrics, three journals
    with pytest.raises(UserError, match="finish a study there first"):
        publish.multiplied(tmp_path / "none", tmp_path / "more", range(2))
