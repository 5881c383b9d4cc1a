"""A small data folder with every kind of file, of made-up words: for dry runs and tests.

python -m tests.folder PATH LANGUAGE...
"""

from __future__ import annotations

import gzip
import json
import lzma
import random
import sys
from collections.abc import Sequence
from pathlib import Path

SYLLABLES = {
    "en": ["ba", "de", "fi", "go", "lu", "ma", "ne", "po", "ri", "su", "ta", "vo"],
    "fr": ["bé", "ça", "dè", "fi", "go", "lû", "ma", "né", "pou", "ri", "seu", "tai"],
    "hi": ["का", "में", "दी", "गो", "लू", "मा", "ने", "पो", "रि", "सु", "ता", "वो"],
    "ar": ["با", "دي", "فو", "جا", "لي", "مو", "نا", "بو", "ري", "سا", "تو", "وا"],
}
ORDER = {
    "en": "name verb det adjective noun case place stop",
    "fr": "name verb det noun adjective case place stop",
    "hi": "name place case adjective noun verb stop",
    "ar": "verb name noun adjective case place stop",
}
STOP = {"hi": "।"}
# slot: UPOS, relation, slot of the head, number of words
SLOTS = {
    "name": ("PROPN", "nsubj", "verb", 120),
    "verb": ("VERB", "root", "", 40),
    "det": ("DET", "det", "noun", 2),
    "adjective": ("ADJ", "amod", "noun", 40),
    "noun": ("NOUN", "obj", "verb", 100),
    "case": ("ADP", "case", "place", 4),
    "place": ("PROPN", "obl", "verb", 60),
    "stop": ("PUNCT", "punct", "verb", 1),
}
Meaning = dict[str, int]


def word(lang: str, slot: str, number: int) -> str:
    """The made-up word number `number` of a slot: three syllables, no two words alike."""
    if slot == "stop":
        return STOP.get(lang, ".")
    syllables = SYLLABLES.get(lang, SYLLABLES["en"])
    code = 144 + 150 * list(SLOTS).index(slot) + number
    made = "".join(syllables[digit] for digit in (code // 144, code // 12 % 12, code % 12))
    return made.capitalize() if slot in ("name", "place") else made


def meanings(seed: str, count: int) -> list[Meaning]:
    """Distinct meanings: a word number for each slot, low numbers more often."""
    draw = random.Random(seed)
    found: dict[tuple[int, ...], Meaning] = {}
    while len(found) < count:
        meaning = {slot: int(size * draw.random() ** 2) for slot, (*_, size) in SLOTS.items()}
        found[tuple(meaning.values())] = meaning
    return list(found.values())


def slots(lang: str) -> list[str]:
    return ORDER.get(lang, ORDER["en"]).split()


def words(lang: str, meaning: Meaning, *, without: Sequence[str] = ()) -> list[str]:
    return [word(lang, slot, meaning[slot]) for slot in slots(lang) if slot not in without]


def text(lang: str, meaning: Meaning, *, without: Sequence[str] = ()) -> str:
    """The sentence with its stop attached, as running text has it."""
    *most, stop = words(lang, meaning, without=without)
    return " ".join(most) + stop


def _tagged(lang: str, found: list[Meaning], tags: dict[str, str]) -> str:
    blocks = (zip(slots(lang), words(lang, meaning), strict=True) for meaning in found)
    return "\n".join("".join(f"{w}\t{tags.get(s, 'O')}\n" for s, w in block) for block in blocks)


def _nli(lang: str, found: list[Meaning]) -> str:
    rows = ["premise\thypothesis\tlabel"]
    for meaning in found:
        other = {**meaning, "noun": (meaning["noun"] + 1) % 100}
        rows += [
            f"{text(lang, meaning)}\t{text(lang, meaning, without=['adjective'])}\tentailment",
            f"{text(lang, meaning)}\t{text(lang, other)}\tneutral",
            f"{text(lang, meaning)}\tno {text(lang, meaning)}\tcontradiction",
        ]
    return "\n".join(rows) + "\n"


def _qa(lang: str, found: list[Meaning]) -> str:
    paragraphs = []
    for number in range(0, len(found) - 2, 3):
        context = " ".join(text(lang, meaning) for meaning in found[number : number + 3])
        asked = found[number + 1]
        answer = word(lang, "name", asked["name"])
        start = context.index(text(lang, asked))
        start += text(lang, asked).index(answer)
        qa = {
            "id": f"{lang}-{number}",
            "question": text(lang, asked, without=["name"])[:-1] + "?",
            "answers": [{"text": answer, "answer_start": start}],
        }
        paragraphs.append({"context": context, "qas": [qa]})
    return json.dumps({"version": "1.1", "data": [{"title": "", "paragraphs": paragraphs}]})


def _conllu(lang: str, found: list[Meaning]) -> str:
    blocks = []
    for meaning in found:
        rows = [f"# text = {text(lang, meaning)}"]
        order = slots(lang)
        for number, (slot, form) in enumerate(zip(order, words(lang, meaning), strict=True), 1):
            upos, relation, head, _ = SLOTS[slot]
            over = order.index(head) + 1 if head else 0
            rows.append(f"{number}\t{form}\t_\t{upos}\t_\t_\t{over}\t{relation}\t_\t_")
        blocks.append("\n".join(rows) + "\n")
    return "\n".join(blocks) + "\n"


def _retrieval(lang: str, found: list[Meaning]) -> str:
    rows = [f"{text(lang, meaning)}\t{text('en', meaning)}" for meaning in found]
    return "\n".join(["sentence\tenglish", *rows]) + "\n"


def write(path: Path, content: str) -> None:
    """Writes a file, compressed as its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode()
    if path.suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    elif path.suffix == ".xz":
        data = lzma.compress(data)
    path.write_bytes(data)


def write_folder(
    path: str | Path,
    languages: Sequence[str] = ("en", "hi"),
    *,
    sentences: int = 400,
    items: int = 60,
    compression: str = "",
) -> None:
    """Writes every kind of file for each language: `sentences` a text, `items` meanings a split."""
    pos = {slot: upos for slot, (upos, *_) in SLOTS.items()}
    for lang in languages:
        files = {}
        for domain in ("main", "other"):
            found = meanings(f"text {domain}", sentences)
            files[f"text/{lang}/{domain}.txt"] = "".join(f"{text(lang, m)}\n" for m in found)
        for split in ("train", "dev"):
            found = meanings(split, items)
            files[f"pos/{lang}/{split}.tsv"] = _tagged(lang, found, pos)
            files[f"ner/{lang}/{split}.tsv"] = _tagged(
                lang, found, {"name": "B-PER", "place": "B-LOC"}
            )
            files[f"nli/{lang}/{split}.tsv"] = _nli(lang, found)
            files[f"qa/{lang}/{split}.json"] = _qa(lang, found)
            files[f"trees/{lang}/{split}.conllu"] = _conllu(lang, found)
        # English is the second column of the others' files and has none of its own
        if lang != "en" or set(languages) == {"en"}:
            name = "fr" if lang == "en" else lang
            files[f"retrieval/{name}.tsv"] = _retrieval(name, meanings("retrieval", items))
        for name, content in files.items():
            write(Path(path) / f"{name}{compression}", content)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    write_folder(sys.argv[1], sys.argv[2:])
