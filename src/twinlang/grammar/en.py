"""English: SVO, adjectives before the noun, prepositions, do-support."""

from __future__ import annotations

from twinlang.grammar.lexicon import Concept, Name
from twinlang.grammar.linearise import Lineariser, Node, Nodes, Slots, attach, fixed
from twinlang.grammar.meaning import Clause, Phrase

SINGULAR, PLURAL, FIRST, OTHER = "3s", "3p", "1s", "2"
PERSON = {"I": FIRST, "you": OTHER, "we": OTHER, "he": SINGULAR, "she": SINGULAR}
BE_PRESENT = {FIRST: "am", OTHER: "are", SINGULAR: "is", PLURAL: "are"}
BE_PAST = {FIRST: "was", OTHER: "were", SINGULAR: "was", PLURAL: "were"}


def plural(noun: str) -> str:
    """`city/…`: the plural given after a slash, else the regular one."""
    singular, _, given = noun.partition("/")
    if given:
        return given
    if singular.endswith("y") and singular[-2] not in "aeou":
        return singular[:-1] + "ies"
    return singular + "s"


def verb_forms(cell: str) -> tuple[str, str, str]:
    """(base, past, third person singular) of `go/went` or a regular `help`."""
    base, _, past = cell.partition("/")
    final_y = base.endswith("y") and base[-2] not in "aeou"
    if not past:
        past = base + "d" if base.endswith("e") else base[:-1] + "ied" if final_y else base + "ed"
    if final_y:
        return base, past, base[:-1] + "ies"
    hissing = base.endswith(("s", "sh", "ch", "x", "o"))
    return base, past, base + ("es" if hissing else "s")


class English(Lineariser):
    """The lineariser of English."""

    LANG = "en"
    ORDER = "WSVOXAT"
    CAPITALS = True
    NAME_UPOS = {"of": "ADP"}
    ASKED = {"where": "where", "when": "when"}

    def __init__(self) -> None:
        super().__init__()
        nouns = [noun.forms["en"].rstrip("-") for noun in self.lexicon.nouns]
        self.nouns = [(noun.partition("/")[0], plural(noun)) for noun in nouns]
        start = self.lexicon.verbs[0].index
        self.verbs = {
            start + place: verb_forms(verb.forms["en"])
            for place, verb in enumerate(self.lexicon.verbs)
        }

    def noun_phrase(self, phrase: Phrase, case: str) -> tuple[Nodes, Node]:
        """Article, number, adjective, noun, `of` phrase."""
        noun = phrase.noun
        if noun.group == "month":
            head = Node(noun.forms["en"], "PROPN")
            return [head], head
        head = Node(self.nouns[noun.index][phrase.plural], "NOUN")
        nodes: Nodes = []
        if phrase.number is not None:
            nodes.append(Node(phrase.number.forms["en"], "NUM", "nummod", head))
        if phrase.adjective is not None:
            nodes.append(Node(phrase.adjective.forms["en"], "ADJ", "amod", head))
        nodes.append(head)
        article = phrase.article
        if article == "a" and nodes[0].form[0] in "aeiou" and not nodes[0].form.startswith("us"):
            article = "an"
        elif article == "this" and phrase.plural:
            article = "these"
        if article in ("my", "your"):
            nodes.insert(0, Node(article, "PRON", "nmod:poss", head))
        elif article:
            nodes.insert(0, Node(article, "DET", "det", head))
        if phrase.of is not None:
            owner, of = self.phrase(phrase.of)
            attach(of, "nmod", head)
            nodes += [Node("of", "ADP", "case", of), *owner]
        return nodes, head

    def marked_name(self, nodes: Nodes, head: Node, name: Name) -> Nodes:
        """`the` stands before the names that the lexicon gives one, outside the entity."""
        if name.forms["en"].startswith("the "):
            return [Node("the", "DET", "det", head), *nodes]
        return nodes

    def pronoun(self, phrase: Phrase, case: str) -> tuple[Nodes, Node]:
        """Subject forms; `who` of persons and `that` of the rest as relative pronouns."""
        form = phrase.pronoun.rstrip("?")
        if phrase.pronoun == "who" and phrase.relative.noun.kind != "p":
            form = "that"
        node = Node(form, "PRON")
        return [node], node

    def person(self, subject: Phrase) -> str:
        """The agreement class of a subject."""
        if subject.pronoun:
            if subject.pronoun == "who":
                return self.person(subject.relative)
            return PERSON.get(subject.pronoun, SINGULAR)
        return PLURAL if subject.plural or subject.conjunct is not None else SINGULAR

    def predicate(self, clause: Clause, asking: bool) -> tuple[Slots, Node]:
        """A verb, with `do` where it is denied or asked, or a copula and what it says."""
        person = self.person(clause.subject)
        if clause.verb is None:
            return self.copula(clause, person, asking)
        base, past, third = self.verbs[clause.verb.index]
        asking = asking and clause.subject.pronoun != "who?"
        if not asking and not clause.negated:
            form = past if clause.past else third if person == SINGULAR else base
            head = Node(form, "VERB")
            return {"V": [head]}, head
        head = Node(base, "VERB")
        do = "did" if clause.past else "does" if person == SINGULAR else "do"
        helper = [Node(do, "AUX", "aux", head)]
        verb = [Node("not", "PART", "advmod", head), head] if clause.negated else [head]
        return ({"W": helper, "V": verb} if asking else {"V": helper + verb}), head

    def copula(self, clause: Clause, person: str, asking: bool) -> tuple[Slots, Node]:
        """`is`, `not`, degree and predicate."""
        nodes: Nodes
        if isinstance(clause.predicate, Concept):
            head = Node(clause.predicate.forms["en"], "ADJ")
            nodes = [head]
            if clause.degree is not None:
                nodes = [*fixed(clause.degree.forms["en"], "ADV", "advmod", head), head]
        else:
            nodes, head = self.phrase(clause.predicate)
        be = [Node((BE_PAST if clause.past else BE_PRESENT)[person], "AUX", "cop", head)]
        if clause.negated:
            nodes = [Node("not", "PART", "advmod", head), *nodes]
        return ({"W": be, "V": nodes} if asking else {"V": be + nodes}), head


LANGUAGE = English
