"""Tables that say what was run: twins by example (Table 1), scores (2), data sets (4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from twinlang import sources, tasks
from twinlang.cli import UserError
from twinlang.sentences import Sentences
from twinlang.tables.transfer import TASKS, rank
from twinlang.tidy import Row
from twinlang.tokenizer import Encoder

WORDS = 6  # of an example, about: short enough for a line, long enough to see an order
SETTINGS = (
    ("BZ", "orig and deriv", "orig", "zero-shot transfer of the bilingual model"),
    ("BS", "orig and deriv", "deriv", "supervised learning of the bilingual model"),
    ("MZ", "orig", "orig", "zero-shot transfer of the monolingual model"),
)


def example(orig: Sentences, twins: Iterable[Sentences]) -> int:
    """The number of a sentence that shows twins well: about six words, none twice, few cut.

    All twins must have it, and the more of them move it the better.

    Raises:
        UserError: the twins share no sentence with orig.
    """
    words = np.array([len(set(orig.words[a:b].tolist())) for a, b in _bounds(orig)])
    kinds = np.array([len(set(pieces)) for _, pieces in _pieces(orig)])
    cost = 3 * np.abs(words - WORDS) + 2 * (orig.lengths - words) + 4 * (orig.lengths - kinds)
    for twin in twins:
        found = {key: pieces for key, pieces in _pieces(twin)}
        for number, (key, pieces) in enumerate(_pieces(orig)):
            cost[number] += 1000 if key not in found else 5 * (found[key] == pieces)
    if not len(cost) or cost.min() >= 1000:
        raise UserError("orig and its twins share no sentence; make the twins anew")
    return int(cost.argmin())


def shown(orig: Sentences, twin: Sentences, number: int, encoder: Encoder) -> Row:
    """A sentence, its twin, and how the twin reads in orig's script: pieces with blanks between."""
    key, pieces = list(_pieces(orig))[number]
    derived = dict(_pieces(twin))[key]
    return {
        "orig": _text(encoder, pieces),
        "deriv": _text(encoder, derived),
        "reading": _text(encoder, [piece % encoder.vocabulary for piece in derived]),
    }


def table2(reports: Sequence[Row], pairings: Mapping[str, Mapping[str, str]]) -> list[Row]:
    """One row a score and pairing: what its model reads, is tuned on and is scored on.

    Raises:
        UserError: the two corpora of a pairing differ in size in some language.
    """
    table = []
    for pairing, corpora in pairings.items():
        _check_sizes(reports, pairing, corpora)
        for name, model, tuned, meaning in SETTINGS:
            sides = {"orig": corpora["orig"], "deriv": f"T({corpora['deriv']})"}
            read = [sides[side] for side in model.split(" and ")]
            table.append(
                {
                    "score": name,
                    "pairing": pairing,
                    "meaning": meaning,
                    "pretrained_on": " + ".join(read),
                    "sentences": _sizes(reports, [side.strip("T()") for side in read]),
                    "finetuned_on": f"{tuned} train",
                    "scored_on": "deriv dev",
                }
            )
    return table


def table4(reports: Sequence[Row], versions: Mapping[str, int]) -> list[Row]:
    """One row a data set: language, what it is for, sizes, what was left out, source and licence.

    reports: of the steps that fetched; versions: of these steps, which stand for the built-in data.
    """
    table = []
    for report in sorted(reports, key=lambda r: rank(r.get("task", ""), TASKS)):
        task = report.get("task", "")
        place = f"{report.get('domain', '')}/{report['split']}".strip("/")
        general = getattr(sources.load(report["source"]), "LICENCE", "not said by the source")
        licence = report.get("licence", general)
        left = {k: v for k, v in report.items() if k not in FIXED and isinstance(v, int) and v}
        table.append(
            {
                "language": report["lang"],
                "use": task or "pre-training",
                "part": place,
                "metric": getattr(tasks.load(task), "METRIC", "accuracy") if task else "",
                "items": report["kept"],
                "counts": ", ".join(f"{key} {value:,}" for key, value in left.items()),
                "source": report.get("file", report["source"]),
                "version": versions["fetch_task" if task else "fetch_corpus"],
                "licence": licence,
            }
        )
    return table


FIXED = ("source", "lang", "task", "split", "domain", "kept", "asked", "file", "licence")


def _sizes(reports: Sequence[Row], corpora: Iterable[str]) -> str:
    """Sentences of each corpus, as 40,000 + 40,000, or a span where languages differ."""
    found = []
    for corpus in corpora:
        domain, half = corpus.split("/")
        sizes = {
            report["kept"]
            for report in reports
            if report.get("domain") == domain and report["split"] == half
        }
        if sizes:
            found.append(" to ".join(f"{size:,}" for size in sorted({min(sizes), max(sizes)})))
    return " + ".join(found)


def _check_sizes(reports: Sequence[Row], pairing: str, corpora: Mapping[str, str]) -> None:
    # A corpus that was cut by bytes, words or pieces has as many of those, not of sentences.
    kept = {
        (r["lang"], f"{r['domain']}/{r['split']}"): r["asked"] - r["missing"]
        if "size_unit" in r
        else r["kept"]
        for r in reports
        if "domain" in r
    }
    units = {r["lang"]: r["size_unit"] for r in reports if "size_unit" in r}
    for lang in dict.fromkeys(lang for lang, _ in kept):
        sizes = [kept[lang, corpus] for corpus in corpora.values() if (lang, corpus) in kept]
        if len(set(sizes)) > 1:
            raise UserError(
                f"pairing '{pairing}' reads {sizes[0]:,} and {sizes[1]:,} "
                f"{units.get(lang, 'sentences')} of {lang}; pairings are compared at one size, "
                "so ask the source for fewer"
            )


def _bounds(data: Sentences) -> list[tuple[int, int]]:
    ends: list[Any] = data.offsets.tolist()
    return list(zip(ends, ends[1:], strict=False))


def _pieces(data: Sentences) -> list[tuple[int, list[int]]]:
    keys = data.keys.tolist()
    bounds = _bounds(data)
    return [(key, data.pieces[a:b].tolist()) for key, (a, b) in zip(keys, bounds, strict=True)]


def _text(encoder: Encoder, pieces: Sequence[int]) -> str:
    texts = (encoder.decode([piece]).strip() for piece in pieces)
    return " ".join(text for text in texts if text)
