"""A folder of the user's own data: text, labelled words, NLI, questions, translations, trees.

    text/{lang}/{main,other}.txt    a sentence or a paragraph a line
    pos/{lang}/{train,dev}.tsv      word TAB UPOS, blank line between sentences
    ner/{lang}/{train,dev}.tsv      word TAB IOB2 tag of PER, ORG, LOC
    nli/{lang}/{train,dev}.tsv      header premise TAB hypothesis TAB label
    qa/{lang}/{train,dev}.json      SQuAD v1.1
    retrieval/{lang}.tsv            header sentence TAB english
    trees/{lang}/{train,dev}.conllu
Each is plain, .gz or .xz. All text becomes NFC.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinlang.cli import UserError
from twinlang.readers import forms, labelled
from twinlang.readers.forms import digest

if TYPE_CHECKING:
    from twinlang.sources.records import Tree

Record = dict[str, Any]
LICENCE = "that of the user's files"


def files(settings: Record, *, lang: str, kind: str, split: str) -> list[str]:
    """The files that feed an output; `kind` is text/main, text/other, trees or a task.

    Raises:
        UserError: one of them is not there.
    """
    if kind.startswith("text/"):
        # `other` leaves out what `main` has, so it reads both
        kinds = dict.fromkeys([kind, "text/main"])
        return [str(_text(settings, lang, name.removeprefix("text/"))) for name in kinds]
    if kind == "retrieval":
        return [str(_retrieval(settings, lang)[0])]
    return [str(_split(settings, lang, kind, split))]


def _text(settings: Record, lang: str, domain: str) -> Path:
    return forms.locate(settings, f"text/{lang}/{domain}.txt")


def _split(settings: Record, lang: str, kind: str, split: str) -> Path:
    """The file of one split of a task or of the trees."""
    if split not in ("train", "dev"):
        raise UserError(
            f"{kind} of a folder has the splits train and dev, not {split!r}; ask for these"
        )
    ending = {"qa": "json", "trees": "conllu"}.get(kind, "tsv")
    return forms.locate(settings, f"{kind}/{lang}/{split}.{ending}")


def _retrieval(settings: Record, lang: str) -> tuple[Path, tuple[str, str]]:
    """The file of translations and its columns for (sentence, translation).

    English, which every file has as its second column, takes the first file there is.
    """
    columns = ("sentence", "english")
    names = [lang]
    if lang == "en":
        folder = Path(settings.get("folder") or "").expanduser() / "retrieval"
        found = [path for end in forms.COMPRESSIONS for path in folder.glob(f"*.tsv{end}")]
        others = sorted({path.name.split(".tsv")[0] for path in found})
        if others and "en" not in others:
            names, columns = others, ("english", "sentence")
    return forms.locate(settings, f"retrieval/{names[0]}.tsv"), columns


def corpus(
    settings: Record, *, lang: str, domain: str, split: str, report: Record
) -> Iterator[str]:
    """The sentences of one corpus, in the order of the file (design, "Pairings").

    A line falls to split a or b by its hash, so documents stay whole; a sentence that comes
    again, in whichever split, is dropped, and `other` has no sentence of `main`: the corpora are
    disjoint. `shortest` and `longest` count words. Where there are more than `sentences`, whole
    lines are sampled by their hash from all over the file. The file is read twice; memory is about
    100 bytes a sentence. The counts of `report` add up: lines = empty_lines + the rest; sentences =
    too_short + too_long + duplicates + in_main + other_split + beyond_limit + kept.

    Raises:
        UserError: a file that is missing or cannot be read as text; a split that is not a or b.
    """
    if split not in ("a", "b"):
        raise UserError(f"a corpus has the splits a and b, not {split!r}; mend the pairing")
    limit = settings.get("sentences")
    taken: set[int] = set()
    if domain != "main":
        taken = {digest(sentence) for _, sentence in _sentences(settings, lang, "main", {})}
    found = partial(_candidates, settings, lang, domain, split, taken)
    ranks = array("Q", (rank for rank, _ in found({})))
    last, room = _cut(ranks, limit)
    report |= {"file": str(_text(settings, lang, domain)), "asked": limit}
    report |= {"beyond_limit": 0, "kept": 0}
    for rank, sentence in found(report):
        if rank > last or (rank == last and not room):
            report["beyond_limit"] += 1
            continue
        room -= rank == last
        report["kept"] += 1
        report["words"] += sentence.count(" ") + 1
        yield sentence
    report["missing"] = max(0, limit - report["kept"]) if limit else 0


def _cut(ranks: array[int], limit: int | None) -> tuple[int, int]:
    """The last rank that is kept, and how many sentences of it."""
    if limit is None or len(ranks) <= limit:
        return 1 << 64, 0
    import numpy

    found = numpy.frombuffer(ranks, dtype=numpy.uint64)
    last = int(numpy.partition(found, limit - 1)[limit - 1])
    return last, limit - int((found < last).sum())


def _candidates(
    settings: Record, lang: str, domain: str, split: str, taken: set[int], report: Record
) -> Iterator[tuple[int, str]]:
    """Every sentence of a split that passes the filters, with the rank of its line."""
    shortest, longest = settings.get("shortest") or 1, settings.get("longest") or 1 << 32
    seen: set[int] = set()
    names = ["too_short", "too_long", "duplicates", "in_main", "other_split", "words"]
    report |= dict.fromkeys(names, 0)
    for side, sentence in _sentences(settings, lang, domain, report):
        words, number = sentence.count(" ") + 1, digest(sentence)
        if words < shortest:
            report["too_short"] += 1
        elif words > longest:
            report["too_long"] += 1
        elif number in seen:
            report["duplicates"] += 1
        elif number in taken:
            report["in_main"] += 1
        else:
            seen.add(number)
            if "ab"[side & 1] == split:
                yield side >> 1, sentence
            else:
                report["other_split"] += 1


def _sentences(
    settings: Record, lang: str, domain: str, report: Record
) -> Iterator[tuple[int, str]]:
    """Every sentence of a text, with the hash of its line."""
    from twinlang.splitting import sentences

    report |= {"lines": 0, "empty_lines": 0, "sentences": 0}
    for _, line in forms.lines(_text(settings, lang, domain)):
        report["lines"] += 1
        text = forms.clean(line)
        if not text:
            report["empty_lines"] += 1
            continue
        side = digest(text)
        for sentence in sentences(text, lang=lang):
            report["sentences"] += 1
            yield side, sentence


def trees(
    settings: Record, *, lang: str, domain: str, split: str, report: Record
) -> Iterator[Tree]:
    """The dependency trees of split train or dev; a folder has one set for all domains.

    Raises:
        UserError: a file that is missing or a tree that is not well-formed.
    """
    from twinlang.readers import conllu

    path = _split(settings, lang, "trees", split)
    report["file"] = str(path)
    return conllu.trees(path, report=report)


def items(
    settings: Record, *, lang: str, task: str, split: str, report: Record
) -> Iterator[Record]:
    """The records of a task; where there are more than `items` allows, a sample by hash.

    The counts of `report` add up: read = what is dropped, by reason + beyond_limit + kept.

    Raises:
        UserError: no such task or file, or a file that is not of the task's form.
    """
    if task == "retrieval":
        if split != "dev":
            raise UserError(f"retrieval has the split dev only, not {split!r}; ask for dev")
        path, columns = _retrieval(settings, lang)
        found = labelled.retrieval(path, columns, report)
    elif task in labelled.READINGS:
        path = _split(settings, lang, task, split)
        found = labelled.READINGS[task](path, report)
    else:
        known = ", ".join([*labelled.READINGS, "retrieval"])
        raise UserError(f"a folder has no task {task!r}; use one of {known}")
    limit = settings.get("items", {}).get(task, {}).get(split)
    report |= {"file": str(path), "asked": limit}
    for number, record in labelled.sample(found, limit, report):
        yield {"id": f"{split}-{number}", **record}
