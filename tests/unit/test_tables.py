"""Tables from planted scores with known answers, through the steps."""

import json

import pytest

from tests.planted import TWINS, Reader, cells, planted, table_of
from twinlang import tables
from twinlang.cli import UserError


def test_languages_weigh_the_same(tmp_path):
    rows = cells(60, 90, 30, n=100) + cells(80, 81, 20, language="fr", n=300)
    (row,), _ = table_of(tmp_path, "table3", rows)
    expected = {"bz": 70, "bs": 85.5, "mz": 25, "delta_bz_bs": -15.5, "delta_mz_bs": -60.5}
    assert {key: float(row[key]) for key in expected} == expected
    assert float(row["constant"]) == 1.5 and row["strong"] == ""
    assert float(row["bz_accuracy"]) == 35 and float(row["delta_bz_bs_accuracy"]) == -7.75
    counts = [row[key] for key in tables.COUNTS]
    assert counts == ["2", "1", "1", "400"]
    assert row["bz_low"] == "" and "language" not in row
    assert (row["task"], row["twin"], row["pairing"], row["metric"]) == (
        "pos", "inversion", "parallel", "f1"
    )  # fmt: skip


@pytest.mark.parametrize(("bz", "strong"), [(92, "*"), (88, "*"), (87.9, ""), (92.1, "")])
def test_asterisk(tmp_path, bz, strong):
    (row,), page = table_of(tmp_path, "table3", cells(bz, 90, 30))
    assert row["strong"] == strong
    assert any(cell.endswith("*") for cells in Reader(page).rows for cell in cells) == bool(strong)


def test_interval_over_seeds(tmp_path):
    rows = (
        cells(60, 90, 30) + cells(62, 90, 30, pretrain_seed=1) + cells(64, 90, 30, pretrain_seed=2)
    )
    (row,), page = table_of(tmp_path, "table3", rows)
    assert float(row["delta_bz_bs"]) == -28
    half = 4.302653 * 2 / 3**0.5
    assert float(row["delta_bz_bs_low"]) == pytest.approx(-28 - half, abs=1e-3)
    assert float(row["delta_bz_bs_high"]) == pytest.approx(-28 + half, abs=1e-3)
    assert row["n_pretrain_seeds"] == "3"
    assert "[−33.0, −23.0]" in page and "95% interval" in page


def test_differences_are_taken_within_a_pair_of_seeds(tmp_path):
    rows = cells(60, 70, 30) + cells(50, 90, 30, finetune_seed=1)
    (row,), _ = table_of(tmp_path, "table3", rows)
    assert float(row["delta_bz_bs"]) == -25 and row["n_finetune_seeds"] == "2"
    lacking = [r for r in rows if (r["setting"], r["finetune_seed"]) != ("bs", 1)]
    with pytest.raises(
        UserError, match="scores.csv: en/inversion/parallel/pos/s0/f1/bz .* without bs"
    ):
        table_of(tmp_path, "table3", lacking)


def test_breakdown_by_language(tmp_path):
    rows = cells(60, 90, 30) + cells(80, 81, 20, language="fr") + cells(9, 9, 9, task="nli")
    found, page = table_of(tmp_path, "table5", rows)
    places = [(row["task"], row["language"], row["bz"]) for row in found]
    assert places == [
        ("nli", "en", "9.0"), ("nli", "average", "9.0"),
        ("pos", "en", "60.0"), ("pos", "fr", "80.0"), ("pos", "average", "70.0"),
    ]  # fmt: skip
    assert ["Avg.", "70.0", "−15.5", "−60.5"] in Reader(page).rows


def test_a_cell_that_cannot_be_has_no_row_and_a_dash(tmp_path):
    rows = [
        *cells(60, 90, 30, task="qa"), *cells(60, 90, 30), *cells(50, 90, 30, twin="permutation")
    ]  # fmt: skip
    found, page = table_of(tmp_path, "table3", rows)
    assert [(r["task"], r["twin"]) for r in found] == [
        ("pos", "inversion"), ("pos", "permutation"), ("qa", "inversion")
    ]  # fmt: skip
    assert ["QA", "−30.0", "−60.0", "60.0", "—", "—", "—"] in Reader(page).rows


def test_order_of_twins_is_the_configuration_s(tmp_path):
    rows = cells(1, 2, 0, twin="transliteration") + cells(1, 2, 0, twin="inversion")
    found, _ = table_of(tmp_path, "table3", rows, "--twins", json.dumps(TWINS))
    assert [row["twin"] for row in found] == ["inversion", "transliteration"]
    found, _ = table_of(tmp_path, "table3", rows)
    assert [row["twin"] for row in found] == ["transliteration", "inversion"]


def test_pairings_are_never_mixed(tmp_path):
    rows = cells(60, 90, 30) + cells(40, 90, 30, pairing="non-parallel-diff")
    found, page = table_of(tmp_path, "table3", rows)
    assert [row["bz"] for row in found] == ["60.0", "40.0"]
    assert "inversion (non-parallel-diff)" in page


def test_rows_that_are_not_compared_are_left_out(tmp_path):
    mono = planted("mo", 99, twin="orig", pairing="mono")
    other = planted("bi", 50, task="retrieval", finetune_seed=None)
    found, _ = table_of(tmp_path, "table3", [*cells(60, 90, 30), mono, other])
    assert len(found) == 1


def test_parts_of_a_composed_twin_come_from_its_steps(tmp_path):
    rows = [
        *cells(30, 90, 5, twin="both"),
        *cells(80, 90, 20, twin="inversion"),
        *cells(10, 90, 20, twin="inversion", language="fr"),
        *cells(88, 90, 5, twin="transliteration"),
        *cells(89, 90, 5, twin="half"),
        planted(
            "al", 40, task="alignment", twin="both", finetune_seed=None
        ),  # not asked of its parts
    ]
    found, page = table_of(tmp_path, "table6", rows, "--twins", json.dumps(TWINS))
    table = [(r["composed"], r["role"], r["twin"], r["language"], r["delta_bz_bs"]) for r in found]
    assert table == [
        ("both", "part", "inversion", "en", "-10.0"),
        ("both", "part", "transliteration", "en", "-2.0"),
        ("both", "composed", "both", "en", "-60.0"),
    ]
    assert ["transliteration", "88.0", "−2.0*"] in Reader(page).rows


def test_composed_twins_are_averaged_over_the_languages_they_share(tmp_path):
    rows = [
        row
        for twin, bz in (("both", 30), ("inversion", 80), ("transliteration", 88))
        for language in ("en", "fr")
        for row in cells(bz, 90, 5, twin=twin, language=language)
    ]
    found, _ = table_of(tmp_path, "table6", rows, "--twins", json.dumps(TWINS))
    assert [row["language"] for row in found] == ["en", "fr", "average"] * 3


def test_a_part_that_was_not_run(tmp_path):
    rows = cells(30, 90, 5, twin="both") + cells(80, 90, 20, twin="inversion")
    with pytest.raises(
        UserError, match="'transliteration', a part of 'both', has no scores of pos"
    ):
        table_of(tmp_path, "table6", rows, "--twins", json.dumps(TWINS))


def test_a_table_of_nothing(tmp_path):
    mono = [planted("mo", 99, twin="orig", pairing="mono")]
    for table, said in (("table3", "no BZ"), ("retrieval", "no retrieval"), ("table6", "several")):
        with pytest.raises(UserError, match=f"scores.csv: .*{said}"):
            table_of(tmp_path, table, mono, "--twins", json.dumps(TWINS))
    with pytest.raises(UserError, match="--twins"):
        table_of(tmp_path, "table6", mono)
    assert not list(tmp_path.glob("t.*"))


def test_development_sets_that_differ_between_seeds(tmp_path):
    rows = cells(60, 90, 30) + cells(60, 90, 30, pretrain_seed=1, n=99)
    with pytest.raises(UserError, match="en/inversion/parallel/pos differ in n"):
        table_of(tmp_path, "table3", rows)


def test_pages_are_whole_self_contained_and_escaped(tmp_path):
    rows = cells(60, 90, 30, twin="<b>&odd")
    for table in ("table3", "table5"):
        _, page = table_of(tmp_path, table, rows)
        reader = Reader(page)
        assert not reader.open and not reader.addresses
        assert "&lt;b&gt;&amp;odd" in page and "<b>" not in page
        assert "url(" not in page and "@import" not in page


def test_lower_is_redder(tmp_path):
    rows = cells(80, 90, 30) + cells(95, 90, 30, twin="transliteration")
    _, page = table_of(tmp_path, "table3", rows)
    assert 'class="first shade" style="--part: 14%">−10.0<' in page
    assert 'style="--part: 70%">−60.0<' in page  # the fullest
    assert '<td class="first">5.0<' in page


@pytest.mark.parametrize(("spread", "strong"), [(0.05, "*"), (2, "")])
def test_the_asterisk_asks_for_the_whole_interval(tmp_path, spread, strong):
    rows = cells(89 - spread, 90, 30) + cells(89 + spread, 90, 30, pretrain_seed=1)
    (row,), _ = table_of(tmp_path, "table3", rows)
    assert float(row["delta_bz_bs"]) == -1 and row["strong"] == strong


def test_pairings(tmp_path):
    rows = [
        row
        for pairing, bz in (("parallel", 88), ("non-parallel-same", 80), ("non-parallel-diff", 60))
        for language in ("en", "fr")
        for row in cells(bz, 90, 5, pairing=pairing, language=language)
    ]
    found, page = table_of(tmp_path, "table8", rows)
    average = {r["pairing"]: r["delta_bz_bs"] for r in found if r["language"] == "average"}
    assert average == {
        "parallel": "-2.0", "non-parallel-same": "-10.0", "non-parallel-diff": "-30.0"
    }  # fmt: skip
    assert ["non-parallel-same · fr", "−10.0", "80.0"] in Reader(page).rows
    with pytest.raises(UserError, match="no pairing beside parallel"):
        table_of(tmp_path, "table8", cells(60, 90, 30))
