"""Tables of what was run: twins by example, scores, data sets."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from twinlang import sentences, tokenizer, transforms
from twinlang.cli import UserError
from twinlang.sentences import Sentences
from twinlang.steps import describe_data, show_twins
from twinlang.tables import described

LINES = [
    "red dogs saw red dogs near red dogs .",
    "the",
    "the dogs saw a red boat .",
    "extraordinarily unpronounceable words are rare here .",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer, a corpus of four sentences and three twins, as files."""
    folder = tmp_path_factory.mktemp("twins")
    trained = tokenizer.train(iter(LINES[:3] * 20), vocabulary=280)
    tokenizer.save(trained, folder / "tokenizer.json")
    found = tokenizer.Encoder(folder / "tokenizer.json").texts(LINES)
    lengths = [len(line.ids) for line in found]
    orig = Sentences(
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        keys=np.arange(4, dtype=np.uint64),
        items=np.arange(4, dtype=np.uint32),
        parts=np.zeros(4, dtype=np.uint8),
        columns={
            "pieces": np.array([i for line in found for i in line.ids], dtype=np.uint32),
            "words": np.array([w for line in found for w in line.words], dtype=np.uint16),
        },
        metadata={"vocabulary": 280},
    )
    sentences.write(folder / "orig.arrow", [orig])
    for name in ("inversion", "permutation", "transliteration"):
        twin = transforms.apply(orig, [name], vocabulary=280, seed=0)
        sentences.write(folder / f"{name}.arrow", [twin])
    return folder


def read(path: Path) -> Sentences:
    return next(iter(sentences.batches(path)))


def test_the_example_is_short_plain_and_moved(made: Path) -> None:
    twins = [read(made / f"{name}.arrow") for name in ("inversion", "permutation")]
    assert described.example(read(made / "orig.arrow"), twins) == 2


def test_a_sentence_that_a_twin_lacks_is_no_example(made: Path) -> None:
    orig, twin = read(made / "orig.arrow"), read(made / "inversion.arrow")
    assert described.example(orig, [twin.take(slice(3, 4))]) == 3
    with pytest.raises(UserError, match="share no sentence"):
        described.example(orig.take(slice(0, 1)), [twin.take(slice(1, 2))])


def test_table_1(made: Path) -> None:
    entries = [
        {
            **{"language": "en", "twin": name, "steps": [name]},
            **{"orig": str(made / "orig.arrow"), "deriv": str(made / f"{name}.arrow")},
            "tokenizer": str(made / "tokenizer.json"),
        }
        for name in ("inversion", "transliteration")
    ]
    outputs = ["--csv", str(made / "t.csv"), "--html", str(made / "t.html")]
    show_twins.main(["--twins", json.dumps(entries), *outputs])
    with open(made / "t.csv", encoding="utf-8", newline="") as handle:
        inversion, spelled = csv.DictReader(handle)
    words = inversion["orig"].split()
    assert "".join(words) == "thedogssawaredboat."
    assert inversion["deriv"] == inversion["reading"] == " ".join(words[::-1])
    assert spelled["reading"] == inversion["orig"] and spelled["deriv"] != spelled["reading"]
    page = (made / "t.html").read_text(encoding="utf-8")
    assert f'<bdi lang="en" dir="ltr">{inversion["deriv"]}</bdi>' in page and "None" not in page
    assert f'<bdi lang="en-Brai" dir="ltr">{spelled["deriv"]}</bdi>' in page and "font/woff" in page


def test_tables_2_and_4(tmp_path: Path) -> None:
    base = {"lang": "en", "source": "builtin"}
    corpora = [
        {**base, "domain": domain, "split": half, "kept": kept, "repeated": 3, "drawn": kept + 3}
        for domain, half, kept in (("main", "a", 4000), ("main", "b", 4000), ("other", "a", 4000))
    ]
    task = {**base, "task": "pos", "split": "dev", "kept": 60, "source": "files", "file": "d/x.tsv"}
    paths = []
    for number, report in enumerate([*corpora, task]):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps(report), encoding="utf-8")
    pairings = {
        "parallel": {"orig": "main/a", "deriv": "main/a"},
        "far": {"orig": "main/a", "deriv": "other/a"},
    }
    names = [(table, form) for table in ("table2", "table4") for form in ("csv", "html")]
    flag = {"table2": "scores", "table4": "data"}
    outputs = {f"--{flag[t]}-{form}": str(tmp_path / f"{t}.{form}") for t, form in names}
    flags = [text for pair in outputs.items() for text in pair]
    reports = ["--reports", *map(str, paths), "--pairings", json.dumps(pairings)]
    describe_data.main([*reports, *flags])
    with open(tmp_path / "table2.csv", encoding="utf-8", newline="") as handle:
        scores = {(row["score"], row["pairing"]): row for row in csv.DictReader(handle)}
    assert scores["BZ", "far"]["pretrained_on"] == "main/a + T(other/a)"
    assert scores["BS", "far"]["sentences"] == "4,000 + 4,000"
    assert scores["MZ", "far"]["sentences"] == "4,000" and len(scores) == 6
    with open(tmp_path / "table4.csv", encoding="utf-8", newline="") as handle:
        data = list(csv.DictReader(handle))
    assert data[0]["use"] == "pos" and data[0]["source"] == "d/x.tsv"
    assert data[0]["licence"] == "that of the user's files" and data[0]["metric"] == "f1"
    assert data[1]["counts"] == "repeated 3, drawn 4,003" and "Apache" in data[1]["licence"]


def test_pairings_are_compared_at_one_size() -> None:
    base = {"lang": "hi", "split": "a", "source": "files"}
    reports = [{**base, "domain": "main", "kept": 40}, {**base, "domain": "other", "kept": 39}]
    with pytest.raises(UserError, match="'far' reads 40 and 39 sentences of hi"):
        described.table2(reports, {"far": {"orig": "main/a", "deriv": "other/a"}})
