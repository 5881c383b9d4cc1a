"""Figures from planted scores and from the paper's own, as SVG and PDF."""

import json
import re

import pytest

from tests import paper
from twinlang import config, figures, tidy
from twinlang.cli import UserError
from twinlang.steps import draw_figure
from twinlang.tables import TABLES

pytest.importorskip("matplotlib")


def _of_paper(figure):
    rows = paper.scores()
    if figure == "figure3":
        rows = [row for row in rows if row["twin"] == "transliteration"]
    return rows


def _draw(folder, figure, rows):
    scores = folder / "scores.csv"
    tidy.write_scores(str(scores), rows)
    paths = [folder / f"{figure}.{form}" for form in ("svg", "pdf")]
    draw_figure.main(
        ["--figure", figure, "--scores", str(scores), "--twins", json.dumps(paper.TWINS)]
        + ["--svg", str(paths[0]), "--pdf", str(paths[1])]
    )
    return paths[0].read_text(encoding="utf-8"), paths[1].read_bytes()


@pytest.mark.parametrize("figure", config.FIGURES)
def test_the_paper_s_figures(tmp_path, figure):
    svg, pdf = _draw(tmp_path, figure, _of_paper(figure))
    assert pdf.startswith(b"%PDF-") and svg.startswith("<?xml")
    text = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    for task in ("NLI", "NER", "POS") if figure != "figure4" else ("NLI",):
        assert task in text
    said = {
        "figure2": ("51.5", "27.7", "59.0", "Higher is worse"),  # of Table 6
        "figure3": ("22.0", "4.9", "non-parallel-diff"),  # of Table 8
        "figure4": ("0.90 (p 0.028, n = 6)",),
        "figure5": ("0.83 (p 0.058, n = 6)", "Pre-training seeds: 1."),
    }[figure]
    assert not [words for words in said if words not in text]
    assert "http://www.w3.org" in svg and not re.search(r'(href|src)="https?:', svg)


def test_equal_scores_make_equal_files(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = (_draw(tmp_path / name, "figure2", paper.scores()) for name in ("a", "b"))
    assert first == second


def test_intervals_are_drawn(tmp_path):
    rows = [
        {**row, "pretrain_seed": seed, "value": max(row["value"] - seed, 0)}
        for row in paper.scores()
        for seed in (0, 1)
    ]
    svg, _ = _draw(tmp_path, "figure2", rows)
    assert "Whiskers: Student&#x27;s 95%" in svg or "Whiskers: Student's 95%" in svg


def test_a_figure_of_what_was_not_run(tmp_path):
    rows = [row for row in paper.scores() if row["pairing"] == "parallel"]
    with pytest.raises(UserError, match="no pairing beside parallel"):
        _draw(tmp_path, "figure3", rows)
    bare = [row for row in rows if row["task"] == "alignment"]
    with pytest.raises(UserError, match=r"scores\.csv: "):
        _draw(tmp_path, "figure4", bare)
    assert not list(tmp_path.glob("figure*"))


def test_every_figure_has_its_table():
    assert set(figures.FIGURES) == set(config.FIGURES) and set(config.FIGURES.values()) <= set(
        TABLES
    )
