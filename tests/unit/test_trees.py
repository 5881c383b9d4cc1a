"""Trees on their way to pieces: surface words, files, and the columns of pieces."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kin import random_tree
from twinlang import trees
from twinlang.cli import UserError
from twinlang.sources.records import Tree

# "Du lait, je n'en veux pas." with a contraction of two words that hang on a third.
MILK = Tree(
    words=["De", "le", "lait", ",", "je", "n'", "en", "veux", "pas", "."],
    upos=["ADP", "DET", "NOUN", "PUNCT", "PRON", "ADV", "PRON", "VERB", "ADV", "PUNCT"],
    heads=[3, 3, 8, 3, 8, 8, 8, 0, 8, 8],
    relations=[
        *("case", "det", "dislocated", "punct", "nsubj"),
        *("advmod", "iobj", "root", "advmod", "punct"),
    ],
    text="Du lait, je n'en veux pas.",
    tokens=[("Du", 2), *((w, 1) for w in ["lait", ",", "je", "n'", "en", "veux", "pas", "."])],
)


def test_relations_are_universal() -> None:
    assert trees.relation("nsubj:pass") == "nsubj" and trees.relation("obl") == "obl"
    assert trees.relation("nobody") == "dep" == trees.relation("_")
    assert len(trees.RELATIONS) == 37 == len(set(trees.RELATIONS))


def test_a_contraction_is_one_node() -> None:
    found = trees.surface(MILK)
    assert found.words[:3] == ["Du", "lait", ","] and found.upos[0] == "ADP"
    assert found.heads == [2, 7, 2, 7, 7, 7, 0, 7, 7] and found.relations[0] == "case"
    assert trees.surface(found) is found


@given(size=st.integers(1, 12), seed=st.integers(0, 1000), cuts=st.sets(st.integers(1, 11)))
def test_collapsing_leaves_a_tree(size: int, seed: int, cuts: set[int]) -> None:
    tree = random_tree(list(map(str, range(size))), seed)
    groups = [sum(cut <= word for cut in cuts) for word in range(size)]
    found = trees.collapsed(tree, groups, [""] * (groups[-1] + 1))
    assert found.heads.count(0) == 1 and max(trees.depths(found.heads)) < len(found.heads)
    assert min(trees.depths(found.heads)) == 0


@given(size=st.integers(1, 9), seed=st.integers(0, 1000))
def test_files_round_trip(tmp_path_factory: pytest.TempPathFactory, size: int, seed: int) -> None:
    path = tmp_path_factory.mktemp("trees") / "a.conllu"
    written = [random_tree([f"w{n}" for n in range(size)], seed), MILK]
    path.write_text("".join(map(trees.conllu, written)), encoding="utf-8")
    assert list(trees.read([path, path])) == written * 2


def test_files_say_where_no_blank_follows() -> None:
    rows = trees.conllu(MILK).splitlines()
    assert rows[1].split("\t")[:2] == ["1-2", "Du"] and rows[2].endswith("\t_")
    assert [r.split("\t")[1] for r in rows if "SpaceAfter=No" in r] == ["lait", "n'", "pas"]


def columns(tree: Tree, spans: list[tuple[int, int]]) -> dict[str, list[int]]:
    return trees.by_span(tree, tree.text, spans)


def test_pieces_have_the_node_of_their_letters() -> None:
    tree = trees.surface(MILK)
    spans = [
        (0, 2),
        (2, 5),
        (5, 7),
        (7, 8),
        (8, 11),
        (11, 14),
        (14, 16),
        (16, 21),
        (21, 25),
        (25, 26),
    ]
    found = columns(tree, spans)
    assert found["nodes"] == [0, 1, 1, 2, 3, 4, 5, 6, 7, 8] and set(found) == set(trees.COLUMNS)
    assert found["heads"] == [1, 6, 6, 1, 6, 6, 6, -1, 6, 6]


def test_words_that_share_a_piece_are_one_node() -> None:
    tree = Tree(
        words=["can", "'t", "go", "!", "!"],
        upos=["AUX", "PART", "VERB", "PUNCT", "PUNCT"],
        heads=[3, 3, 0, 3, 3],
        relations=["aux", "advmod", "root", "punct", "punct"],
        text="can't go!!",
    )
    apart = columns(tree, [(0, 3), (3, 5), (5, 8), (8, 9), (9, 10)])
    assert apart["nodes"] == [0, 1, 2, 3, 4] and apart["heads"] == [2, 2, -1, 2, 2]
    shared = columns(tree, [(0, 2), (2, 5), (5, 8), (8, 10)])
    assert shared["nodes"] == [0, 0, 1, 2] and shared["heads"] == [1, 1, -1, 1]
    assert len(set(shared["upos"][:2])) == 1


def test_a_blank_piece_belongs_to_the_word_after_it() -> None:
    tree = Tree(["a", "b"], ["X", "X"], [0, 1], ["root", "dep"], text="a  b")
    assert columns(tree, [(0, 1), (1, 2), (2, 4)])["nodes"] == [0, 1, 1]


def test_repeated_words_are_nodes_of_their_own() -> None:
    tree = Tree(["a", "a", "a"], ["X"] * 3, [2, 0, 2], ["dep", "root", "dep"], text="a a a")
    assert columns(tree, [(0, 1), (1, 3), (3, 5)])["nodes"] == [0, 1, 2]
    assert trees.by_word(tree, [0, 0, 1, 2])["heads"] == [1, 1, -1, 1]


@pytest.mark.parametrize(
    ("asked", "word"),
    [(["a b", "a c"], "tree 2"), (["a b"], "no sentence"), (["a b"] * 3, "no tree")],
)
def test_trees_of_another_text_are_refused(tmp_path: Path, asked: list[str], word: str) -> None:
    tree = Tree(["a", "b"], ["X", "X"], [0, 1], ["root", "dep"], text="a b")
    path = tmp_path / "t.conllu"
    path.write_text(trees.conllu(tree) * 2, encoding="utf-8")
    follower = trees.Follower([path])
    with pytest.raises(UserError, match="t.conllu: tree . is out of step.*") as raised:
        for sentence in asked:
            follower.tree_of(sentence)
        follower.finish()
    assert word in str(raised.value)


def test_a_sentence_without_a_tree_orders_nothing() -> None:
    found = trees.unparsed("a b c")
    assert found.upos == ["X"] * 3 and found.heads == [0, 1, 1] and found.text == "a b c"
    assert trees.UNPARSED in trees.conllu(found, "why")
