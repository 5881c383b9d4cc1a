"""The printed numbers beside ours; first of all, the printed numbers beside themselves."""

import csv
import json

import pytest

from tests import paper
from twinlang import tidy
from twinlang.report import published
from twinlang.report.compare import agreement, compare
from twinlang.steps import compare as step

ROUNDING = 0.0501  # of an average of printed values; half-way cases go both ways


@pytest.fixture(scope="module")
def table():
    return compare(paper.scores(), paper.TWINS, paper.LANGUAGES)


def test_every_mark_has_a_reason_and_every_reason_a_cell():
    marks = {note for cell in published.cells() for note in cell.notes}
    assert marks == set(published.reasons())
    by_table = [cell.table for cell in published.cells() if cell.metric != "spearman"]
    assert {name: by_table.count(name) for name in set(by_table)} == {
        "table3": 42, "table5": 210, "table6": 42, "table7": 24, "table8": 60
    }  # fmt: skip


def test_the_paper_agrees_with_itself_but_where_its_cells_are_marked(table):
    differ = {
        (row["table"], row["task"], row["metric"]): row
        for row in table
        if abs(row["difference"]) > ROUNDING
    }
    assert set(differ) == {
        ("table3", "qa", "delta_bz_bs"),  # clipped
        ("table6", "nli", "delta_bz_bs"), ("table6", "ner", "delta_bz_bs"),  # of two values one
        ("table7", "nli", "delta_bz_bs"), ("table7", "ner", "delta_bz_bs"),
    } | {("table7", "pos", "spearman")}  # fmt: skip
    assert all(row["notes"] for row in differ.values())


def test_its_correlations_are_those_of_its_rows(table):
    """Not the printed ones, which need a seventh point."""
    found = {row["task"]: row["ours"] for row in table if row["metric"] == "spearman"}
    assert found == {"nli": 0.8986, "ner": 0.8857, "pos": 0.8286}
    assert all("seventh" in row["notes"] for row in table if row["metric"] == "spearman")


def test_the_paper_has_its_own_signs_and_order(table):
    signs = [row for row in table if row["sign"] == "no"]
    assert [(row["table"], row["task"], row["printed"]) for row in signs] == [("table3", "qa", 0)]
    found = {(row["table"], row["metric"]): row for row in agreement(table)}
    assert all(row["n"] == row["n_printed"] for row in found.values())
    assert found["table5", "bz"]["rho"] == found["table7", "alignment"]["rho"] == 1
    assert all(row["rho"] > 0.99 for row in found.values())
    assert found["table5", "bz"]["n_undoubted"] < 70


def test_what_was_not_run_says_what_makes_it():
    kept = [row for row in paper.scores() if row["twin"] == "inversion" and row["task"] == "pos"]
    rows = [{**row, "twin": "turned"} for row in kept]
    table = compare(rows, {"turned": ["inversion"]}, paper.LANGUAGES)
    run = [row for row in table if row["ours"] is not None]
    assert {(row["twin"], row["task"]) for row in run} == {("inversion", "pos")} and len(run) == 20
    lacking = {row["missing"] for row in table if row["ours"] is None}
    assert (
        "an experiment with Hindi, twin transliteration, pairing non-parallel-diff and task ner"
        in lacking
    )


def test_twins_are_the_paper_s_by_their_steps():
    twins = {
        "half": [{"transliteration": {"fraction": 0.5}}],
        "mine": ["transliteration"],
        "words": [{"inversion": {"unit": "word"}}],
        "syntax": [{"syntax": {"parser": "conllu"}}],
    }
    assert published.twin_names(twins) == {"transliteration": "mine", "syntax": "syntax"}


def test_the_step(tmp_path):
    tidy.write_scores(str(tmp_path / "scores.csv"), paper.scores())
    outputs = {name: str(tmp_path / name) for name in ("c.csv", "a.csv", "c.html")}
    step.main(
        ["--scores", str(tmp_path / "scores.csv"), "--twins", json.dumps(paper.TWINS)]
        + ["--languages", json.dumps(paper.LANGUAGES), "--csv", outputs["c.csv"]]
        + ["--agreement", outputs["a.csv"], "--html", outputs["c.html"]]
    )
    with open(outputs["c.csv"], encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == len(published.cells()) and rows[0]["printed"] == "-10.2"
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    assert "table7: 27 of 27 printed cells were run" in page and "seventh point" in page
    assert page.count("<tr>") == page.count("</tr>") and "None" not in page
    assert "http" not in page and "src=" not in page
