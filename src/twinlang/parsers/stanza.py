"""Stanza (Qi et al. 2020), the paper's parser: neural, best on a GPU, from a folder of models.

The folder is what `stanza.download(lang, model_dir=FOLDER)` fills; nothing is fetched here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from twinlang.cli import UserError
from twinlang.sources.records import Tree
from twinlang.trees import Sentence, surface

NEEDS = "folder"


def parse(
    sentences: Iterable[Sentence], settings: dict[str, Any], *, lang: str, kind: str, split: str
) -> Iterator[Tree | str]:
    """The tree of each sentence, `batch` at a time; one that fails is tried by itself."""
    waiting, pipelines = iter(sentences), dict[bool, Any]()
    while batch := list(islice(waiting, settings["batch"])):
        given = isinstance(batch[0], list)
        if given not in pipelines:
            pipelines[given] = pipeline(settings, lang, given=given)
        try:
            yield from _parsed(pipelines[given], batch)
        except Exception:  # the library raises whatever its parts do
            for sentence in batch:
                yield _alone(pipelines[given], sentence)


def pipeline(settings: dict[str, Any], lang: str, *, given: bool) -> Any:
    """Stanza's pipeline for running text, or for given words.

    Raises:
        UserError: no library, no folder, no models of that language in it, or another's.
    """
    try:
        import stanza
    except ImportError:
        raise UserError(
            "the parser stanza needs the package stanza; install requirements/parse.txt"
        ) from None
    folder = Path(settings["folder"] or "").expanduser()
    if not settings["folder"] or not (folder / lang).is_dir():
        raise UserError(
            f"syntax.stanza.folder: there are no models of '{lang}' in {folder}; "
            f"fill it by stanza.download('{lang}', model_dir=FOLDER)"
        )
    made = stanza.Pipeline(
        lang,
        dir=str(folder),
        processors=settings["processors"],
        tokenize_no_ssplit=True,
        tokenize_pretokenized=given,
        download_method=None,
        verbose=False,
        **settings.get("options", {}),
    )
    for name, processor in made.processors.items():
        trained = getattr(getattr(processor, "trainer", None), "args", {})
        treebank = str(trained.get("shorthand") or lang)  # such as fr_gsd
        if treebank.split("_")[0] != lang:
            raise UserError(
                f"the {name} model of '{lang}' in {folder} was trained on {treebank}, another "
                f"language; fill the folder by stanza.download('{lang}', model_dir=FOLDER)"
            )
    return made


def _parsed(nlp: Any, batch: Sequence[Sentence]) -> list[Tree | str]:
    """Trees of sentences that the pipeline reads as one document.

    Raises:
        ValueError: the document has another number of sentences.
    """
    given = isinstance(batch[0], list)
    document = nlp(batch if given else "\n\n".join(" ".join(str(s).split()) for s in batch))
    pairs = zip(batch, document.sentences, strict=True)
    return [_tree(sentence, found) for sentence, found in pairs]


def _alone(nlp: Any, sentence: Sentence) -> Tree | str:
    try:
        return _parsed(nlp, [sentence])[0]
    except Exception as error:
        return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def _tree(sentence: Sentence, found: Any) -> Tree:
    return surface(
        Tree(
            words=[word.text for word in found.words],
            upos=[word.upos or "X" for word in found.words],
            heads=[int(word.head) for word in found.words],
            relations=[word.deprel for word in found.words],
            text=sentence if isinstance(sentence, str) else " ".join(sentence),
            tokens=[(token.text, len(token.words)) for token in found.tokens],
        )
    )
