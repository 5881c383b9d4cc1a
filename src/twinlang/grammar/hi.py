"""Hindi: SOV, postpositions, auxiliaries last, adjectives before the noun, split ergativity."""

from __future__ import annotations

from twinlang.grammar.lexicon import Concept
from twinlang.grammar.linearise import Lineariser, Node, Nodes, Slots, attach, fixed
from twinlang.grammar.meaning import Clause, Phrase

# (feminine, plural, person): person is I, you or "" for the third.
Agreement = tuple[bool, bool, str]
MATRAS = frozenset("ािीुूेैोौृ")
INVARIABLE = {"युवा", "ताज़ा", "ज़्यादा"}
IRREGULAR = {"कर": "किया किए की", "जा": "गया गए गई", "ले": "लिया लिए ली", "पी": "पिया पिए पी"}
# Transitive verbs whose subject takes no ने.
NOT_ERGATIVE = {"लाना", "भूलना"}
NE = Concept(-1, "prep", "prep", (), {"hi": "ने"})
KO = Concept(-2, "prep", "prep", (), {"hi": "को"})
PRONOUNS = {"I": "मैं", "you": "तुम", "we": "हम", "he": "वह", "she": "वह", "who": "जो", "who?": "कौन"}
ERGATIVE = {
    **{"I": "मैंने", "you": "तुमने", "we": "हमने", "he": "उसने", "she": "उसने"},
    **{"who": "जिसने", "who?": "किसने"},
}
PRESENT = {"I": "हूँ", "you": "हो"}


def noun_forms(form: str, gender: str) -> tuple[str, str, str, str]:
    """(direct, direct plural, oblique, oblique plural)."""
    last = form[-1]
    if gender == "m" and last == "ा":
        stem = form[:-1]
        return form, stem + "े", stem + "े", stem + "ों"
    if last in "ीिईू" and gender in "mf":
        stem = form[:-1] + {"ी": "ि", "ि": "ि", "ई": "इ", "ू": "ु"}[last]
        glide = "" if last == "ू" else "य"
        many = stem + "याँ" if gender == "f" and glide else form
        return form, many, form, stem + ("ओं" if last == "ू" else "यों")
    if last in MATRAS or last in "ँ" or gender.endswith("0"):
        return form, form + "एँ" if gender[0] == "f" else form, form, form + "ओं"
    return form, form + "ें" if gender == "f" else form, form, form + "ों"


def participle(stem: str) -> tuple[str, ...]:
    """The perfective (masculine, masculine plural, feminine) of a verb's stem."""
    if stem in IRREGULAR:
        return tuple(IRREGULAR[stem].split(" "))
    if stem[-1] in "ाोआ":
        return stem + "या", stem + "ए", stem + "ई"
    if stem[-1] == "ू":
        return tuple(stem[:-1] + "ु" + end for end in ("आ", "ए", "ई"))
    return stem + "ा", stem + "े", stem + "ी"


def inflect(form: str, feminine: bool, other: bool) -> str:
    """An adjective or possessive in -ा; `other` is the plural or oblique masculine."""
    if form[-1] != "ा" or form in INVARIABLE:
        return form
    return form[:-1] + ("ी" if feminine else "े" if other else "ा")


class Hindi(Lineariser):
    """The lineariser of Hindi."""

    LANG = "hi"
    ORDER = "WTSXOAV"
    STOP = "।"
    WH_FRONT = False
    ASKED = {"where": "कहाँ", "when": "कब"}
    NAME_UPOS = {"ऑफ़": "ADP"}

    def __init__(self) -> None:
        super().__init__()
        self.feminine: list[bool] = []
        self.nouns: list[tuple[str, str, str, str]] = []
        for noun in self.lexicon.nouns:
            form, gender = noun.forms["hi"].split(".")
            self.feminine.append(gender[0] == "f")
            self.nouns.append(noun_forms(form, gender))
        self.verbs: dict[int, tuple[str, tuple[str, ...], tuple[str, ...], bool]] = {}
        for verb in self.lexicon.verbs:
            host, _, light = verb.forms["hi"].rpartition(" ")
            stem = light.removesuffix("ना")
            habitual = (stem + "ता", stem + "ते", stem + "ती")
            ergative = verb.kind in "tc" and verb.forms["hi"] not in NOT_ERGATIVE
            self.verbs[verb.index] = host, participle(stem), habitual, ergative

    def question(self, clause: Clause) -> str:
        """क्या opens yes-or-no questions."""
        return "क्या"

    def agreement(self, phrase: Phrase) -> Agreement:
        """What verbs and adjectives agree with."""
        if phrase.pronoun:
            if phrase.pronoun == "who":
                return self.agreement(phrase.relative)
            person = phrase.pronoun if phrase.pronoun in ("I", "you") else ""
            return phrase.pronoun == "she", phrase.pronoun in ("you", "we"), person
        if phrase.name is not None:
            return phrase.name.sex == "f", False, ""
        feminine = self.feminine[phrase.noun.index]
        if phrase.conjunct is not None:
            return feminine and self.feminine[phrase.conjunct.noun.index], True, ""
        return feminine, phrase.plural, ""

    def noun_phrase(self, phrase: Phrase, case: str) -> tuple[Nodes, Node]:
        """Possessor with का, article, number, adjective, noun."""
        noun = phrase.noun
        if noun.group == "month":
            head = Node(noun.forms["hi"], "PROPN")
            return [head], head
        oblique, many = case == "oblique", phrase.plural
        feminine = self.feminine[noun.index]
        head = Node(self.nouns[noun.index][2 * oblique + many], "NOUN")
        other = oblique or many
        nodes: Nodes = []
        if phrase.of is not None:
            owner, of = self.phrase(phrase.of, "oblique")
            attach(of, "nmod", head)
            nodes = [*owner, Node(inflect("का", feminine, other), "ADP", "case", of)]
        if phrase.article == "a":
            nodes.append(Node("एक", "DET", "det", head))
        elif phrase.article == "this":
            form = ("इन" if many else "इस") if oblique else ("ये" if many else "यह")
            nodes.append(Node(form, "DET", "det", head))
        elif phrase.article in ("my", "your"):
            form = inflect("मेरा" if phrase.article == "my" else "तुम्हारा", feminine, other)
            nodes.append(Node(form, "PRON", "nmod:poss", head))
        if phrase.number is not None:
            nodes.append(Node(phrase.number.forms["hi"], "NUM", "nummod", head))
        if phrase.adjective is not None:
            form = inflect(phrase.adjective.forms["hi"], feminine, other)
            nodes.append(Node(form, "ADJ", "amod", head))
        nodes.append(head)
        return nodes, head

    def adposition(self, prep: Concept, nodes: Nodes, head: Node, phrase: Phrase) -> Nodes:
        """Postpositions follow; में, पर ... of one word or two."""
        return [*nodes, *fixed(prep.forms["hi"], "ADP", "case", head)]

    def ergative(self, clause: Clause) -> bool:
        """Whether the subject takes ने: perfective of a transitive verb."""
        return clause.verb is not None and clause.past and self.verbs[clause.verb.index][3]

    def pronoun(self, phrase: Phrase, case: str) -> tuple[Nodes, Node]:
        """Pronouns with their ने written in one word."""
        if phrase.pronoun == "what?":
            node = Node("क्या", "PRON")
        elif case == "ergative":
            many = phrase.pronoun == "who" and self.agreement(phrase)[1]
            node = Node("जिन्होंने" if many else ERGATIVE[phrase.pronoun], "PRON")
        else:
            node = Node(PRONOUNS[phrase.pronoun], "PRON")
        return [node], node

    def subject(self, clause: Clause, antecedent: Phrase | None) -> tuple[Nodes, Node | None]:
        """The subject, oblique with ने where the clause is ergative."""
        if not self.ergative(clause):
            return self.phrase(clause.subject, "subject")
        if clause.subject.pronoun:
            return self.pronoun(clause.subject, "ergative")
        return self.phrase(clause.subject, "oblique", NE)

    @staticmethod
    def marked(phrase: Phrase) -> bool:
        """Whether an object takes को: persons do."""
        if phrase.name is not None:
            return phrase.name.type == "PER"
        return phrase.noun is not None and phrase.noun.kind == "p"

    def object(self, clause: Clause) -> tuple[Nodes, Node]:
        """The object, oblique with को if it is a person."""
        if self.marked(clause.object):
            return self.phrase(clause.object, "oblique", KO)
        return self.phrase(clause.object, "object")

    def predicate(self, clause: Clause, asking: bool) -> tuple[Slots, Node]:
        """Host, negation, participle, auxiliary; or predicate, negation, copula."""
        agreement = self.agreement(clause.subject)
        if clause.verb is None:
            return self.copula(clause, agreement)
        host, perfective, habitual, _ = self.verbs[clause.verb.index]
        if self.ergative(clause):
            agreement = (False, False, "")
            thing = clause.object
            if thing is not None and not thing.pronoun and not self.marked(thing):
                agreement = self.agreement(thing)
        feminine, many, person = agreement
        head = Node((perfective if clause.past else habitual)[2 if feminine else many], "VERB")
        nodes: Nodes = [Node(host, "NOUN", "compound", head)] if host else []
        if clause.negated:
            nodes.append(Node("नहीं", "PART", "advmod", head))
        form = self.auxiliary(clause.past, feminine, many, person)
        return {"V": [*nodes, head, Node(form, "AUX", "aux", head)]}, head

    @staticmethod
    def auxiliary(past: bool, feminine: bool, many: bool, person: str) -> str:
        """A form of होना."""
        if past:
            return ("थीं" if many else "थी") if feminine else ("थे" if many else "था")
        return PRESENT.get(person) or ("हैं" if many else "है")

    def copula(self, clause: Clause, agreement: Agreement) -> tuple[Slots, Node]:
        """Degree, predicate, negation, होना."""
        feminine, many, person = agreement
        nodes: Nodes
        if isinstance(clause.predicate, Concept):
            head = Node(inflect(clause.predicate.forms["hi"], feminine, many), "ADJ")
            nodes = [head]
            if clause.degree is not None:
                nodes = [*fixed(clause.degree.forms["hi"], "ADV", "advmod", head), head]
        else:
            nodes, head = self.phrase(clause.predicate)
        if clause.negated:
            nodes.append(Node("नहीं", "PART", "advmod", head))
        form = self.auxiliary(clause.past, feminine, many, person)
        return {"V": [*nodes, Node(form, "AUX", "cop", head)]}, head


LANGUAGE = Hindi
