"""Differences within cells: planted answers with a known p, seeds together, what is not known."""

import csv
import json

import numpy as np
import pytest

from twinlang import tidy
from twinlang.report.differences import UNKNOWN, differences
from twinlang.report.examples import Examples
from twinlang.statistics.paired import holm, swap_test
from twinlang.steps import differences as step

EXAMPLES = 60


@pytest.fixture
def answered(tmp_path):
    """Scores of two seeds of one cell, the folder of their files, and their hits."""
    rng = np.random.default_rng(5)
    chances = {"bz": 0.5, "bs": 0.9, "mz": 0.5}
    hits = {(s, key): rng.random(EXAMPLES) < p for s in (0, 1) for key, p in chances.items()}
    rows = []
    for (seed, setting), found in hits.items():
        place = {"language": "en", "twin": "inversion", "pairing": "parallel", "task": "nli"}
        seeds = {"pretrain_seed": seed, "finetune_seed": 0, "setting": setting}
        rest = {"metric": "accuracy", "n": EXAMPLES, "constant": None, "keeps_order": False}
        made = {"precision": "fp32", "device": "cpu", "value": 100 * float(found.mean())}
        rows.append({**place, **seeds, **rest, **made})
        folder = tmp_path / "metrics" / str(seed)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{setting}.json").write_text(json.dumps(rows[-1]), encoding="utf-8")
        answers = [
            {"id": str(k), "gold": "a", "predicted": "a" if h else "b"} for k, h in enumerate(found)
        ]
        lines = "".join(json.dumps(answer) + "\n" for answer in answers)
        (folder / f"{setting}.predictions.jsonl").write_text(lines, encoding="utf-8")
    return rows, tmp_path / "metrics", hits


def test_seeds_are_tested_together_and_corrected_over_all(answered):
    rows, folder, hits = answered
    supervised, mono = differences(rows, Examples(str(folder), rows))
    assert (supervised["contrast"], mono["contrast"]) == ("BZ − BS", "BZ − MZ")
    ps = []
    for row, other in ((supervised, "bs"), (mono, "mz")):
        left, right = (hits[0, key].astype(float) + hits[1, key] for key in ("bz", other))
        ps.append(swap_test(np.stack([left, np.full(60, 2)]), np.stack([right, np.full(60, 2)])))
        assert row["difference"] == pytest.approx(50 * (left - right).mean(), abs=1e-3)
        assert (row["n_pretrain_seeds"], row["n_examples"]) == (2, EXAMPLES)
    assert [supervised["p"], mono["p"]] == pytest.approx(ps, abs=1e-4)
    assert [supervised["p_holm"], mono["p_holm"]] == pytest.approx(holm(ps), abs=1e-4)
    assert supervised["p_holm"] < 0.001 < 0.05 < mono["p"]


def test_one_seed_without_its_predictions_leaves_the_cell_untested(answered):
    rows, folder, _ = answered
    (folder / "1" / "bs.predictions.jsonl").unlink()
    supervised, mono = differences(rows, Examples(str(folder), rows))
    assert supervised["p"] is None and supervised["why"] == UNKNOWN
    assert mono["p_holm"] == mono["p"]  # the only test left
    assert all(row["p"] is None for row in differences(rows, Examples(None, rows)))


def test_the_step(tmp_path, answered):
    rows, folder, _ = answered
    tidy.write_scores(str(tmp_path / "scores.csv"), rows)
    step.main(
        ["--scores", str(tmp_path / "scores.csv"), "--predictions", str(folder)]
        + ["--csv", str(tmp_path / "d.csv"), "--html", str(tmp_path / "d.html")]
    )
    with open(tmp_path / "d.csv", encoding="utf-8", newline="") as handle:
        assert [row["contrast"] for row in csv.DictReader(handle)] == ["BZ − BS", "BZ − MZ"]
    page = (tmp_path / "d.html").read_text(encoding="utf-8")
    assert "1 of 2 differences are real" in page and "&lt; 0.001" in page and "None" not in page
