"""Stanza's real pipeline, on a tokenizer, a tagger and a parser that are trained here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.micro import step
from tests.unit.test_parsing import treebank
from twinlang import parsers, trees
from twinlang.cli import UserError, read_json
from twinlang.sources.records import Tree
from twinlang.trees import Follower

FLAGS = {"lang": "fr", "kind": "text/main", "split": "a"}
SMALL = {"hidden_dim": 16, "batch_size": 500, "max_steps": 40, "eval_interval": 40, "num_layers": 1}
SMALL |= {"word_emb_dim": 16, "char_emb_dim": 8, "char_hidden_dim": 8, "transformed_dim": 8}
SMALL |= {"deep_biaff_hidden_dim": 16, "tag_emb_dim": 8}


def command(**flags: Any) -> list[str]:
    return [str(part) for name, value in flags.items() for part in (f"--{name}", value)]


def characters(folder: Path, split: str, gold: list[Tree]) -> None:
    """The files that Stanza's tokenizer learns from: text, and 1 or 2 at the end of a word."""
    text, marks = "", ""
    for tree in gold:
        mark, at = ["0"] * len(tree.text), 0
        for word in tree.words:
            at = tree.text.index(word, at) + len(word)
            mark[at - 1] = "1"
        text, marks = f"{text}{tree.text} ", f"{marks}{''.join(mark[:-1])}20"
    (folder / f"{split}.txt").write_text(f"{text}\n\n", encoding="utf-8")
    (folder / f"{split}.marks").write_text(f"{marks}\n\n", encoding="utf-8")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings of a pipeline whose models are trained on a few built-in trees."""
    pytest.importorskip("stanza")
    from stanza.models import parser, tagger, tokenizer

    folder = tmp_path_factory.mktemp("stanza")
    bank = treebank(folder, "fr")
    common = {"mode": "train", "lang": "fr", "shorthand": "fr_tiny", "save_dir": folder, "seed": 1}
    files = {"train_file": bank["train"], "eval_file": bank["dev"], "output_file": folder / "out"}
    tagger.main(
        [*command(**common, **files, **SMALL, save_name="tag.pt"), "--no_pretrain"]
        + command(composite_deep_biaff_hidden_dim=8)
    )
    parser.main([*command(**common, **files, **SMALL, save_name="dep.pt"), "--no_pretrain"])
    texts: dict[str, Any] = {"dev_conll_gold": bank["dev"], "conll_file": folder / "out"}
    for split, prefix in (("train", ""), ("dev", "dev_")):
        characters(folder, split, list(trees.read([bank[split]])))
        texts |= {f"{prefix}txt_file": folder / f"{split}.txt"}
        texts |= {f"{prefix}label_file": folder / f"{split}.marks"}
    short = {"steps": 60, "eval_steps": 60, "max_seqlen": 100, "emb_dim": 16, "hidden_dim": 16}
    tokenizer.main([*command(**common, **texts, **short, save_name="tok.pt"), "--no_use_mwt"])
    (folder / "models/fr").mkdir(parents=True)
    (folder / "models/resources.json").write_text('{"fr": {"tokenize": {}, "packages": {}}}')
    paths = {"tokenize": "tok.pt", "pos": "tag.pt", "depparse": "dep.pt"}
    options = {f"{name}_model_path": str(folder / path) for name, path in paths.items()}
    options |= {"package": None, "lemma_use_identity": True, "use_gpu": False}
    processors = "tokenize,pos,lemma,depparse"
    return {
        "folder": str(folder / "models"),
        "processors": processors,
        "batch": 16,
        "options": options,
    }


@pytest.fixture(scope="module")
def gold(settings: dict[str, Any]) -> list[Tree]:
    return list(trees.read([Path(settings["folder"]).parent / "dev.conllu"]))


def test_given_words_stay(settings: dict[str, Any], gold: list[Tree]) -> None:
    found = list(parsers.load("stanza").parse([t.words for t in gold], settings, **FLAGS))
    assert [tree.words for tree in found] == [tree.words for tree in gold]
    right = [
        a == b
        for one, two in zip(found, gold, strict=True)
        for a, b in zip(one.heads, two.heads, strict=True)
    ]
    assert sum(right) / len(right) > 0.25  # a tree of chance is right in one of ten


def test_running_text_has_a_tree_a_sentence(
    settings: dict[str, Any], gold: list[Tree], tmp_path: Path
) -> None:
    """Through the step, which keeps a sentence whose letters such a tokenizer loses as it is."""
    corpus, output = tmp_path / "fr.txt", tmp_path / "t.conllu"
    corpus.write_text("".join(f"{tree.text}\n" for tree in gold), encoding="utf-8")
    place = {"lang": "fr", "domain": "main", "split": "a"}
    files = {"corpus": corpus, "output": output, "report": tmp_path / "r.json"}
    step("parse_corpus", settings={**settings, "parser": "stanza"}, **place, **files)
    counts = read_json(tmp_path / "r.json")
    assert counts["read"] == len(gold) and counts["parsed"] > len(gold) / 2
    follower = Follower([output])
    for tree in gold:
        follower.tree_of(tree.text)
    follower.finish()


def test_a_sentence_that_fails_says_why(
    settings: dict[str, Any], gold: list[Tree], monkeypatch: pytest.MonkeyPatch
) -> None:
    stanza = parsers.load("stanza")
    whole = stanza.pipeline(settings, "fr", given=True)

    def fails(batch: Any) -> Any:
        if any("!!" in words for words in batch):
            raise RuntimeError("too odd\nfor words")
        return whole(batch)

    monkeypatch.setattr(stanza, "pipeline", lambda *_, **__: fails)
    asked = [gold[0].words, ["!!"], gold[1].words]
    first, second, third = stanza.parse(asked, settings, **FLAGS)
    assert (first.words, third.words) == (gold[0].words, gold[1].words)
    assert second == "RuntimeError: too odd"


def test_a_folder_without_the_language_is_refused(settings: dict[str, Any]) -> None:
    flags = {**FLAGS, "lang": "hi"}
    with pytest.raises(UserError, match="there are no models of 'hi' in .*stanza.download"):
        list(parsers.load("stanza").parse(["a"], settings, **flags))


def test_a_model_of_another_language_is_refused(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "resources.json").write_text('{"en": {"tokenize": {}, "packages": {}}}')
    moved = {**settings, "folder": str(tmp_path)}
    with pytest.raises(UserError, match="model of 'en' in .* was trained on fr_tiny"):
        parsers.load("stanza").pipeline(moved, "en", given=False)
