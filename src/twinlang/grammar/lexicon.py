"""Reads the lexicon: concepts of nouns, verbs, adjectives and small words, and names.

The TSV files beside this module hold one concept a row with its forms in four languages; fields
inside a cell are told apart by `.` (gender, plural) or `/` (verb forms), as each lineariser says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources

LANGUAGES = ("en", "fr", "hi", "ar")
TOPICS = (
    *("geography", "history", "politics", "science", "war", "economy", "literature", "religion"),
    *("law", "animals", "music", "technology", "farming", "education", "transport", "medicine"),
    *("sport", "film", "weather", "travel", "food", "home", "family", "shopping"),
)
# Name types of names.tsv: given names (m, f), surnames, places, organisations, and templates of
# organisations that are filled with a place (tl) or a surname (ts).
ORGANISATIONS_A_TEMPLATE = 5


@dataclass(frozen=True, eq=False, slots=True)
class Concept:
    """One row: `index` is its place in the whole lexicon, `kind` its semantic class."""

    index: int
    group: str
    kind: str
    topics: tuple[str, ...]
    forms: dict[str, str]
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def mass(self) -> bool:
        """Whether the noun is never counted (water, gold)."""
        return self.forms["en"].endswith("-")


@dataclass(frozen=True, eq=False, slots=True)
class Name:
    """A person, place or organisation; `parts` are the given name and surname of a person."""

    index: int
    type: str
    sex: str
    forms: dict[str, str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything that a meaning may mention, in file order."""

    nouns: list[Concept]
    verbs: list[Concept]
    adjectives: list[Concept]
    words: dict[str, list[Concept]]
    people: list[Name]
    places: list[Name]
    organisations: list[Name]

    def concepts(self) -> list[Concept]:
        """All concepts (names are none)."""
        small = [concept for group in self.words.values() for concept in group]
        return [*self.nouns, *self.verbs, *self.adjectives, *small]


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    head, *lines = (line.split("\t") for line in text.splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]


def _concepts(name: str, group: str, kind: str, start: int) -> list[Concept]:
    concepts = []
    for index, row in enumerate(_rows(name), start):
        forms = {lang: row.pop(lang) for lang in LANGUAGES}
        topics = tuple(row.pop("topics", row.pop("domains", "")).split(","))
        row_kind = row.pop(kind)
        row_group = group or row_kind.split(":")[0]
        concepts.append(Concept(index, row_group, row_kind, topics, forms, row))
    return concepts


def _fill(template: str, filler: str, lang: str) -> str:
    """An organisation's template with a name put in; French contracts `de` (`du Caire`)."""
    plain, _, gender = filler.partition(".")
    if lang == "fr":
        vowel = plain[0] in "AEIOUÉÈÊ"
        of = "du {}" if gender == "m" and not vowel else "d' {}" if vowel else "de {}"
        template = template.replace("de {}", of)
    return template.replace("{}", plain)


def _names() -> tuple[list[Name], list[Name], list[Name]]:
    rows: dict[str, list[dict[str, str]]] = {}
    for row in _rows("names.tsv"):
        rows.setdefault(row.pop("type"), []).append(row)
    people = []
    for index in range(2 * len(rows["s"])):
        sex = "mf"[index % 2]
        given = rows[sex][(index // 2) * 7 % len(rows[sex])]
        surname = rows["s"][index * 11 % len(rows["s"])]
        forms = {lang: f"{given[lang]}|{surname[lang]}" for lang in LANGUAGES}
        people.append(Name(index, "PER", sex, forms))
    places = [Name(index, "LOC", "", row) for index, row in enumerate(rows["l"])]
    forms_of = list(rows["o"])
    simple_places = [row for row in rows["l"] if " " not in row["en"]]
    for kind, fillers in (("tl", simple_places), ("ts", rows["s"])):
        for number, template in enumerate(rows[kind]):
            for turn in range(ORGANISATIONS_A_TEMPLATE):
                # A triangular walk lets some names fill several templates and some none.
                filler = fillers[(number * 3 + turn * (turn + 1) // 2) % len(fillers)]
                forms_of.append(
                    {lang: _fill(template[lang], filler[lang], lang) for lang in LANGUAGES}
                )
    organisations = [Name(index, "ORG", "", forms) for index, forms in enumerate(forms_of)]
    return people, places, organisations


@cache
def lexicon() -> Lexicon:
    """The lexicon, read once a process."""
    nouns = _concepts("nouns.tsv", "noun", "kind", 0)
    verbs = _concepts("verbs.tsv", "verb", "frame", len(nouns))
    adjectives = _concepts("adjectives.tsv", "adjective", "kinds", len(nouns) + len(verbs))
    start = len(nouns) + len(verbs) + len(adjectives)
    words: dict[str, list[Concept]] = {}
    for concept in _concepts("words.tsv", "", "class", start):
        words.setdefault(concept.group, []).append(concept)
    people, places, organisations = _names()
    return Lexicon(nouns, verbs, adjectives, words, people, places, organisations)
