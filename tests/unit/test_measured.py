"""Tables of what is measured without fine-tuning, from planted scores and the paper's own."""

import pytest

from tests.planted import Reader, cells, planted, table_of
from twinlang.cli import UserError


def aligned(value, **place):
    base = {"task": "alignment", "metric": "accuracy", "finetune_seed": None}
    return planted("bi", value, **{**base, "constant": 0.1, **place})


def test_retrieval(tmp_path):
    rows = [
        planted("bi", 80 + seed, task="retrieval", finetune_seed=None, pretrain_seed=seed,
                constant=1, metric="accuracy", score_bi_to_deriv=80 + seed, score_mono_to_deriv=10)
        for seed in (0, 2)
    ]  # fmt: skip
    (row,), page = table_of(tmp_path, "retrieval", rows)
    numbers = {"chance": 1, "bi_to_deriv": 81, "mono_to_deriv": 10}
    assert {key: float(row[key]) for key in numbers} == numbers
    assert row["n_pretrain_seeds"] == "2" and row["n_examples"] == "100" and "value" not in row
    assert "mono to deriv" in page


def test_alignment_and_transfer_of_the_paper(tmp_path):
    """The printed Table 7 as scores: the design's correlations, not the printed ones."""
    variants = [
        (90, -2.1, -2.3, -0.5), (57.3, -5.7, -14.2, -2), (43, -3.8, -4.1, -0.7),
        (11.8, -5.7, -14.3, -1.5), (0.16, -19.2, -51.5, -42.7), (0.01, -27.7, -46.3, -59),
    ]  # fmt: skip
    rows = [
        row
        for number, (value, *deltas) in enumerate(variants)
        for row in [
            aligned(value, twin=f"v{number}"),
            *(
                row
                for task, delta in zip(("nli", "ner", "pos"), deltas, strict=True)
                for row in cells(90 + delta, 90, 5, twin=f"v{number}", task=task)
            ),
        ]
    ]
    found, page = table_of(tmp_path, "table7", rows[::-1])
    assert [row["twin"] for row in found if row["row"] == "variant"] == [f"v{n}" for n in range(6)]
    (rho,) = [row for row in found if row["row"] == "correlation"]
    assert [rho[task] for task in ("nli", "ner", "pos")] == ["0.8986", "0.8857", "0.8286"]
    assert [rho[f"{task}_p"] for task in ("nli", "ner", "pos")] == ["0.0278", "0.0333", "0.0583"]
    assert [rho[f"{t}_p_holm"] for t in ("nli", "ner", "pos")] == ["0.0834", "0.0834", "0.0834"]
    assert rho["nli_n"] == "6" and rho["nli_method"] == "all 720 orders"
    lines = Reader(page).rows
    assert ["v0 · parallel", "−2.1", "−2.3", "−0.5", "90.0", "0.1"] in lines
    assert any("0.90" in cell and "p 0.028 (Holm 0.083), n = 6" in cell for cell in lines[-1])


def test_too_few_variants_for_a_correlation(tmp_path):
    rows = [aligned(40), *cells(80, 90, 5)]
    found, page = table_of(tmp_path, "table7", rows)
    assert found[-1]["pos"] == "" and "n = 1" in found[-1]["pos_why"] and "n = 1" in page
    with pytest.raises(UserError, match="no alignment"):
        table_of(tmp_path, "table7", cells(80, 90, 5))


def test_all_languages_together_and_within_groups_of_order(tmp_path):
    twins = ("inversion", "transliteration")
    rows = []
    for number, (language, twin) in enumerate((x, t) for t in twins for x in "abcdef"):
        place = {"language": language, "twin": twin, "keeps_order": twin == twins[1]}
        rows += [aligned(5 + 50 * (twin == twins[1]) + number % 6, **place)]
        rows += cells(30 + 50 * (twin == twins[1]) - number % 6, 90, 5, **place)
    found, _ = table_of(tmp_path, "table7", rows)
    by_kind = {row["row"]: float(row["pos"]) for row in found if row["language"] == "all"}
    assert by_kind["correlation"] > 0.4 and by_kind["partial correlation"] == -1


def test_other_measures_stand_apart_from_alignment(tmp_path):
    other = {"score_other_csls_value": 50.0, "score_other_csls_chance": 0.2}
    rows = [aligned(40 + seed, pretrain_seed=seed, score_seen_n=9, **other) for seed in (0, 1)]
    (row,), page = table_of(tmp_path, "alignment", rows)
    assert (row["value"], row["other_csls_value"], row["chance"]) == ("40.5", "50.0", "0.1")
    first, second = page.split("Other measures")
    assert "csls chance" in second and "csls" not in first and "40.5" in first


def test_layers_stand_apart_in_retrieval(tmp_path):
    rows = [
        planted("bi", 80, task="retrieval", finetune_seed=None, constant=1, metric="accuracy",
             score_bilingual_orig_to_deriv=80, score_layer_0_orig_to_deriv=60)
    ]  # fmt: skip
    (row,), page = table_of(tmp_path, "retrieval", rows)
    assert row["layer_0_orig_to_deriv"] == "60.0"
    assert "layer 0" in page.split("After each layer")[1]
