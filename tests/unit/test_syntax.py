"""The syntax transform: whole subtrees move, labels go with their words, nothing else counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kin import SYNTAX, models, random_tree, step_of, with_trees
from tests.micro import data_of, step
from twinlang import sentences, transforms, word_order
from twinlang.cli import UserError, write_json
from twinlang.forest import forest, laid_out, projective
from twinlang.ordering import KINDS
from twinlang.sentences import Sentences
from twinlang.sources.records import Tree
from twinlang.transforms import syntax
from twinlang.trees import depths


def encoded(*trees: Tree) -> Sentences:
    return word_order.encoded(trees, "test")


def derived(data: Sentences, *, files: list[str] | None = None, **parameters: Any) -> Sentences:
    steps = [step_of("syntax", **parameters)]
    paths = models() if files is None else files
    return transforms.apply(data, steps, vocabulary=1000, seed=0, files=paths)


def trees_of(sizes: list[int], seed: int) -> list[Tree]:
    kinds = ["NOUN", "VERB", "ADJ"]
    return [random_tree(list(map(str, range(n))), seed + n, heads=kinds) for n in sizes]


@given(sizes=st.lists(st.integers(1, 14), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_every_subtree_stays_whole(sizes: list[int], seed: int) -> None:
    """The twin of any tree is projective, and a twin of the twin can be made."""
    trees = trees_of(sizes, seed)
    found = derived(encoded(*trees))
    for number, tree in enumerate(trees):
        order = found.pieces[found.offsets[number] : found.offsets[number + 1]].tolist()
        again = word_order.reordered(tree, order)
        assert sorted(order) == list(range(len(tree.words)))
        assert projective(forest(encoded(again))).all()
        assert sorted(depths(again.heads)) == sorted(depths(tree.heads))


@given(sizes=st.lists(st.integers(1, 12), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_a_projective_tree_laid_out_as_it_stands_is_itself(sizes: list[int], seed: int) -> None:
    data = encoded(*trees_of(sizes, seed))
    trees = forest(data)
    positions = laid_out(trees, trees.slots())
    same = np.repeat(projective(trees), data.lengths)
    assert (positions[same] == np.arange(len(positions))[same]).all()
    assert sorted(positions) == list(range(len(positions)))


def test_crossing_arcs_are_found() -> None:
    crossing = Tree(list("abcd"), ["X"] * 4, [3, 4, 0, 3], ["dep"] * 4)
    nested = Tree(list("abcd"), ["X"] * 4, [2, 3, 0, 3], ["dep"] * 4)
    assert projective(forest(encoded(crossing, nested))).tolist() == [False, True]


def model(path: Path, **weights: float) -> list[str]:
    """One model for every language: objects before their verb, `weights` beside it."""
    made: dict[str, Any] = {kind: {"joint": {}, "upos": {}, "relation": {}} for kind in KINDS}
    made["head"]["relation"] = {"obj @": 20.0, "@ nsubj": 20.0, **weights}
    for lang in ("en", "fr", "hi"):
        classes = {name: {"labels": {}, "weights": made} for name in ("nouns", "verbs")}
        write_json(path / f"{lang}.json", {"language": lang, "models": classes})
    return [str(path / f"{lang}.json") for lang in ("en", "fr", "hi")]


CATS = Tree(
    words=["cats", "chase", "old", "cats", "!"],
    upos=["NOUN", "VERB", "ADJ", "NOUN", "PUNCT"],
    heads=[2, 0, 4, 2, 2],
    relations=["nsubj", "root", "amod", "obj", "punct"],
    text="cats chase old cats!",
)


def words(found: Sentences, tree: Tree) -> str:
    return " ".join(tree.words[piece] for piece in found.pieces)


def test_objects_and_subjects_change_sides(tmp_path: Path) -> None:
    files = model(tmp_path, **{"@ punct": 20.0, "nsubj punct": 20.0, "amod @": 5.0})
    found = derived(encoded(CATS), files=files)
    assert words(found, CATS)[:15] == "old cats chase "  # the modifier goes with its noun
    assert found.columns["positions"].tolist()[:3] == [2, 3, 1]
    stays = derived(encoded(CATS), files=files, punctuation="stays")
    assert words(stays, CATS) == "old cats chase cats !"


def test_the_best_order_and_unknown_labels(tmp_path: Path) -> None:
    files = model(tmp_path, **{"nsubj punct": 3.0, "@ punct": 3.0, "amod @": 5.0})
    found = derived(encoded(CATS), files=files, draw="best")
    assert words(found, CATS) == "old cats chase cats !"
    strange = replace(CATS, relations=["list", "root", "amod", "obj", "punct"])
    assert sorted(derived(encoded(strange), files=files).pieces) == [0, 1, 2, 3, 4]


def test_heads_of_other_kinds_keep_their_order() -> None:
    plain = replace(CATS, upos=["ADJ", "AUX", "ADJ", "ADJ", "PUNCT"])
    assert derived(encoded(plain)).pieces.tolist() == [0, 1, 2, 3, 4]


def test_published_filters_leave_a_sentence_as_it_is() -> None:
    wide = Tree(list("abcdefgh"), ["VERB", *["NOUN"] * 7], [0] + [1] * 7, ["root"] + ["obj"] * 7)
    crossing = Tree(list("abcd"), ["NOUN"] * 4, [3, 4, 0, 3], ["dep"] * 4)
    data = encoded(wide, crossing, CATS)
    limits = {"dependents": 6, "projective": True}
    assert transforms.kept(data, [step_of("syntax", **limits)]).tolist() == [False, False, True]
    found = derived(data, **limits)
    assert found.pieces[:12].tolist() == [*range(8), *range(4)]
    assert transforms.kept(data, [step_of("syntax")]).all()


def test_a_corpus_leaves_out_what_the_filters_drop(tmp_path: Path) -> None:
    trees = [CATS, Tree(list("abcd"), ["NOUN"] * 4, [3, 4, 0, 3], ["dep"] * 4), CATS]
    data = replace(encoded(*trees), metadata={"vocabulary": 10, "dataset": "x"})
    sentences.write(tmp_path / "a.arrow", [data])
    steps = [step_of("syntax", projective=True)]
    flags: dict[str, Any] = {"input": tmp_path / "a.arrow", "steps": steps, "seed": 0}
    for name, more in (("all", []), ("some", ["--leave-out"])):
        from tests.micro import arguments
        from twinlang.steps import derive

        given = arguments(**flags, output=tmp_path / f"{name}.arrow")
        derive.main([*given, *more, "--files", *models()])
    assert len(sentences.read(tmp_path / "all.arrow")) == 3
    some = sentences.read(tmp_path / "some.arrow")
    assert len(some) == 2 and (some.keys == data.keys[[0, 2]]).all()
    assert not set(some.columns) & {"heads", "nodes"}


def test_draws_depend_on_key_and_seed_alone() -> None:
    lengths = [[1] * 9] * 40
    one = with_trees(data_of(lengths, keys=[7] * 40))
    found = derived(one).columns["positions"].reshape(40, 9)
    assert (found == found[0]).all()
    many = with_trees(data_of(lengths))
    many = replace(many, columns={**many.columns, **{n: one.columns[n] for n in ("heads", "upos")}})
    assert len(set(map(tuple, derived(many).columns["positions"].reshape(40, 9).tolist()))) > 5


def test_like_dependents_keep_their_order_or_are_shuffled(tmp_path: Path) -> None:
    files = model(tmp_path)
    wide = Tree(list("abcde"), ["VERB", *["NOUN"] * 4], [0] + [1] * 4, ["root"] + ["obj"] * 4)
    data = encoded(*[wide] * 50)
    kept = derived(data, files=files).pieces.reshape(50, 5)
    assert (kept == [1, 2, 3, 4, 0]).all()
    shuffled = derived(data, files=files, equals="shuffle").pieces.reshape(50, 5)
    assert (shuffled[:, 4] == 0).all() and len(set(map(tuple, shuffled.tolist()))) > 10


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"draw": "worst"}, "draw: worst is not known; choose sample or best"),
        ({"punctuation": "goes"}, "choose moves or stays"),
        ({"equals": "no"}, "choose keep or shuffle"),
        ({"nouns": "de"}, "no ordering model of 'de'"),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], word: str) -> None:
    with pytest.raises(UserError, match=word):
        derived(encoded(CATS), **parameters)


def test_sentences_without_trees_are_refused() -> None:
    with pytest.raises(UserError, match="carry no trees"):
        derived(data_of([[1, 2]]))


def test_the_step_reads_models(tmp_path: Path) -> None:
    data = replace(encoded(CATS), metadata={"vocabulary": 10, "dataset": "x"})
    sentences.write(tmp_path / "a.arrow", [data])
    steps = [{"syntax": SYNTAX}]
    with pytest.raises(UserError, match="no ordering model"):
        step("derive", input=tmp_path / "a.arrow", steps=steps, seed=0, output=tmp_path / "b.arrow")
    assert not (tmp_path / "b.arrow").exists()


def test_families_of_thirteen_and_more(tmp_path: Path) -> None:
    assert syntax.KEEPS_SPANS is False and syntax.TREES
    count = 16
    wide = Tree(
        ["w"] * count, ["VERB", *["NOUN"] * (count - 1)], [0] + [1] * (count - 1), ["obj"] * count
    )
    found = derived(encoded(wide), files=model(tmp_path))
    assert sorted(found.pieces) == list(range(count)) and found.pieces[-1] == 0
