"""Arabic: VSO, adjectives after the noun, the article as a prefix, construct state for `of`.

Unvowelled script; "and" stays a word of its own, so that every word is one node of the tree.
"""

from __future__ import annotations

from twinlang.grammar.lexicon import Concept
from twinlang.grammar.linearise import Lineariser, Node, Nodes, Slots, attach, fixed
from twinlang.grammar.meaning import Clause, Phrase

ARTICLE = "ال"
# Words that get back their final ي wherever they are not bare and indefinite.
DEFECTIVE = frozenset(("قاض", "محام", "مغن", "غال", "عال", "قاس", "واد", "أيد", "أغان", "صحار"))
OWNERS = {"my": "ي", "your": "ك"}  # suffixes
NO_ALIF = ("ة", "اء", "ى", "ا", "ات")  # endings without alif in the indefinite accusative
PRONOUNS = {"I": "أنا", "you": "أنت", "we": "نحن", "he": "هو", "she": "هي", "who?": "من"}
WAS = {"I": "كنت", "you": "كنت", "we": "كنا", "f": "كانت", "m": "كان", "many": "كانوا"}
IS_NOT = {"I": "لست", "you": "لست", "we": "لسنا", "f": "ليست", "m": "ليس", "many": "ليسوا"}


def plural(form: str, kind: str) -> str:
    """The sound plural: ون of persons, ات of the rest."""
    if form.endswith("ة"):
        return form[:-1] + "ات"
    return form + ("ون" if kind == "p" else "ات")


def triptote(form: str) -> bool:
    """Whether a plural takes alif in the accusative: sound ones and the مفاعل type do not."""
    return not (form.endswith("ون") or (len(form) >= 5 and form[2] == "ا"))


def accusative(form: str) -> str:
    """The indefinite accusative, as far as it is written."""
    if form in DEFECTIVE:
        return form + "يا"
    return form if form.endswith(NO_ALIF) else form + "ا"


def definite(form: str) -> str:
    """With the article."""
    return ARTICLE + form + ("ي" if form in DEFECTIVE else "")


def verb_forms(cell: str) -> tuple[dict[str, str], dict[str, str]]:
    """(past, present) by agreement of `past/present[/past stem before ت]`."""
    past, present, *given = cell.split("/")
    weak = past[-1] in "ىاي"
    stem = given[0] if given else past[:-1] + "ي" if past[-1] == "ى" else past
    if past[-1] == "ا" and not given:
        stem = past[:-1] + "و"
    bare = past[:-1] if past[-1] in "ىا" else past
    first = {"I": stem + "ت", "you": stem + "ت", "we": stem + "نا"}
    many = past[:-1] if weak else past
    pasts = {**first, "m": past, "f": bare + "ت", "many": many + "وا"}
    rest = present[1:]
    short = rest[:-1] if rest[-1] in "ىيو" else rest
    presents = {"I": "أ" + rest, "you": "ت" + rest, "we": "ن" + rest, "m": present}
    return pasts, {**presents, "f": "ت" + rest, "many": "ي" + short + "ون"}


class Arabic(Lineariser):
    """The lineariser of Arabic."""

    LANG = "ar"
    ORDER = "WVSPOXAT"
    QUESTION, COMMA = "؟", "،"
    ASKED = {"where": "أين", "when": "متى"}

    def __init__(self) -> None:
        super().__init__()
        self.feminine: list[bool] = []
        self.nouns: list[tuple[str, str]] = []
        for noun in self.lexicon.nouns:
            form, gender, *given = noun.forms["ar"].split(".")
            self.feminine.append(gender == "f")
            self.nouns.append((form, given[0] if given else plural(form, noun.kind)))
        self.adjectives: dict[int, tuple[str, str]] = {}
        for adjective in self.lexicon.adjectives:
            masculine, _, given_feminine = adjective.forms["ar"].partition("/")
            self.adjectives[adjective.index] = (masculine, given_feminine or masculine + "ة")
        self.verbs = {verb.index: verb_forms(verb.forms["ar"]) for verb in self.lexicon.verbs}

    def question(self, clause: Clause) -> str:
        """هل opens yes-or-no questions."""
        return "هل"

    def agreement(self, phrase: Phrase) -> str:
        """m, f or many (plural of humans), or a pronoun; plural things are feminine singular."""
        if phrase.pronoun:
            if phrase.pronoun == "who":
                return self.agreement(phrase.relative)
            return {"he": "m", "she": "f"}.get(
                phrase.pronoun, phrase.pronoun if phrase.pronoun in WAS else "m"
            )
        if phrase.name is not None:
            name = phrase.name
            if name.type == "LOC":
                return "f"
            return "f" if name.sex == "f" or ".f" in name.forms["ar"] else "m"
        if phrase.plural or phrase.conjunct is not None:
            woman = self.nouns[phrase.noun.index][0].endswith("ة") or phrase.noun.kind != "p"
            return "f" if woman else "many"
        return "f" if self.feminine[phrase.noun.index] else "m"

    def inflect(self, noun: Concept, plural: bool, state: str, case: str) -> str:
        """A noun's form; `state` is definite, indefinite or construct."""
        form = self.nouns[noun.index][plural]
        if plural and form.endswith("ون") and noun.kind == "p" and case != "subject":
            form = form[:-1].removesuffix("و") + "ين"
        elif state == "indefinite" and case == "object" and (not plural or triptote(form)):
            return accusative(form)
        if state == "definite":
            return definite(form)
        return form + "ي" if state == "construct" and form in DEFECTIVE else form

    def adjective(self, concept: Concept, agreement: str, state: str, case: str) -> str:
        """An adjective in gender, number, definiteness and case."""
        masculine, feminine = self.adjectives[concept.index]
        if agreement in ("many", "we"):
            form = masculine + ("ون" if case == "subject" else "ين")
        else:
            form = feminine if agreement == "f" else masculine
            if state == "indefinite" and case == "object":
                return accusative(form)
        return definite(form) if state == "definite" else form

    def noun_phrase(self, phrase: Phrase, case: str) -> tuple[Nodes, Node]:
        """Demonstrative, number, noun, owner (construct state), adjective."""
        noun = phrase.noun
        if noun.group == "month":
            head = Node(noun.forms["ar"], "PROPN")
            return [head], head
        article, many = phrase.article, phrase.plural
        state = form = "definite" if article in ("the", "this") else "indefinite"
        if phrase.of is not None or article in OWNERS:
            state, form = "definite", "construct"
        if phrase.number is not None:
            case, state, form = "oblique", "indefinite", "indefinite"
        head = Node(self.inflect(noun, many, form, case), "NOUN")
        if article in OWNERS:
            stem = head.form[:-1] + "ت" if head.form.endswith("ة") else head.form
            head.form = stem + OWNERS[article]
        feminine = self.feminine[noun.index]
        nodes: Nodes = [head]
        if phrase.number is not None:
            form = phrase.number.forms["ar"].split("/")[feminine]
            nodes.insert(0, Node(form, "NUM", "nummod", head))
        agreement = "f" if feminine or many else "m"
        if many and noun.kind == "p":
            agreement = "many"
        if article == "this" and phrase.of is None:
            form = {"many": "هؤلاء", "f": "هذه", "m": "هذا"}[agreement]
            nodes.insert(0, Node(form, "DET", "det", head))
        if phrase.of is not None:
            owner, of = self.phrase(phrase.of, "oblique")
            attach(of, "nmod", head)
            nodes += owner
        if phrase.adjective is not None:
            form = self.adjective(phrase.adjective, agreement, state, case)
            nodes.append(Node(form, "ADJ", "amod", head))
        return nodes, head

    def pronoun(self, phrase: Phrase, case: str) -> tuple[Nodes, Node]:
        """Independent, relative and interrogative pronouns."""
        if phrase.pronoun == "who":
            agreement = self.agreement(phrase.relative)
            form = {"m": "الذي", "f": "التي"}.get(agreement, "الذين")
        else:
            form = "ماذا" if phrase.pronoun == "what?" else PRONOUNS[phrase.pronoun]
        node = Node(form, "PRON")
        return [node], node

    def subject(self, clause: Clause, antecedent: Phrase | None) -> tuple[Nodes, Node | None]:
        """He and she are left out beside a verb, which shows them."""
        verbal = clause.verb is not None or clause.past or clause.negated
        if clause.subject.pronoun in ("he", "she") and verbal:
            return [], None
        return self.phrase(clause.subject, "subject")

    def finite(self, clause: Clause) -> str:
        """The agreement of a verb: a verb before its subject is singular."""
        agreement = self.agreement(clause.subject)
        if agreement == "many" and clause.subject.pronoun != "who":
            woman = clause.subject.noun is not None and self.feminine[clause.subject.noun.index]
            return "f" if woman else "m"
        if clause.subject.conjunct is not None:
            return "f" if self.feminine[clause.subject.noun.index] else "m"
        return agreement

    def predicate(self, clause: Clause, asking: bool) -> tuple[Slots, Node]:
        """ما or لا and the verb; or the copula, if past or denied, apart from its predicate."""
        finite = self.finite(clause)
        if clause.verb is None:
            return self.copula(clause, finite)
        past, present = self.verbs[clause.verb.index]
        head = Node((past if clause.past else present)[finite], "VERB")
        nodes = [head]
        if clause.negated:
            nodes.insert(0, Node("ما" if clause.past else "لا", "PART", "advmod", head))
        return {"V": nodes}, head

    def copula(self, clause: Clause, finite: str) -> tuple[Slots, Node]:
        """Present and not denied there is none; after one the predicate is accusative."""
        case = "object" if clause.past or clause.negated else "subject"
        nodes: Nodes
        if isinstance(clause.predicate, Concept):
            agreement = self.agreement(clause.subject)
            head = Node(self.adjective(clause.predicate, agreement, "indefinite", case), "ADJ")
            nodes = [head]
            if clause.degree is not None:
                nodes += fixed(clause.degree.forms["ar"], "ADV", "advmod", head)
        else:
            nodes, head = self.phrase(clause.predicate, case)
        verb: Nodes = []
        if clause.past:
            verb = [Node(WAS[finite], "AUX", "cop", head)]
            if clause.negated:
                verb.insert(0, Node("ما", "PART", "advmod", head))
        elif clause.negated:
            verb = [Node(IS_NOT[finite], "AUX", "cop", head)]
        return {"V": verb, "P": nodes}, head

    def word(self, concept: Concept) -> str:
        """أن and لأن need a noun after them; with the dummy pronoun ه a verb may follow."""
        form = concept.forms["ar"]
        return form + "ه" if form in ("أن", "لأن") else form


LANGUAGE = Arabic
