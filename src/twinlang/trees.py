"""Trees on their way to pieces: surface words, CoNLL-U files, and the columns that carry a tree.

A twin moves surface words, never syntactic ones: where a parser sees two words in one (`du`, an
Arabic clitic) or a piece spans two tokens, they are one node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from twinlang.cli import UserError
from twinlang.readers.forms import UPOS
from twinlang.sources.records import Tree

Sentence = str | list[str]  # running text, or words that are given (labelled data)
Span = tuple[int, int]
COLUMNS = ("nodes", "heads", "upos", "relations")
UNPARSED = "unparsed"  # the comment of a sentence that has no tree, with the reason
# universaldependencies.org/u/dep; `nsubj:pass` and the like are read as `nsubj`, since subtypes
# differ from treebank to treebank and an order must carry over from one language to another.
RELATIONS = [
    *("acl", "advcl", "advmod", "amod", "appos", "aux", "case", "cc", "ccomp", "clf", "compound"),
    *("conj", "cop", "csubj", "dep", "det", "discourse", "dislocated", "expl", "fixed", "flat"),
    *("goeswith", "iobj", "list", "mark", "nmod", "nsubj", "nummod", "obj", "obl", "orphan"),
    *("parataxis", "punct", "reparandum", "root", "vocative", "xcomp"),
]
_UPOS = {name: number for number, name in enumerate(UPOS)}
_RELATIONS = {name: number for number, name in enumerate(RELATIONS)}


def relation(name: str) -> str:
    """The universal relation of a relation; `dep`, the unspecified one, for an unknown name."""
    universal = name.partition(":")[0]
    return universal if universal in _RELATIONS else "dep"


def depths(heads: Sequence[int]) -> list[int]:
    """Distance of each word from the root, which has 0; heads are 1-based, 0 is the root."""
    found: dict[int, int] = {0: -1}
    for start in range(1, len(heads) + 1):
        trail, node = [], start
        while node not in found:
            trail.append(node)
            node = heads[node - 1]
        for number, one in enumerate(reversed(trail), 1):
            found[one] = found[node] + number
    return [found[word] for word in range(1, len(heads) + 1)]


def collapsed(tree: Tree, groups: Sequence[int], forms: Sequence[str]) -> Tree:
    """A tree whose words are groups of another's words.

    groups: the group of each word, 0, 1, 2 ... in order; forms: the form of each group. A group
    takes part of speech, relation and head of its word nearest to the root. Nearest, since then a
    group hangs on one that is nearer still, and no cycle can come to be.
    """
    depth = depths(tree.heads)
    words = range(len(groups))
    tops = [
        min(members, key=lambda word: (depth[word], word))
        for _, members in groupby(words, key=lambda word: groups[word])
    ]
    heads = [groups[tree.heads[top] - 1] + 1 if tree.heads[top] else 0 for top in tops]
    return Tree(
        words=list(forms),
        upos=[tree.upos[top] for top in tops],
        heads=heads,
        relations=[tree.relations[top] for top in tops],
        text=tree.text,
    )


def surface(tree: Tree) -> Tree:
    """The tree over surface tokens."""
    if not tree.tokens:
        return tree
    groups = [number for number, (_, size) in enumerate(tree.tokens) for _ in range(size)]
    return collapsed(tree, groups, [form for form, _ in tree.tokens])


def unparsed(sentence: Sentence) -> Tree:
    """What stands for the tree of a sentence that has none: no head in it orders its dependents."""
    words = sentence.split() if isinstance(sentence, str) else sentence
    rest = len(words) - 1
    text = sentence if isinstance(sentence, str) else " ".join(words)
    relations = ["root", *["dep"] * rest]
    return Tree(words, ["X"] * len(words), [0, *[1] * rest], relations, text=text)


# Files --------------------------------------------------------------------------------------------


def conllu(tree: Tree, reason: str = "") -> str:
    """One tree in CoNLL-U; a reason says why it is no real one."""
    lines = [f"# text = {tree.text}"]
    lines += [f"# {UNPARSED} = {reason}"] if reason else []
    number, rest = 0, tree.text
    for form, size in tree.tokens or [(word, 1) for word in tree.words]:
        rest = rest.lstrip().removeprefix(form)
        misc = "SpaceAfter=No" if rest and not rest[0].isspace() else "_"
        if size > 1:
            lines.append(f"{number + 1}-{number + size}\t{form}" + "\t_" * 7 + f"\t{misc}")
            misc = "_"
        for word in range(number, number + size):
            row = (word + 1, tree.words[word], "_", tree.upos[word], "_", "_", tree.heads[word])
            lines.append("\t".join(map(str, (*row, tree.relations[word], "_", misc))))
        number += size
    return "\n".join(lines) + "\n\n"


def read(paths: Iterable[str | Path]) -> Iterator[Tree]:
    """The trees of several CoNLL-U files, one after the other.

    Raises:
        UserError: a file that is not well-formed, with file and line.
    """
    from twinlang.readers import conllu as reader

    for path in paths:
        yield from reader.trees(Path(path), report={})


class Follower:
    """Hands out the trees of CoNLL-U files, sentence by sentence, and refuses another text.

    Raises:
        UserError: the first sentence whose tree is of another text, or one too many or too few.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self._trees, self._where, self._number = read(paths), paths[0], 0

    def tree_of(self, sentence: Sentence) -> Tree:
        """The next tree, which is that of `sentence`."""
        tree = next(self._trees, None)
        self._number += 1
        if tree is None or not fits(sentence, tree):
            self._refuse(_shown(tree.text) if tree else "no tree", _shown(sentence))
        assert tree
        return tree

    def finish(self) -> None:
        """Says that there is no further sentence."""
        tree = next(self._trees, None)
        self._number += 1
        if tree is not None:
            self._refuse(_shown(tree.text), "no sentence")

    def _refuse(self, found: str, asked: str) -> None:
        raise UserError(
            f"{self._where}: tree {self._number} is out of step with the text, {found} for {asked};"
            " delete the trees and run again"
        )


def fault(sentence: Sentence, tree: Tree) -> str:
    """Why a parser's tree is none of this sentence; empty if it is one."""
    if not fits(sentence, tree):
        return "the parser's words are not those of the text"
    if unknown := set(tree.upos) - set(UPOS):
        return f"the part of speech {min(unknown)!r} is unknown"
    heads = tree.heads
    if heads.count(0) != 1 or not all(0 <= head <= len(heads) for head in heads):
        return "the tree has not one root"
    reached, waiting = 0, [0]
    below: dict[int, list[int]] = {}
    for word, head in enumerate(heads, 1):
        below.setdefault(head, []).append(word)
    while waiting:
        found = below.get(waiting.pop(), [])
        reached += len(found)
        waiting += found
    return "" if reached == len(heads) else "the tree has a cycle"


def fits(sentence: Sentence, tree: Tree) -> bool:
    """Whether a tree has the letters of a text, or exactly the given words."""
    if isinstance(sentence, str):
        return "".join(sentence.split()) == "".join("".join(tree.words).split())
    return sentence == tree.words


def _shown(sentence: Sentence) -> str:
    text = sentence if isinstance(sentence, str) else " ".join(sentence)
    return repr(text[:60])


# Columns ------------------------------------------------------------------------------------------


def by_word(tree: Tree, index: Sequence[int]) -> dict[str, list[int]]:
    """The columns of pieces whose word is given: node, head, UPOS and relation of each piece.

    Nodes are numbered from 0 within the sentence; the head is a node, -1 at the root.
    """
    heads = [head - 1 for head in tree.heads]
    upos = [_UPOS[name] for name in tree.upos]
    relations = [_RELATIONS[relation(name)] for name in tree.relations]
    every: dict[str, Any] = {"heads": heads, "upos": upos, "relations": relations}
    columns = {name: [values[word] for word in index] for name, values in every.items()}
    return {"nodes": list(index), **columns}


def by_span(tree: Tree, text: str, spans: Sequence[Span]) -> dict[str, list[int]]:
    """The columns of pieces whose characters are given; words that share a piece are one node."""
    owner = _owners(tree, text)
    first = [owner[_letter(text, a, a + 1)] for a, _ in spans]
    last = [owner[_letter(text, b - 1, b, step=-1)] for _, b in spans]
    joined = [False] * len(tree.words)
    for low, high in zip(first, last, strict=True):
        for word in range(low + 1, high + 1):
            joined[word] = True
    if any(joined):
        groups, number = [], -1
        for glued in joined:
            number += not glued
            groups.append(number)
        pairs = zip(groups, tree.words, strict=True)
        forms = ["".join(w for _, w in run) for _, run in groupby(pairs, key=lambda pair: pair[0])]
        tree, first = collapsed(tree, groups, forms), [groups[word] for word in first]
    return by_word(tree, first)


def _owners(tree: Tree, text: str) -> list[int]:
    """The word of each character of `text`; a blank belongs to the word after it."""
    owner: list[int] = []
    for number, word in enumerate(tree.words):
        letters = len(word) - word.count(" ")
        while letters and len(owner) < len(text):
            letters -= not text[len(owner)].isspace()
            owner.append(number)
    return owner + [len(tree.words) - 1] * (len(text) + 1 - len(owner))


def _letter(text: str, start: int, end: int, step: int = 1) -> int:
    """The first place from `start` on that is no blank; backwards, the last one before `end`."""
    place = max(0, start)
    while 0 <= place < len(text) - 1 and text[place].isspace():
        place += step
    return max(0, min(place, len(text) - 1))
