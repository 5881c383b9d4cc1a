"""Planted scores, and tables made of them by the step."""

import csv
from html.parser import HTMLParser

from twinlang import tidy
from twinlang.steps import write_table

TWINS = {
    "inversion": ["inversion"],
    "transliteration": [{"transliteration": {}}],
    "half": [{"transliteration": {"fraction": 0.5}}],
    "both": ["inversion", "transliteration"],
}


def planted(setting, value, **place):
    base = {"language": "en", "twin": "inversion", "pairing": "parallel", "task": "pos"}
    seeds = {"pretrain_seed": 0, "finetune_seed": 0}
    rest = {"metric": "f1", "n": 100, "keeps_order": False, "precision": "fp32", "device": "cpu"}
    constant = 1.5 if setting == "mz" else None
    return {
        **base, **seeds, "setting": setting, "value": value, "constant": constant, **rest, **place
    }  # fmt: skip


def cells(bz, bs, mz, **place):
    values = {"bz": bz, "bs": bs, "mz": mz}
    return [
        planted(setting, value, score_accuracy=value / 2, **place)
        for setting, value in values.items()
    ]


def table_of(folder, table, rows, *options):
    """The rows and the page of a table, made by the step."""
    scores = folder / "scores.csv"
    tidy.write_scores(str(scores), rows)
    outputs = [folder / "t.csv", folder / "t.html"]
    flags = ["--csv", str(outputs[0]), "--html", str(outputs[1]), *options]
    write_table.main(["--table", table, "--scores", str(scores), *flags])
    with open(outputs[0], encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle)), outputs[1].read_text(encoding="utf-8")


class Reader(HTMLParser):
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
