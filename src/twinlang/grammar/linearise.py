"""What the four linearisers share: trees of nodes, and the order of constituents as a parameter."""

from __future__ import annotations

from collections.abc import Iterable

from twinlang.grammar.lexicon import Concept, Lexicon, Name, lexicon
from twinlang.grammar.meaning import Clause, Phrase
from twinlang.sources.records import Tree, join


class Node:
    """One word of a tree: its head is a node, None at the root."""

    __slots__ = ("form", "head", "place", "relation", "tag", "upos")

    def __init__(self, form: str, upos: str, relation: str = "", head: Node | None = None) -> None:
        self.form, self.upos, self.relation, self.head = form, upos, relation, head
        self.tag, self.place = "O", 0


Nodes = list[Node]
Slots = dict[str, Nodes]


def fixed(form: str, upos: str, relation: str, head: Node | None) -> Nodes:
    """The nodes of a small word, whose second and later parts hang on the first as `fixed`."""
    first, *rest = form.split(" ")
    node = Node(first, upos, relation, head)
    return [node, *(Node(part, upos, "fixed", node) for part in rest)]


def attach(node: Node, relation: str, head: Node) -> None:
    """Hangs a phrase's head on another node."""
    node.relation, node.head = relation, head


class Lineariser:
    """A language: its typology as parameters, its morphology as methods.

    `ORDER` lists the constituents of a clause: W question word, relative pronoun
    or fronted auxiliary, T adverb of time, S subject, V verb group or copula with its predicate,
    P predicate that stands apart from its copula, O object, X obliques, A adverb.
    """

    LANG = ""
    ORDER = "WSVOXA"
    STOP, QUESTION, COMMA = ".", "?", ","
    CAPITALS = False
    # Words of names that are no proper nouns.
    NAME_UPOS: dict[str, str] = {}

    def __init__(self) -> None:
        self.lexicon: Lexicon = lexicon()
        self._names: dict[tuple[int, str, str], list[str]] = {}
        self.watched: Phrase | None = None
        self.seen: Nodes = []

    # The methods below are each language's own.
    def noun_phrase(self, phrase: Phrase, case: str) -> tuple[Nodes, Node]:
        """A common noun with article, number, adjective and complement."""
        raise NotImplementedError

    def pronoun(self, phrase: Phrase, case: str) -> tuple[Nodes, Node]:
        """A personal, relative or interrogative pronoun."""
        raise NotImplementedError

    def predicate(self, clause: Clause, asking: bool) -> tuple[Slots, Node]:
        """The verb group or predicate with its copula by slot (V; W, P), and its head."""
        raise NotImplementedError

    def adposition(self, prep: Concept, nodes: Nodes, head: Node, phrase: Phrase) -> Nodes:
        """The phrase under an adposition, which hangs on its head."""
        return [*fixed(prep.forms[self.LANG], "ADP", "case", head), *nodes]

    def question(self, clause: Clause) -> str:
        """The particle that opens a question (empty: none)."""
        return ""

    def marked_name(self, nodes: Nodes, head: Node, name: Name) -> Nodes:
        """A name with the article that the language gives it."""
        return nodes

    def word(self, concept: Concept) -> str:
        """A small word's form."""
        return concept.forms[self.LANG]

    # What follows is shared.
    def name(self, phrase: Phrase) -> tuple[Nodes, Node]:
        """A name's words, the first being the head, with IOB2 tags."""
        name = phrase.name
        assert name is not None
        key = (name.index, name.type, phrase.style)
        words = self._names.get(key)
        if words is None:
            given, bar, surname = name.forms[self.LANG].partition("|")
            parts = {"full": f"{given} {surname}", "given": given, "surname": surname}
            text = parts[phrase.style] if bar else given
            for mark in (".fp", ".f", ".m"):
                text = text.replace(mark, "")
            words = self._names[key] = text.removeprefix("the ").split()
        upos = self.NAME_UPOS
        head = Node(words[0], "PROPN")
        head.tag = "B-" + name.type
        nodes = [head]
        for word in words[1:]:
            node = Node(word, upos.get(word, "PROPN"), "flat", head)
            node.tag = "I-" + name.type
            nodes.append(node)
        return self.marked_name(nodes, head, name), head

    def phrase(
        self, phrase: Phrase, case: str = "", prep: Concept | None = None
    ) -> tuple[Nodes, Node]:
        """Any noun phrase: core, conjunct, adposition, then its relative clause."""
        if phrase.noun is not None:
            nodes, head = self.noun_phrase(phrase, case)
        elif phrase.name is not None:
            nodes, head = self.name(phrase)
        elif phrase.year:
            head = Node(phrase.year, "NUM")
            nodes = [head]
        else:
            return self.pronoun(phrase, case)
        if phrase is self.watched:
            self.seen = nodes
        if phrase.conjunct is not None:
            others, other = self.phrase(phrase.conjunct, case)
            attach(other, "conj", head)
            conjunction = self.lexicon.words["conj"][0].forms[self.LANG]
            nodes = [*nodes, Node(conjunction, "CCONJ", "cc", other), *others]
        if prep is not None:
            nodes = self.adposition(prep, nodes, head, phrase)
        if phrase.relative is not None:
            more, verb = self.clause(phrase.relative, phrase)
            attach(verb, "acl:relcl", head)
            nodes = nodes + more
        return nodes, head

    def oblique(self, prep: Concept, phrase: Phrase, head: Node) -> Nodes:
        """A prepositional phrase that hangs on the predicate."""
        nodes, noun = self.phrase(phrase, "oblique", prep)
        attach(noun, "obl", head)
        return nodes

    def subject(self, clause: Clause, antecedent: Phrase | None) -> tuple[Nodes, Node | None]:
        """The subject's nodes; none and None where the language leaves it out."""
        return self.phrase(clause.subject, "subject")

    def object(self, clause: Clause) -> tuple[Nodes, Node]:
        """The object's nodes."""
        return self.phrase(clause.object, "object")

    def clause(
        self, clause: Clause, antecedent: Phrase | None = None, asking: bool = False
    ) -> tuple[Nodes, Node]:
        """A clause in the language's order of constituents; `antecedent` if it is relative."""
        if antecedent is not None:
            clause.subject.relative = antecedent
        slots, head = self.predicate(clause, asking)
        subject, noun = self.subject(clause, antecedent)
        if noun is not None:
            attach(noun, "nsubj", head)
        slots["S"] = subject
        if antecedent is not None or (clause.subject.pronoun == "who?" and self.WH_FRONT):
            slots["W"], slots["S"] = subject + slots.get("W", []), []
        if clause.object is not None:
            slots["O"], noun = self.object(clause)
            attach(noun, "obj", head)
            if clause.object.pronoun and self.WH_FRONT:
                slots["W"], slots["O"] = slots["O"] + slots.get("W", []), []
        if clause.obliques:
            slots["X"] = [n for prep, p in clause.obliques for n in self.oblique(prep, p, head)]
        if clause.adverb is not None:
            time = clause.adverb.kind == "when"
            slots["T" if time else "A"] = fixed(self.word(clause.adverb), "ADV", "advmod", head)
        if clause.asked:
            node = Node(self.ASKED[clause.asked], "ADV", "advmod", head)
            if self.WH_FRONT:
                slots["W"] = [node, *slots.get("W", [])]
            else:
                slots["X"] = [*slots.get("X", []), node]
        nodes: Nodes = []
        for slot in self.ORDER:
            if slot in slots:
                nodes += slots[slot]
        if clause.complement is not None:
            nodes += self.subordinate(clause.complement, self.that, "ccomp", head)
        return nodes, head

    WH_FRONT = True
    ASKED: dict[str, str] = {}

    @property
    def that(self) -> Concept:
        """The subordinator of complement clauses."""
        return self.lexicon.words["sub"][-1]

    def subordinate(self, clause: Clause, mark: Concept, relation: str, head: Node) -> Nodes:
        """A clause under a subordinator."""
        nodes, verb = self.clause(clause)
        attach(verb, relation, head)
        return [*fixed(self.word(mark), "SCONJ", "mark", verb), *nodes]

    def sentence(self, clause: Clause, watched: Phrase | None = None) -> Nodes:
        """The whole sentence in order; `seen` then holds the nodes of the phrase watched."""
        self.watched = watched
        asking = clause.mark == "?"
        nodes, root = self.clause(clause, asking=asking)
        attach(root, "root", None)  # type: ignore[arg-type]
        wh = clause.asked or clause.subject.pronoun == "who?"
        wh = wh or (clause.object is not None and clause.object.pronoun)
        if asking and not wh:
            nodes = [*self.asking(clause, root), *nodes]
        if clause.coordinate is not None:
            conjunction, other = clause.coordinate
            more, verb = self.clause(other)
            attach(verb, "conj", root)
            nodes = [*nodes, Node(self.word(conjunction), "CCONJ", "cc", verb), *more]
        if clause.adjunct is not None:
            mark, other = clause.adjunct
            more = self.subordinate(other, mark, "advcl", root)
            comma = [Node(self.COMMA, "PUNCT", "punct", root)]
            nodes = [*more, *comma, *nodes] if clause.fronted else [*nodes, *more]
        nodes = [*self.opening(clause, root), *nodes]
        mark_form = {".": self.STOP, "?": self.QUESTION}.get(clause.mark, clause.mark)
        nodes.append(Node(mark_form, "PUNCT", "punct", root))
        if self.CAPITALS:
            first = nodes[0]
            first.form = first.form[0].upper() + first.form[1:]
        return nodes

    def asking(self, clause: Clause, root: Node) -> Nodes:
        """The particle that opens a yes-or-no question."""
        particle = self.question(clause)
        return [Node(particle, "PART", "advmod", root)] if particle else []

    def opening(self, clause: Clause, root: Node) -> Nodes:
        """Opener, connective and vocative, each with its comma."""
        nodes: Nodes = []
        if clause.opener is not None:
            nodes += fixed(self.word(clause.opener), "INTJ", "discourse", root)
        if clause.connective is not None:
            nodes += fixed(self.word(clause.connective), "ADV", "advmod", root)
        if clause.vocative is not None:
            name, head = self.name(clause.vocative)
            attach(head, "vocative", root)
            nodes += name
        if nodes:
            nodes.append(Node(self.COMMA, "PUNCT", "punct", root))
        return nodes


def text(nodes: Iterable[Node]) -> str:
    """The sentence as text."""
    return join([node.form for node in nodes])


def tree(nodes: Nodes) -> Tree:
    """The sentence as a tree."""
    for place, node in enumerate(nodes, 1):
        node.place = place
    words = [node.form for node in nodes]
    return Tree(
        words=words,
        upos=[node.upos for node in nodes],
        heads=[node.head.place if node.head is not None else 0 for node in nodes],
        relations=[node.relation for node in nodes],
        entities=[node.tag for node in nodes],
        text=join(words),
    )
