"""UDPipe 1 (Straka and Straková 2017): a parser that a rule trains from the language's treebank.

It runs on a processor alone, offline, some thousand words a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from twinlang.cli import UserError
from twinlang.sources.records import Tree
from twinlang.trees import Sentence, surface

NEEDS = "model"


def parse(
    sentences: Iterable[Sentence], settings: dict[str, Any], *, lang: str, kind: str, split: str
) -> Iterator[Tree | str]:
    """The tree of each sentence; a text that is no sentence for the model says why."""
    udpipe = _library()
    model = udpipe.Model.load(settings["model"])
    if not model:
        raise UserError(f"{settings['model']} is no model of UDPipe; delete it and run again")
    tokenizer = model.newTokenizer(udpipe.Model.TOKENIZER_PRESEGMENTED)
    writer = udpipe.OutputFormat.newOutputFormat("conllu")
    for sentence in sentences:
        block, error = udpipe.Sentence(), udpipe.ProcessingError()
        if isinstance(sentence, str):
            tokenizer.setText(sentence)
            tokenizer.nextSentence(block, error)
        else:
            for word in sentence:
                block.addWord(word)
        model.tag(block, udpipe.Model.DEFAULT, error)
        model.parse(block, udpipe.Model.DEFAULT, error)
        yield error.message if error.occurred() else _tree(writer.writeSentence(block), sentence)


def _tree(conllu: str, sentence: Sentence) -> Tree | str:
    """The tree over surface words from what the library writes; reading word objects is slower."""
    rows = [line.split("\t") for line in conllu.splitlines() if line and line[0] != "#"]
    words = [row for row in rows if "-" not in row[0]]
    if not words:
        return "no words were found"
    tokens: list[tuple[str, int]] = []
    last = 0
    for number, form, *_ in rows if len(words) < len(rows) else ():
        first, _, end = number.partition("-")
        if int(first) > last:
            last = int(end or first)
            tokens.append((form, last - int(first) + 1))
    return surface(
        Tree(
            words=[row[1] for row in words],
            upos=[row[3] if row[3] != "_" else "X" for row in words],
            heads=[int(row[6]) for row in words],
            relations=[row[7] for row in words],
            text=sentence if isinstance(sentence, str) else " ".join(sentence),
            tokens=tokens,
        )
    )


def train(texts: Sequence[str], settings: dict[str, int]) -> bytes:
    """A model trained on CoNLL-U, texts of train and of dev, which chooses its best state.

    settings: passes over the data of the tokenizer, the tagger and the parser, and the width of the
    parser's hidden layer.

    Raises:
        UserError: the library refuses the treebank.
    """
    udpipe = _library()
    both = [_sentences(udpipe, text) for text in texts]
    error = udpipe.ProcessingError()
    options = (
        f"dimension=24;epochs={settings['tokenizer']};early_stopping=1",
        f"models=1;use_lemma=0;provide_lemma=0;use_xpostag=0;use_feats=0;iterations={settings['tagger']}",
        f"iterations={settings['parser']};hidden_layer={settings['hidden']};transition_system=projective;"
        "transition_oracle=dynamic;structured_interval=8;embedding_upostag=20;embedding_feats=0;"
        "embedding_xpostag=0;embedding_form=50;embedding_lemma=0;embedding_deprel=20",
    )
    made = udpipe.Trainer.train("morphodita_parsito", *both, *options, error)
    if error.occurred():
        raise UserError(f"UDPipe cannot train from this treebank: {error.message}; mend the trees")
    return bytes(made)


def _sentences(udpipe: Any, text: str) -> Any:
    """CoNLL-U text as the library's sentences."""
    reader = udpipe.InputFormat.newConlluInputFormat()
    reader.setText(text)
    found, error = udpipe.Sentences(), udpipe.ProcessingError()
    block = udpipe.Sentence()
    while reader.nextSentence(block, error):
        found.append(block)
        block = udpipe.Sentence()
    if error.occurred():
        raise UserError(f"UDPipe cannot read this treebank: {error.message}; mend the trees")
    return found


def _library() -> Any:
    try:
        from ufal import udpipe
    except ImportError:
        raise UserError(
            "the parser udpipe needs the package ufal.udpipe; install requirements/base.txt"
        ) from None
    return udpipe
