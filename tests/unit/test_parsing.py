"""Parsers and the parse steps: a tree for every sentence, in shards, and what has none counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.micro import step
from twinlang import ordering, parsers, sentences, tasks, trees
from twinlang.cli import UserError, read_json, read_lines, write_lines
from twinlang.grammar.lexicon import LANGUAGES
from twinlang.tokenizer import save, train
from twinlang.trees import conllu

SOURCE = {
    "source": "builtin",
    "seed": 0,
    "sentences": 120,
    "trees": {"train": 150, "dev": 60},
    "items": {name: {"train": 12, "dev": 12} for name in ("nli", "ner", "pos", "qa", "retrieval")},
}
TREEBANK = {"parser": "treebank", "source": SOURCE}
PLACE = {"domain": "main", "split": "a"}


def corpus(folder: Path, lang: str = "en") -> Path:
    path = folder / f"{lang}.txt"
    flags = {"settings": SOURCE, "lang": lang, "output": path, **PLACE}
    step("fetch_corpus", **flags, report=folder / "fetch.json")
    return path


def parsed(path: Path, name: str = "t", settings: Any = None, **flags: Any) -> Path:
    output = path.with_name(f"{path.stem}.{name}.conllu")
    place = {"lang": path.stem, **PLACE, **{k: str(v) for k, v in flags.items()}}
    settings = settings or TREEBANK
    step(
        "parse_corpus",
        corpus=path,
        settings=settings,
        **place,
        output=output,
        report=report(output),
    )
    return output


def report(output: Path) -> Path:
    return output.with_suffix(".json")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_sentence_of_a_corpus_has_its_own_tree(tmp_path: Path, lang: str) -> None:
    path = corpus(tmp_path, lang)
    found = parsed(path)
    assert read_json(report(found)) == {"read": 120, "parsed": 120, "unparsed": 0, "first": []}
    assert [tree.text for tree in trees.read([found])] == path.read_text().splitlines()


def test_shards_one_after_the_other_are_the_whole(tmp_path: Path) -> None:
    path = corpus(tmp_path)
    whole = parsed(path).read_text()
    parts = [parsed(path, f"s{n}", shard=n, shards=7).read_text() for n in reversed(range(7))]
    assert "".join(reversed(parts)) == whole


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("task", ["nli", "ner", "pos", "qa", "retrieval"])
def test_every_sentence_of_a_task_has_its_own_tree(tmp_path: Path, task: str, lang: str) -> None:
    items, output = tmp_path / "items.jsonl", tmp_path / "t.conllu"
    place = {"lang": lang, "task": task, "split": "dev"}
    step("fetch_task", settings=SOURCE, **place, output=items, report=tmp_path / "r.json")
    step(
        "parse_task", items=items, settings=TREEBANK, **place, output=output, report=report(output)
    )
    # sentencex takes `May.` for an abbreviation, so two sentences of a paragraph may come as one
    assert read_json(report(output))["unparsed"] <= (task == "qa")
    records = read_lines(items)
    heard = list(tasks.task_sentences(records, tasks.load(task), lang, "sentence"))
    assert read_json(report(output))["read"] == len(heard) >= 12
    save(train(iter(path_lines(items)), vocabulary=300), tmp_path / "tokenizer.json")
    flags = {"items": items, "task": task, "lang": lang, "dataset": "x", "trees": output}
    for name, chosen in (
        ("with", flags),
        ("without", {k: v for k, v in flags.items() if k != "trees"}),
    ):
        step(
            "encode_task",
            **chosen,
            tokenizer=tmp_path / "tokenizer.json",
            output=tmp_path / f"{name}.arrow",
        )
    both = [sentences.read(tmp_path / f"{name}.arrow") for name in ("with", "without")]
    assert (both[0].pieces == both[1].pieces).all() and (both[0].keys == both[1].keys).all()
    assert set(both[0].columns) == {*both[1].columns, *trees.COLUMNS}
    if task in ("pos", "ner"):
        assert (both[0].columns["nodes"] == both[0].words).all()


def path_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_sentences_without_a_tree_are_counted(tmp_path: Path) -> None:
    path = corpus(tmp_path)
    lines = path_lines(path)
    lines[3:3] = ["Nobody said this ."] * 12
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    found = parsed(path)
    counts = read_json(report(found))
    assert (counts["read"], counts["parsed"], counts["unparsed"]) == (132, 120, 12)
    assert len(counts["first"]) == 10 and counts["first"][0]["number"] == 4
    odd = list(trees.read([found]))[3]
    assert odd.words == ["Nobody", "said", "this", "."] and set(odd.upos) == {"X"}


@pytest.mark.parametrize(
    ("heads", "words", "upos", "word"),
    [
        ([2, 1], "a b", "X X", "not one root"),
        ([0, 0], "a b", "X X", "not one root"),
        ([0, 3], "a b", "X X", "not one root"),
        ([0, 3, 2], "a b c", "X X X", "cycle"),
        ([0, 1], "a c", "X X", "not those of the text"),
        ([0, 1], "a b", "X NN", "part of speech 'NN'"),
        ([0, 1], "a b", "X X", ""),
    ],
)
def test_faults_of_a_parser(heads: list[int], words: str, upos: str, word: str) -> None:
    tree = trees.Tree(words.split(), upos.split(), heads, ["dep"] * len(heads), text=words)
    text = "a b c" if len(heads) > 2 else "a b"
    for sentence in (text, text.split()):
        found = trees.fault(sentence, tree)
        assert (word in found) if word else not found


def test_no_tree_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("Nobody said this.\n")
    with pytest.raises(UserError, match="none of 1 sentences has a tree .* choose another parser"):
        parsed(tmp_path / "en.txt")
    (tmp_path / "en.txt").write_text("")
    with pytest.raises(UserError, match="no sentence to parse"):
        parsed(tmp_path / "en.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["en.txt"]


def test_trees_of_another_text_are_refused_in_encoding(tmp_path: Path) -> None:
    path = corpus(tmp_path)
    found = parsed(path)
    save(train(iter(path_lines(path)), vocabulary=300), tmp_path / "tokenizer.json")
    path.write_text("\n".join(path_lines(path)[:5] + ["Other words."]) + "\n")
    flags = {"corpus": path, "tokenizer": tmp_path / "tokenizer.json", "dataset": "x"}
    with pytest.raises(UserError, match="tree 6 is out of step with the text"):
        step("encode_corpus", **flags, trees=found, output=tmp_path / "a.arrow")
    assert not (tmp_path / "a.arrow").exists()


def test_parsers_have_names() -> None:
    assert parsers.names() == ["stanza", "treebank", "udpipe"]
    with pytest.raises(
        UserError, match="there is no parser 'spacy'; choose one of stanza, treebank"
    ):
        parsers.load("spacy")


def treebank(folder: Path, lang: str) -> dict[str, Path]:
    found = {split: folder / f"{split}.conllu" for split in ("train", "dev")}
    for split, path in found.items():
        step(
            "fetch_trees", settings=SOURCE, lang=lang, split=split, output=path, report=report(path)
        )
        assert read_json(report(path))["kept"] == SOURCE["trees"][split]  # type: ignore[index]
    return found


def test_ordering_models_are_trained_from_a_treebank(tmp_path: Path) -> None:
    bank = treebank(tmp_path, "fr")
    name = {"name": "built-in", "version": "0", "licence": "none"}
    settings = {"dependents": 5, "penalties": [1.0, 10.0], "iterations": 60}
    for output in ("a.json", "b.json"):
        flags = {"settings": settings, "treebank": name, "lang": "fr", "output": tmp_path / output}
        step("train_ordering", **bank, **flags)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    found = read_json(tmp_path / "a.json")
    assert (found["language"], found["treebank"], found["settings"]) == ("fr", name, settings)
    for model in found["models"].values():
        told = model["held_out"]
        assert told["model"] > max(told["markov"], told["directions"]) and told["model"] < 0
        assert model["families"]["held_out"] > 30 and model["penalty"] in settings["penalties"]
    assert set(ordering.read(str(tmp_path / "a.json"))) == {"nouns", "verbs"}
    bank["dev"].write_text(conllu(trees.unparsed("a b")), encoding="utf-8")
    with pytest.raises(UserError, match="dev.conllu has no nouns with dependents"):
        step("train_ordering", **bank, **{**flags, "output": tmp_path / "c.json"})


def test_udpipe_trained_on_built_in_trees_parses_them(tmp_path: Path) -> None:
    pytest.importorskip("ufal.udpipe")
    bank, model = treebank(tmp_path, "fr"), tmp_path / "fr.udpipe"
    settings = {"tokenizer": 3, "tagger": 3, "parser": 2, "hidden": 30}
    step("train_parser", **bank, settings=settings, output=model)
    gold = list(trees.read([bank["dev"]]))
    parse = parsers.load("udpipe").parse
    flags = {"lang": "fr", "kind": "text/main", "split": "a"}
    for given in ([tree.text for tree in gold], [tree.words for tree in gold]):
        found = list(parse(given, {"model": str(model)}, **flags))
        pairs = [
            (one.heads[n], two.heads[n])
            for one, two in zip(gold, found, strict=True)
            if one.words == two.words
            for n in range(len(one.words))
        ]
        assert len(pairs) > 300 and sum(a == b for a, b in pairs) / len(pairs) > 0.6
    items = [{"id": str(n), "words": t.words, "labels": t.upos} for n, t in enumerate(gold)]
    write_lines(tmp_path / "items.jsonl", items)
    place = {
        "lang": "fr",
        "task": "pos",
        "split": "dev",
        "model": model,
        "settings": {"parser": "udpipe"},
    }
    output = tmp_path / "p.conllu"
    step(
        "parse_task", items=tmp_path / "items.jsonl", **place, output=output, report=report(output)
    )
    assert [tree.words for tree in trees.read([output])] == [tree.words for tree in gold]


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    pytest.importorskip("ufal.udpipe")
    (tmp_path / "x.udpipe").write_text("no")
    with pytest.raises(UserError, match="x.udpipe is no model of UDPipe"):
        list(
            parsers.load("udpipe").parse(
                ["a"], {"model": str(tmp_path / "x.udpipe")}, lang="en", kind="pos", split="dev"
            )
        )


def test_contractions_come_back_as_surface_words(tmp_path: Path) -> None:
    """A treebank with ranges is learnt with them: what the parser splits is one word again."""
    pytest.importorskip("ufal.udpipe")
    parts = []
    for number in range(60):
        noun = f"pa{number % 7}"
        tree = trees.Tree(
            words=["de", "le", noun, "dort", "."],
            upos=["ADP", "DET", "NOUN", "VERB", "PUNCT"],
            heads=[3, 3, 4, 0, 4],
            relations=["case", "det", "obl", "root", "punct"],
            text=f"du {noun} dort.",
            tokens=[("du", 2), (noun, 1), ("dort", 1), (".", 1)],
        )
        parts.append(conllu(tree))
    bank = tmp_path / "t.conllu"
    bank.write_text("".join(parts), encoding="utf-8")
    model = tmp_path / "fr.udpipe"
    settings = {"tokenizer": 8, "tagger": 2, "parser": 2, "hidden": 20}
    step("train_parser", train=bank, dev=bank, settings=settings, output=model)
    flags = {"lang": "fr", "kind": "text/main", "split": "a"}
    (found,) = parsers.load("udpipe").parse(["du pa3 dort."], {"model": str(model)}, **flags)
    assert not isinstance(found, str)
    assert found.words == ["du", "pa3", "dort", "."] and found.heads[0] == 2


def test_json_of_reports(tmp_path: Path) -> None:
    found = parsed(corpus(tmp_path))
    assert set(json.loads(report(found).read_text())) == {"read", "parsed", "unparsed", "first"}
