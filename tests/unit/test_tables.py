"""Tables from planted scores with known answers, through the steps."""

import csv
import json
from html.parser import HTMLParser

import pytest

from twinlang import tables, tidy
from twinlang.cli import UserError
from twinlang.steps import write_table

TWINS = {
    "inversion": ["inversion"],
    "transliteration": [{"transliteration": {}}],
    "half": [{"transliteration": {"fraction": 0.5}}],
    "both": ["inversion", "transliteration"],
}


def _row(setting, value, **place):
    base = {"language": "en", "twin": "inversion", "pairing": "parallel", "task": "pos"}
    seeds = {"pretrain_seed": 0, "finetune_seed": 0}
    rest = {"metric": "f1", "n": 100, "keeps_order": False, "precision": "fp32", "device": "cpu"}
    constant = 1.5 if setting == "mz" else None
    return {
        **base, **seeds, "setting": setting, "value": value, "constant": constant, **rest, **place
    }  # fmt: skip


def _cell(bz, bs, mz, **place):
    values = {"bz": bz, "bs": bs, "mz": mz}
    return [
        _row(setting, value, score_accuracy=value / 2, **place) for setting, value in values.items()
    ]


def _write(folder, table, rows, *options):
    """The rows and the page of a table, made by the step."""
    scores = folder / "scores.csv"
    tidy.write_scores(str(scores), rows)
    outputs = [folder / "t.csv", folder / "t.html"]
    flags = ["--csv", str(outputs[0]), "--html", str(outputs[1]), *options]
    write_table.main(["--table", table, "--scores", str(scores), *flags])
    with open(outputs[0], encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle)), outputs[1].read_text(encoding="utf-8")


class _Reader(HTMLParser):
    """Cells of a page by row, and the tags that are never closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.rows, self.addresses = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for key, value in attrs if key in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "tr" in self.open and data.strip():
            self.rows[-1][-1] += data


def test_languages_weigh_the_same(tmp_path):
    rows = _cell(60, 90, 30, n=100) + _cell(80, 81, 20, language="fr", n=300)
    (row,), _ = _write(tmp_path, "table3", rows)
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
    (row,), page = _write(tmp_path, "table3", _cell(bz, 90, 30))
    assert row["strong"] == strong
    assert any(cell.endswith("*") for cells in _Reader(page).rows for cell in cells) == bool(strong)


def test_interval_over_seeds(tmp_path):
    rows = (
        _cell(60, 90, 30) + _cell(62, 90, 30, pretrain_seed=1) + _cell(64, 90, 30, pretrain_seed=2)
    )
    (row,), page = _write(tmp_path, "table3", rows)
    assert float(row["delta_bz_bs"]) == -28
    half = 4.302653 * 2 / 3**0.5
    assert float(row["delta_bz_bs_low"]) == pytest.approx(-28 - half, abs=1e-3)
    assert float(row["delta_bz_bs_high"]) == pytest.approx(-28 + half, abs=1e-3)
    assert row["n_pretrain_seeds"] == "3"
    assert "[−33.0, −23.0]" in page and "95% interval" in page


def test_differences_are_taken_within_a_pair_of_seeds(tmp_path):
    rows = _cell(60, 70, 30) + _cell(50, 90, 30, finetune_seed=1)
    (row,), _ = _write(tmp_path, "table3", rows)
    assert float(row["delta_bz_bs"]) == -25 and row["n_finetune_seeds"] == "2"
    lacking = [r for r in rows if (r["setting"], r["finetune_seed"]) != ("bs", 1)]
    with pytest.raises(
        UserError, match="scores.csv: en/inversion/parallel/pos/s0/f1/bz .* without bs"
    ):
        _write(tmp_path, "table3", lacking)


def test_breakdown_by_language(tmp_path):
    rows = _cell(60, 90, 30) + _cell(80, 81, 20, language="fr") + _cell(9, 9, 9, task="nli")
    found, page = _write(tmp_path, "table5", rows)
    places = [(row["task"], row["language"], row["bz"]) for row in found]
    assert places == [
        ("nli", "en", "9.0"), ("nli", "average", "9.0"),
        ("pos", "en", "60.0"), ("pos", "fr", "80.0"), ("pos", "average", "70.0"),
    ]  # fmt: skip
    assert ["Avg.", "70.0", "−15.5", "−60.5"] in _Reader(page).rows


def test_a_cell_that_cannot_be_has_no_row_and_a_dash(tmp_path):
    rows = [
        *_cell(60, 90, 30, task="qa"), *_cell(60, 90, 30), *_cell(50, 90, 30, twin="permutation")
    ]  # fmt: skip
    found, page = _write(tmp_path, "table3", rows)
    assert [(r["task"], r["twin"]) for r in found] == [
        ("pos", "inversion"), ("pos", "permutation"), ("qa", "inversion")
    ]  # fmt: skip
    assert ["QA", "−30.0", "−60.0", "60.0", "—", "—", "—"] in _Reader(page).rows


def test_order_of_twins_is_the_configuration_s(tmp_path):
    rows = _cell(1, 2, 0, twin="transliteration") + _cell(1, 2, 0, twin="inversion")
    found, _ = _write(tmp_path, "table3", rows, "--twins", json.dumps(TWINS))
    assert [row["twin"] for row in found] == ["inversion", "transliteration"]
    found, _ = _write(tmp_path, "table3", rows)
    assert [row["twin"] for row in found] == ["transliteration", "inversion"]


def test_pairings_are_never_mixed(tmp_path):
    rows = _cell(60, 90, 30) + _cell(40, 90, 30, pairing="non-parallel-diff")
    found, page = _write(tmp_path, "table3", rows)
    assert [row["bz"] for row in found] == ["60.0", "40.0"]
    assert "inversion (non-parallel-diff)" in page


def test_rows_that_are_not_compared_are_left_out(tmp_path):
    mono = _row("mo", 99, twin="orig", pairing="mono")
    other = _row("bi", 50, task="retrieval", finetune_seed=None)
    found, _ = _write(tmp_path, "table3", [*_cell(60, 90, 30), mono, other])
    assert len(found) == 1


def test_parts_of_a_composed_twin_come_from_its_steps(tmp_path):
    rows = [
        *_cell(30, 90, 5, twin="both"),
        *_cell(80, 90, 20, twin="inversion"),
        *_cell(10, 90, 20, twin="inversion", language="fr"),
        *_cell(88, 90, 5, twin="transliteration"),
        *_cell(89, 90, 5, twin="half"),
        _row("al", 40, task="alignment", twin="both", finetune_seed=None),  # not asked of its parts
    ]
    found, page = _write(tmp_path, "table6", rows, "--twins", json.dumps(TWINS))
    table = [(r["composed"], r["role"], r["twin"], r["language"], r["delta_bz_bs"]) for r in found]
    assert table == [
        ("both", "part", "inversion", "en", "-10.0"),
        ("both", "part", "transliteration", "en", "-2.0"),
        ("both", "composed", "both", "en", "-60.0"),
    ]
    assert ["transliteration", "88.0", "−2.0*"] in _Reader(page).rows


def test_composed_twins_are_averaged_over_the_languages_they_share(tmp_path):
    rows = [
        row
        for twin, bz in (("both", 30), ("inversion", 80), ("transliteration", 88))
        for language in ("en", "fr")
        for row in _cell(bz, 90, 5, twin=twin, language=language)
    ]
    found, _ = _write(tmp_path, "table6", rows, "--twins", json.dumps(TWINS))
    assert [row["language"] for row in found] == ["en", "fr", "average"] * 3


def test_a_part_that_was_not_run(tmp_path):
    rows = _cell(30, 90, 5, twin="both") + _cell(80, 90, 20, twin="inversion")
    with pytest.raises(
        UserError, match="'transliteration', a part of 'both', has no scores of pos"
    ):
        _write(tmp_path, "table6", rows, "--twins", json.dumps(TWINS))


def test_a_table_of_nothing(tmp_path):
    mono = [_row("mo", 99, twin="orig", pairing="mono")]
    for table, said in (("table3", "no BZ"), ("retrieval", "no retrieval"), ("table6", "several")):
        with pytest.raises(UserError, match=f"scores.csv: .*{said}"):
            _write(tmp_path, table, mono, "--twins", json.dumps(TWINS))
    with pytest.raises(UserError, match="--twins"):
        _write(tmp_path, "table6", mono)
    assert not list(tmp_path.glob("t.*"))


def test_development_sets_that_differ_between_seeds(tmp_path):
    rows = _cell(60, 90, 30) + _cell(60, 90, 30, pretrain_seed=1, n=99)
    with pytest.raises(UserError, match="en/inversion/parallel/pos differ in n"):
        _write(tmp_path, "table3", rows)


def test_retrieval(tmp_path):
    rows = [
        _row("bi", 80 + seed, task="retrieval", finetune_seed=None, pretrain_seed=seed, constant=1,
             metric="accuracy", score_bi_to_deriv=80 + seed, score_mono_to_deriv=10)
        for seed in (0, 2)
    ]  # fmt: skip
    (row,), page = _write(tmp_path, "retrieval", rows)
    numbers = {"chance": 1, "bi_to_deriv": 81, "mono_to_deriv": 10}
    assert {key: float(row[key]) for key in numbers} == numbers
    assert row["n_pretrain_seeds"] == "2" and row["n_examples"] == "100" and "value" not in row
    assert "mono to deriv" in page


def test_pages_are_whole_self_contained_and_escaped(tmp_path):
    rows = _cell(60, 90, 30, twin="<b>&odd")
    for table in ("table3", "table5"):
        _, page = _write(tmp_path, table, rows)
        reader = _Reader(page)
        assert not reader.open and not reader.addresses
        assert "&lt;b&gt;&amp;odd" in page and "<b>" not in page
        assert "url(" not in page and "@import" not in page


def test_lower_is_redder(tmp_path):
    rows = _cell(80, 90, 30) + _cell(95, 90, 30, twin="transliteration")
    _, page = _write(tmp_path, "table3", rows)
    assert 'class="first shade" style="--part: 14%">−10.0<' in page
    assert 'style="--part: 70%">−60.0<' in page  # the fullest
    assert '<td class="first">5.0<' in page


@pytest.mark.parametrize(("spread", "strong"), [(0.05, "*"), (2, "")])
def test_the_asterisk_asks_for_the_whole_interval(tmp_path, spread, strong):
    rows = _cell(89 - spread, 90, 30) + _cell(89 + spread, 90, 30, pretrain_seed=1)
    (row,), _ = _write(tmp_path, "table3", rows)
    assert float(row["delta_bz_bs"]) == -1 and row["strong"] == strong


def test_pairings(tmp_path):
    rows = [
        row
        for pairing, bz in (("parallel", 88), ("non-parallel-same", 80), ("non-parallel-diff", 60))
        for language in ("en", "fr")
        for row in _cell(bz, 90, 5, pairing=pairing, language=language)
    ]
    found, page = _write(tmp_path, "table8", rows)
    average = {r["pairing"]: r["delta_bz_bs"] for r in found if r["language"] == "average"}
    assert average == {
        "parallel": "-2.0", "non-parallel-same": "-10.0", "non-parallel-diff": "-30.0"
    }  # fmt: skip
    assert ["non-parallel-same · fr", "−10.0", "80.0"] in _Reader(page).rows
    with pytest.raises(UserError, match="no pairing beside parallel"):
        _write(tmp_path, "table8", _cell(60, 90, 30))


def _aligned(value, **place):
    base = {"task": "alignment", "metric": "accuracy", "finetune_seed": None}
    return _row("bi", value, **{**base, "constant": 0.1, **place})


def test_alignment_and_transfer_of_the_paper(tmp_path):
    """The printed Table 7 as scores: the design's correlations, not the printed ones."""
    variants = [
        (90, -2.1, -2.3, -0.5), (57.3, -5.7, -14.2, -2), (43, -3.8, -4.1, -0.7),
        (11.8, -5.7, -14.3, -1.5), (0.16, -19.2, -51.5, -42.7), (0.01, -27.7, -46.3, -59),
    ]  # fmt: skip
    rows = [
        row
        for number, (aligned, *deltas) in enumerate(variants)
        for row in [
            _aligned(aligned, twin=f"v{number}"),
            *(
                row
                for task, delta in zip(("nli", "ner", "pos"), deltas, strict=True)
                for row in _cell(90 + delta, 90, 5, twin=f"v{number}", task=task)
            ),
        ]
    ]
    found, page = _write(tmp_path, "table7", rows[::-1])
    assert [row["twin"] for row in found if row["row"] == "variant"] == [f"v{n}" for n in range(6)]
    (rho,) = [row for row in found if row["row"] == "correlation"]
    assert [rho[task] for task in ("nli", "ner", "pos")] == ["0.8986", "0.8857", "0.8286"]
    assert [rho[f"{task}_p"] for task in ("nli", "ner", "pos")] == ["0.0278", "0.0333", "0.0583"]
    assert [rho[f"{t}_p_holm"] for t in ("nli", "ner", "pos")] == ["0.0834", "0.0834", "0.0834"]
    assert rho["nli_n"] == "6" and rho["nli_method"] == "all 720 orders"
    cells = _Reader(page).rows
    assert ["v0 · parallel", "−2.1", "−2.3", "−0.5", "90.0", "0.1"] in cells
    assert any("0.90" in cell and "p 0.028 (Holm 0.083), n = 6" in cell for cell in cells[-1])


def test_too_few_variants_for_a_correlation(tmp_path):
    rows = [_aligned(40), *_cell(80, 90, 5)]
    found, page = _write(tmp_path, "table7", rows)
    assert found[-1]["pos"] == "" and "n = 1" in found[-1]["pos_why"] and "n = 1" in page
    with pytest.raises(UserError, match="no alignment"):
        _write(tmp_path, "table7", _cell(80, 90, 5))


def test_all_languages_together_and_within_groups_of_order(tmp_path):
    twins = ("inversion", "transliteration")
    rows = []
    for number, (language, twin) in enumerate((x, t) for t in twins for x in "abcdef"):
        place = {"language": language, "twin": twin, "keeps_order": twin == twins[1]}
        rows += [_aligned(5 + 50 * (twin == twins[1]) + number % 6, **place)]
        rows += _cell(30 + 50 * (twin == twins[1]) - number % 6, 90, 5, **place)
    found, _ = _write(tmp_path, "table7", rows)
    by_kind = {row["row"]: float(row["pos"]) for row in found if row["language"] == "all"}
    assert by_kind["correlation"] > 0.4 and by_kind["partial correlation"] == -1


def test_other_measures_stand_apart_from_alignment(tmp_path):
    other = {"score_other_csls_value": 50.0, "score_other_csls_chance": 0.2}
    rows = [_aligned(40 + seed, pretrain_seed=seed, score_seen_n=9, **other) for seed in (0, 1)]
    (row,), page = _write(tmp_path, "alignment", rows)
    assert (row["value"], row["other_csls_value"], row["chance"]) == ("40.5", "50.0", "0.1")
    first, second = page.split("Other measures")
    assert "csls chance" in second and "csls" not in first and "40.5" in first


def test_layers_stand_apart_in_retrieval(tmp_path):
    rows = [
        _row("bi", 80, task="retrieval", finetune_seed=None, constant=1, metric="accuracy",
             score_bilingual_orig_to_deriv=80, score_layer_0_orig_to_deriv=60)
    ]  # fmt: skip
    (row,), page = _write(tmp_path, "retrieval", rows)
    assert row["layer_0_orig_to_deriv"] == "60.0"
    assert "layer 0" in page.split("After each layer")[1]
