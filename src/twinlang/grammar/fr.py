"""French: SVO, most adjectives after the noun, gender, elision, contraction, passé composé."""

from __future__ import annotations

from twinlang.grammar.lexicon import Concept, Name
from twinlang.grammar.linearise import Lineariser, Node, Nodes, Slots, attach, fixed
from twinlang.grammar.meaning import Clause, Phrase

# (gender, plural, person): person is I, you or "" for the third.
Agreement = tuple[str, bool, str]
VOWELS = frozenset("aàâeéèêiîoôuhyœAÀÂEÉÈÊIÎOÔUHYŒ")
ASPIRATED = ("héros", "haut", "hors", "Himalaya", "Hassan", "Hana", "Hansen", "Haddad", "Hill")
ELIDED = {"le", "la", "de", "que", "ne", "je"}
CONTRACTED = {("de", "le"): "du", ("de", "les"): "des", ("à", "le"): "au", ("à", "les"): "aux"}
BEFORE_VOWEL = {"ce": "cet", "ma": "mon", "ta": "ton"}
ADJECTIVE_BEFORE_VOWEL = {"beau": "bel", "nouveau": "nouvel", "vieux": "vieil"}
ARTICLES = {  # masculine, feminine, plural
    "the": ("le", "la", "les"),
    "a": ("un", "une", "des"),
    "": ("un", "une", "des"),
    "this": ("ce", "cette", "ces"),
    "my": ("mon", "ma", "mes"),
    "your": ("ton", "ta", "tes"),
}
PRONOUNS = {"I": "je", "you": "tu", "we": "on", "he": "il", "she": "elle", "who": "qui"}
HAVE = {"I": "ai", "you": "as", "": "a", "plural": "ont"}
BE = {"I": "suis", "you": "es", "": "est", "plural": "sont"}
WAS = {"I": "étais", "you": "étais", "": "était", "plural": "étaient"}


def opens_with_vowel(word: str) -> bool:
    """Whether words are elided before it; y of Youssef counts as a consonant."""
    vowel = word[0] in VOWELS and not word.startswith(ASPIRATED)
    return vowel and not (word[0] in "yY" and word[1:2] in ("a", "e", "o"))


def plural(word: str) -> str:
    """The regular plural of a noun or adjective."""
    if word[-1] in "sxz":
        return word
    if word.endswith("al"):
        return word[:-2] + "aux"
    return word + ("x" if word.endswith(("eau", "eu")) else "s")


def adjective_forms(cell: str) -> tuple[str, str, str, str]:
    """(masculine, feminine, masculine plural, feminine plural) of a cell, `^` apart."""
    parts = cell.lstrip("^").split(".")
    if len(parts) == 4:
        return parts[0], parts[1], parts[2], parts[3]
    masculine = parts[0]
    if len(parts) == 2:
        feminine = parts[1]
    elif masculine.endswith("eux"):
        feminine = masculine[:-1] + "se"
    else:
        feminine = masculine if masculine.endswith("e") else masculine + "e"
    return masculine, feminine, plural(masculine), plural(feminine)


def verb_forms(cell: str) -> tuple[bool, tuple[str, ...], dict[str, str]]:
    """(with être, the participle's four forms, present by person) of a verb's cell."""
    being = cell.startswith("*")
    participle, *present = cell.lstrip("*").split("/")
    if present:
        third, many, first = present
    else:
        stem = participle[:-2]
        third, many, first = stem + "e", stem + "ent", stem + "e"
        participle = stem + "é"
    forms = participle.split(".")
    if len(forms) == 1:
        forms = [participle, participle + "e", plural(participle), participle + "es"]
    second = first + "s" if first[-1] == "e" else "vas" if first == "vais" else first
    return being, tuple(forms), {"": third, "plural": many, "I": first, "you": second}


class French(Lineariser):
    """The lineariser of French."""

    LANG = "fr"
    ORDER = "WSVOXAT"
    CAPITALS = True
    NAME_UPOS = {"de": "ADP", "d'": "ADP", "du": "ADP", "des": "ADP", "la": "DET", "l'": "DET"}
    ASKED = {"where": "où", "when": "quand"}

    def __init__(self) -> None:
        super().__init__()
        self.genders: list[str] = []
        self.nouns: list[tuple[str, str]] = []
        for noun in self.lexicon.nouns:
            form, gender, *given = noun.forms["fr"].split(".")
            self.genders.append(gender)
            self.nouns.append((form, given[0] if given else plural(form)))
        self.adjectives = {a.index: adjective_forms(a.forms["fr"]) for a in self.lexicon.adjectives}
        self.verbs = {verb.index: verb_forms(verb.forms["fr"]) for verb in self.lexicon.verbs}

    def agreement(self, phrase: Phrase) -> Agreement:
        """What verbs and adjectives agree with."""
        if phrase.pronoun:
            if phrase.pronoun == "who":
                return self.agreement(phrase.relative)
            gender = "f" if phrase.pronoun == "she" else "m"
            return gender, False, phrase.pronoun if phrase.pronoun in ("I", "you") else ""
        if phrase.name is not None:
            form = phrase.name.forms["fr"]
            gender = phrase.name.sex or ("f" if ".f" in form else "m")
            return gender, ".fp" in form, ""
        gender, many = self.genders[phrase.noun.index], phrase.plural
        if phrase.conjunct is not None:
            both = (gender, self.genders[phrase.conjunct.noun.index])
            return ("f" if both == ("f", "f") else "m"), True, ""
        return gender, many, ""

    def noun_phrase(self, phrase: Phrase, case: str) -> tuple[Nodes, Node]:
        """Article, number, adjective (a few before the noun), noun, adjective, `de` phrase."""
        noun = phrase.noun
        if noun.group == "month":
            head = Node(noun.forms["fr"], "NOUN")
            return [head], head
        feminine, many = self.genders[noun.index] == "f", phrase.plural
        head = Node(self.nouns[noun.index][many], "NOUN")
        nodes: Nodes = [head]
        if phrase.adjective is not None:
            form = self.adjectives[phrase.adjective.index][2 * many + feminine]
            node = Node(form, "ADJ", "amod", head)
            if phrase.adjective.forms["fr"][0] == "^":
                if not many and not feminine and opens_with_vowel(head.form):
                    node.form = ADJECTIVE_BEFORE_VOWEL.get(form, form)
                nodes = [node, head]
            else:
                nodes.append(node)
        if phrase.number is not None:
            nodes.insert(0, Node(phrase.number.forms["fr"], "NUM", "nummod", head))
        elif not (noun.mass and phrase.article == ""):
            article = ARTICLES[phrase.article][2 if many else feminine]
            if article in BEFORE_VOWEL and opens_with_vowel(nodes[0].form):
                article = BEFORE_VOWEL[article]
            nodes.insert(0, Node(article, "DET", "det", head))
        if phrase.of is not None:
            owner, of = self.phrase(phrase.of)
            attach(of, "nmod", head)
            nodes += self.under(["de"], owner, of)
        return nodes, head

    def under(self, words: list[str], nodes: Nodes, head: Node) -> Nodes:
        """A phrase under a preposition whose last word may contract with the article."""
        first = nodes[0]
        if first.upos == "DET":
            elided = first.form in ("le", "la") and opens_with_vowel(nodes[1].form)
            contracted = CONTRACTED.get((words[-1], first.form))
            if words[-1] == "de" and first.form == "des":
                contracted = "de"
            if contracted and not elided:
                words, nodes = [*words[:-1], contracted], nodes[1:]
        return [*fixed(" ".join(words), "ADP", "case", head), *nodes]

    def adposition(self, prep: Concept, nodes: Nodes, head: Node, phrase: Phrase) -> Nodes:
        """`en France`, `au Maroc`, `à Paris` for in and to; else the preposition's own form."""
        words = prep.forms["fr"].split(" ")
        name = phrase.name
        if name is not None and name.type == "LOC" and words[-1] in ("dans", "à", "de"):
            form = name.forms["fr"]
            if not name.forms["en"].startswith("the "):
                country = ".f" in form or (".m" in form and opens_with_vowel(form))
                if country and words in (["dans"], ["à"]):
                    words, nodes = ["en"], nodes[1:]
                elif country and words == ["de"]:
                    nodes = nodes[1:]
                elif words == ["dans"]:
                    words = ["à"]
        return self.under(words, nodes, head)

    def marked_name(self, nodes: Nodes, head: Node, name: Name) -> Nodes:
        """The article of countries, rivers and institutions, outside the entity."""
        form = name.forms["fr"]
        if ".f" in form or ".m" in form:
            article = "les" if ".fp" in form else "la" if ".f" in form else "le"
            return [Node(article, "DET", "det", head), *nodes]
        return nodes

    def pronoun(self, phrase: Phrase, case: str) -> tuple[Nodes, Node]:
        """Subject pronouns (we is `on`), qui, que."""
        forms = {"who?": "qui", "what?": "que"}
        node = Node(forms.get(phrase.pronoun) or PRONOUNS[phrase.pronoun], "PRON")
        return [node], node

    def predicate(self, clause: Clause, asking: bool) -> tuple[Slots, Node]:
        """Present, or passé composé with the participle as head; `est-ce que` asks."""
        gender, many, person = self.agreement(clause.subject)
        slot = "plural" if many else person
        if clause.verb is None:
            nodes, head, finite = self.copula(clause, gender, many, slot)
        else:
            being, participle, present = self.verbs[clause.verb.index]
            if clause.past:
                form = participle[2 * many + (gender == "f")] if being else participle[0]
                head = Node(form, "VERB")
                finite = Node((BE if being else HAVE)[slot], "AUX", "aux", head)
                nodes = [head]
            else:
                head = finite = Node(present[slot], "VERB")
                nodes = []
        group = [finite]
        if clause.negated:
            no = [Node("ne", "ADV", "advmod", head), finite, Node("pas", "ADV", "advmod", head)]
            group = no
        slots = {"V": group + nodes}
        if asking and clause.subject.pronoun != "who?":
            ask = Node("est-ce", "ADV", "advmod", head)
            slots["W"] = [ask, Node("que", "SCONJ", "fixed", ask)]
        return slots, head

    def copula(
        self, clause: Clause, gender: str, many: bool, slot: str
    ) -> tuple[Nodes, Node, Node]:
        """(predicate, its head, the copula)."""
        nodes: Nodes
        if isinstance(clause.predicate, Concept):
            forms = self.adjectives[clause.predicate.index]
            head = Node(forms[2 * many + (gender == "f")], "ADJ")
            nodes = [head]
            if clause.degree is not None:
                nodes = [*fixed(clause.degree.forms["fr"], "ADV", "advmod", head), head]
        else:
            nodes, head = self.phrase(clause.predicate)
        return nodes, head, Node((WAS if clause.past else BE)[slot], "AUX", "cop", head)

    def sentence(self, clause: Clause, watched: Phrase | None = None) -> Nodes:
        """The sentence with its elisions: l', d', qu', n', j'."""
        nodes = super().sentence(clause, watched)
        for node, after in zip(nodes, nodes[1:], strict=False):
            form = node.form
            if form in ELIDED or form.lower() in ELIDED:
                if opens_with_vowel(after.form) and not after.form.isdigit():
                    node.form = form[:-1] + "'"
            elif form in ("si", "Si") and after.form == "il":
                node.form = form[0] + "'"
        return nodes


LANGUAGE = French
