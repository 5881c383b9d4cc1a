"""The source `files`: every form and compression, disjoint corpora, samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.folder import meanings, text, write, write_folder
from tests.reading import corpus, fails, items, settings, trees
from twinlang.sources import files


@pytest.mark.parametrize("compression", ["", ".gz", ".xz"])
def test_every_form_in_every_compression(tmp_path: Path, compression: str) -> None:
    write_folder(tmp_path, ("en", "ar"), sentences=20, items=6, compression=compression)
    for lang in ("en", "ar"):
        for task, keys in (
            ("pos", {"words", "labels"}),
            ("ner", {"words", "labels"}),
            ("nli", {"premise", "hypothesis", "label"}),
            ("qa", {"context", "question", "answers"}),
            ("retrieval", {"sentence", "translation"}),
        ):
            found, report = items(tmp_path, task, lang=lang)
            assert found and set(found[0]) == keys | {"id"}
            assert len({record["id"] for record in found}) == len(found)
            assert report["kept"] == report["read"] == len(found)
    assert len(trees(tmp_path)[0]) == 6
    assert len(corpus(tmp_path)[0]) + len(corpus(tmp_path, split="b")[0]) == 20


def test_the_three_corpora_are_disjoint(tmp_path: Path) -> None:
    shared = [text("en", meaning) for meaning in meanings("shared", 300)]
    # sentences come again in lines of both halves, and in the other domain
    lines = [f"{a} {b}" for a, b in zip(shared, shared[7:] + shared[:7], strict=True)]
    write(tmp_path / "text/en/main.txt", "\n".join(lines))
    more = [text("en", meaning) for meaning in meanings("more", 200)]
    write(tmp_path / "text/en/other.txt", "\n".join(more + shared[:50]))
    a, report = corpus(tmp_path)
    b, _ = corpus(tmp_path, split="b")
    c, other = corpus(tmp_path, domain="other")
    assert not set(a) & set(b) and not set(a) & set(c) and not set(b) & set(c)
    assert set(a) | set(b) == set(shared)
    assert report["duplicates"] == 300 and other["in_main"] == 50
    assert 100 < len(a) < 200


def test_lines_stay_whole_and_in_order(tmp_path: Path) -> None:
    lines = [[f"Bo {n} lu {k}." for k in range(3)] for n in range(80)]
    write(tmp_path / "text/en/main.txt", "\n".join(" ".join(line) for line in lines))
    a, _ = corpus(tmp_path)
    assert a == [s for line in lines if line[0] in a for s in line]
    few, report = corpus(tmp_path, sentences=30)
    assert len(few) == 30 and set(few) < set(a) and report["beyond_limit"] == len(a) - 30
    assert few == [s for s in a if s in few]
    # a sample of the whole file, not its beginning
    assert few[-1] in a[60:]
    assert set(corpus(tmp_path, sentences=12)[0]) < set(few)
    many, report = corpus(tmp_path, sentences=1000)
    assert many == a and report["missing"] == 1000 - len(a)


def test_lengths_are_filtered_and_counted(tmp_path: Path) -> None:
    write(tmp_path / "text/en/main.txt", "Go.\n\n" + "Bo di lu. Bo " + "di " * 20 + "lu.\n \n")
    both = [corpus(tmp_path, split=split, shortest=3, longest=9)[1] for split in "ab"]
    assert sorted(report["kept"] for report in both) == [0, 1]
    for report in both:
        assert (report["lines"], report["empty_lines"], report["sentences"]) == (4, 2, 3)
        assert report["too_short"] == report["too_long"] == 1


def test_text_becomes_nfc_and_one_line(tmp_path: Path) -> None:
    content = "\ufeffCafe\u0301\u2028bo\tdi\u00a0lu .\r\n"
    write(tmp_path / "text/en/main.txt", content)
    assert corpus(tmp_path)[0] + corpus(tmp_path, split="b")[0] == ["Café bo di lu ."]


def test_files_of_an_output(tmp_path: Path) -> None:
    write_folder(tmp_path, ("en", "hi"), sentences=2, items=3, compression=".gz")

    def names(lang: str, kind: str, split: str) -> list[str]:
        found = files.files(settings(tmp_path), lang=lang, kind=kind, split=split)
        return [str(Path(name).relative_to(tmp_path)) for name in found]

    assert names("en", "text/main", "a") == ["text/en/main.txt.gz"]
    assert names("en", "text/other", "a") == ["text/en/other.txt.gz", "text/en/main.txt.gz"]
    assert names("hi", "qa", "train") == ["qa/hi/train.json.gz"]
    assert names("hi", "trees", "dev") == ["trees/hi/dev.conllu.gz"]
    assert names("en", "retrieval", "dev") == ["retrieval/hi.tsv.gz"]
    fails(lambda: names("fr", "pos", "dev"), "pos/fr/dev.tsv", "`data`")


def test_english_retrieval_is_the_other_side(tmp_path: Path) -> None:
    write_folder(tmp_path, ("hi", "ar"), sentences=2, items=5)
    english, report = items(tmp_path, "retrieval")
    arabic, _ = items(tmp_path, "retrieval", lang="ar")
    assert report["file"].endswith("retrieval/ar.tsv")
    assert [(r["sentence"], r["translation"]) for r in english] == [
        (r["translation"], r["sentence"]) for r in arabic
    ]


def test_retrieval_drops_and_counts_a_sentence_that_comes_again(tmp_path: Path) -> None:
    write(tmp_path / "retrieval/fr.tsv", "sentence\tenglish\nbo di\tlu\nbo di\tma\nsu\tlu\n")
    found, report = items(tmp_path, "retrieval", lang="fr")
    assert [record["translation"] for record in found] == ["lu", "lu"]
    assert (report["read"], report["duplicates"], report["kept"]) == (3, 1, 2)


def test_items_are_sampled_in_order(tmp_path: Path) -> None:
    write_folder(tmp_path, ("en",), sentences=2, items=60)
    every, _ = items(tmp_path, "nli")
    few, report = items(tmp_path, "nli", items={"nli": {"train": 5, "dev": 20}})
    assert few == [record for record in every if record in few]
    assert report["read"] == 180 and report["beyond_limit"] == 160 and report["kept"] == 20
    assert every.index(few[-1]) > 100


def test_an_entity_that_opens_with_i_is_mended(tmp_path: Path) -> None:
    write(tmp_path / "ner/en/dev.tsv", "Bo\tI-PER\ndi\tI-PER\nLu\tI-LOC\n\nMa\tI-ORG")
    found, report = items(tmp_path, "ner")
    assert [r["labels"] for r in found] == [["B-PER", "I-PER", "B-LOC"], ["B-ORG"]]
    assert report["tags_mended"] == 3
