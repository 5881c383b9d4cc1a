"""Collecting metric files: one row each, and what is refused."""

import csv
import json

import pytest

from twinlang.cli import UserError
from twinlang.steps import collect_scores

METRIC = {
    "language": "en",
    "twin": "inversion",
    "pairing": "parallel",
    "pretrain_seed": 0,
    "finetune_seed": 0,
    "task": "pos",
    "setting": "bz",
    "metric": "f1",
    "value": 57.123456789012345,
    "scores": {"f1": 57.123456789012345, "accuracy": 61.5},
    "constant": None,
    "n": 200,
    "keeps_order": False,
    "device": "cpu",
    "precision": "fp32",
    "threads": 2,
    "recipe_sha256": "r",
    "model_sha256": "m",
    "dev_sha256": "d",
    "versions": {"torch": "2"},
}
RETRIEVAL = {**METRIC, "task": "retrieval", "setting": "bi", "finetune_seed": None}
RETRIEVAL["scores"] = {"to_deriv": 90.0}


def _collect(folder, *metrics, extra=()):
    """The rows of metric files of these contents, and the file of rows."""
    paths = []
    for number, metric in enumerate(metrics):
        paths.append(folder / f"{number}.json")
        text = metric if isinstance(metric, str) else json.dumps(metric)
        paths[-1].write_text(text, encoding="utf-8")
    output = folder / "scores.csv"
    names = [str(path) for path in (*paths, *extra)]
    collect_scores.main(["--metrics", *names, "--output", str(output)])
    with open(output, encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle)), output


def test_one_row_a_file(tmp_path):
    mz = {**METRIC, "setting": "mz", "constant": 3.5}
    nli = {**METRIC, "task": "nli", "metric": "accuracy", "scores": {"accuracy": 50}, "value": 50}
    rows, output = _collect(tmp_path, METRIC, mz, nli, RETRIEVAL)
    header = output.read_text(encoding="utf-8").splitlines()[0]
    assert header == (
        "language,twin,pairing,task,pretrain_seed,finetune_seed,setting,metric,value,n,constant,"
        "keeps_order,precision,device,score_f1,score_accuracy,score_to_deriv"
    )
    assert [row["setting"] for row in rows] == ["bz", "mz", "bz", "bi"]
    assert float(rows[0]["value"]) == METRIC["value"]  # to the last digit
    assert rows[0]["constant"] == "" and rows[1]["constant"] == "3.5"
    assert rows[0]["keeps_order"] == "false"
    assert rows[2]["score_f1"] == "" and rows[2]["score_accuracy"] == "50"
    assert rows[3]["finetune_seed"] == ""


def test_measures_of_a_model_that_is_not_fine_tuned(tmp_path):
    place = {key: METRIC[key] for key in ("language", "twin", "pairing", "pretrain_seed", "n")}
    place |= {"finetune_seed": None, "device": "cpu", "precision": "fp32", "chance": 0.5}
    place["versions"] = {"torch": "2"}
    found = {
        "bilingual": {"deriv_to_orig": 80.0, "orig_to_deriv": 90.0},
        "mono": {"deriv_to_orig": 8.0, "orig_to_deriv": 9.0},
    }
    bands = {"bands": {"1-9": {"value": 30.0, "n": 4}}, "value": 40.0}
    rows, _ = _collect(
        tmp_path, {**place, **found, "task": "retrieval"}, {**place, **bands, "task": "alignment"}
    )
    assert [(row["task"], row["value"], row["constant"]) for row in rows] == [
        ("retrieval", "90.0", "0.5"),
        ("alignment", "40.0", "0.5"),
    ]
    assert rows[0]["score_mono_deriv_to_orig"] == "8.0" and rows[0]["score_bands_1-9_n"] == ""
    assert rows[1]["score_bands_1-9_value"] == "30.0"


def test_tables_of_scores_are_merged(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, first = _collect(tmp_path / "a", METRIC)
    _, second = _collect(tmp_path / "b", METRIC, {**METRIC, "language": "fr"})
    rows, _ = _collect(tmp_path, extra=(first, second))
    assert [row["language"] for row in rows] == ["en", "fr"]


def test_tables_that_contradict_each_other_are_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, first = _collect(tmp_path / "a", METRIC)
    _, second = _collect(tmp_path / "b", {**METRIC, "value": 1.0})
    with pytest.raises(UserError, match="a/scores.csv and .*b/scores.csv are both en/inversion"):
        _collect(tmp_path, extra=(first, second))


def test_the_list_of_files_may_stand_in_a_file(tmp_path):
    (tmp_path / "0.json").write_text(json.dumps(METRIC), encoding="utf-8")
    (tmp_path / "list").write_text(f"{tmp_path / '0.json'}\n", encoding="utf-8")
    output = tmp_path / "scores.csv"
    collect_scores.main(["--metrics", f"@{tmp_path / 'list'}", "--output", str(output)])
    assert len(output.read_text(encoding="utf-8").splitlines()) == 2


def test_two_files_for_one_cell(tmp_path):
    with pytest.raises(UserError, match=r"0\.json and .*1\.json are both .*/pos/s0/f0/bz"):
        _collect(tmp_path, METRIC, {**METRIC, "value": 1.0})
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[1, 2]", "is no metric file"),
        ('{"accuracy": 3}', "is no metric file"),
        ({**METRIC, "value": float("nan")}, "value is nan"),
        ({**METRIC, "value": 101}, "value is 101"),
        ({**METRIC, "value": None}, "value is None"),
        ({**METRIC, "value": True}, "value is True"),
        ({**METRIC, "scores": {"accuracy": float("inf")}}, "accuracy is inf"),
        ({**METRIC, "constant": float("nan")}, "constant is nan"),
        ({**METRIC, "setting": "xx"}, "setting is 'xx'"),
        ({**METRIC, "n": 0}, "n is 0"),
        ({**METRIC, "pretrain_seed": "0"}, "pretrain_seed is '0'"),
        ({key: value for key, value in METRIC.items() if key != "twin"}, "twin is None"),
    ],
)
def test_a_broken_file_is_named(tmp_path, content, said):
    other = {**METRIC, "language": "fr"}
    with pytest.raises(UserError, match="1.json") as error:
        _collect(tmp_path, other, content)
    assert said in str(error.value)
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [("precision", "bf16"), ("n", 199), ("dev_sha256", "e"), ("metric", "accuracy")],
)
def test_settings_that_cannot_be_compared(tmp_path, key, value):
    bs = {**METRIC, "setting": "bs", key: value}
    with pytest.raises(UserError, match=f"differ in {key}"):
        _collect(tmp_path, METRIC, bs)


def test_cells_of_their_own_may_differ_in_precision(tmp_path):
    rows, _ = _collect(tmp_path, METRIC, {**METRIC, "pretrain_seed": 1, "precision": "bf16"})
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: ["a,b", *lines[1:]], "no table of scores"),
        (lambda lines: [lines[0], lines[1] + ",1"], "scores.csv:2 has 17 fields"),
        (lambda lines: [lines[0], lines[1].replace("57.1", "x57.1", 1)], "scores.csv:2 is broken"),
        (lambda lines: [*lines, lines[1]], "scores.csv:3 is a second"),
        (lambda lines: [], "no table of scores"),
    ],
)
def test_a_broken_table_is_named(tmp_path, change, said):
    (tmp_path / "a").mkdir()
    _, table = _collect(tmp_path / "a", METRIC)
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join(change(lines)), encoding="utf-8")
    with pytest.raises(UserError, match=said):
        _collect(tmp_path, extra=(table,))
