"""Stanza (Qi et al. 2020), the paper's parser: neural, best on a GPU.

Its models are published ones that a rule has fetched, or lie in a folder of the user's, as
`stanza.download(lang, model_dir=FOLDER)` fills it; nothing is fetched here. They are weights and
plain values, and files that hold more are refused.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from twinlang.cli import UserError, read_json
from twinlang.sources.records import Tree
from twinlang.trees import Sentence, surface

NEEDS = "folder"
READERS = {"pos", "lemma", "depparse"}  # models that read the shared ones
SHARED = ("pretrain", "forward_charlm", "backward_charlm")


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
        UserError: no library, no models of that language, another's, or more in them than weights.
    """
    try:
        import stanza
    except ImportError:
        raise UserError(
            "the parser stanza needs the package stanza; install requirements/parse.txt"
        ) from None
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"  # it would read vectors of old as a pickle
    with tempfile.TemporaryDirectory() as empty:
        place, chosen = (
            _published(settings, empty) if settings.get("model") else _own(settings, lang)
        )
        try:
            made = stanza.Pipeline(
                lang,
                tokenize_no_ssplit=True,
                tokenize_pretokenized=given,
                download_method=None,
                verbose=False,
                **{"processors": settings["processors"], **chosen, **settings.get("options", {})},
            )
        except UnpicklingError as error:
            raise UserError(
                f"a model of '{lang}' in {place} holds more than weights and is not loaded "
                f"({str(error).splitlines()[0]}); take models of Stanza 1.10"
            ) from None
    _check_language(made, lang, place)
    return made


def _own(settings: dict[str, Any], lang: str) -> tuple[str, dict[str, Any]]:
    """The user's folder, and what of a pipeline's settings says so."""
    folder = Path(settings["folder"]).expanduser()
    if not (folder / lang).is_dir():
        raise UserError(
            f"syntax.stanza.folder: there are no models of '{lang}' in {folder}; "
            f"fill it by stanza.download('{lang}', model_dir=FOLDER)"
        )
    return str(folder), {"dir": str(folder)}


def _published(settings: dict[str, Any], empty: str) -> tuple[str, dict[str, Any]]:
    """The repository of the models of a manifest, and what of a pipeline's settings names them.

    empty: a folder to write into. Stanza wants a list of models even if the path of each is given.

    Raises:
        UserError: one is no longer where it was fetched to.
    """
    manifest, place = read_json(settings["model"]), ""
    packages, paths = dict[str, str](), dict[str, str]()
    for name, split in manifest.items():
        part, packages[part] = name.split("/")
        (file,), place = split["files"], split["id"]
        paths[part] = file["path"]
        if not Path(paths[part]).exists():
            raise UserError(
                f"{place}: {file['name']} is no longer in the cache ({paths[part]}); "
                f"delete {settings['model']}, and run again"
            )
    Path(empty, "resources.json").write_text("{}", encoding="utf-8")
    parts = [part.strip() for part in settings["processors"].split(",")]
    parts = [part for part in parts if part in paths or part == "lemma"]
    chosen = {f"{part}_model_path": paths[part] for part in parts if part in paths}
    for part in READERS & packages.keys():
        shared = SHARED[:1] if packages[part].endswith("_nocharlm") else SHARED
        chosen |= {f"{part}_{name}_path": paths[name] for name in shared if name in paths}
    identity = {"lemma_use_identity": "lemma" not in paths}
    base = {"dir": empty, "allow_unknown_language": True, "processors": ",".join(parts)}
    return place, {**base, **identity, **chosen}


def _check_language(made: Any, lang: str, place: str) -> None:
    """Does nothing if all models of a pipeline were trained on the language.

    Raises:
        UserError: one was not.
    """
    for name, processor in made.processors.items():
        trained = getattr(getattr(processor, "trainer", None), "args", {})
        treebank = str(trained.get("shorthand") or lang)  # such as fr_gsd
        if treebank.split("_")[0] != lang:
            raise UserError(
                f"the {name} model of '{lang}' in {place} was trained on {treebank}, another "
                f"language; name one of '{lang}' in syntax.stanza"
            )


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
