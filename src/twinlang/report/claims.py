"""The paper's claims, each as contrasts of cells that a run can test.

A contrast is a sum of differences Δ with their signs; a claim holds if each of its contrasts does:
`above` zero, or `near` it (within the paper's own two points). Sections are the paper's.
"""

from __future__ import annotations

from dataclasses import dataclass

from twinlang.tables.transfer import STRONG

BZ, MZ, ALIGNED = "delta_bz_bs", "delta_mz_bs", "alignment"
PARALLEL, SAME, DIFF = "parallel", "non-parallel-same", "non-parallel-diff"
TRANS = "transliteration"
ABOVE, NEAR, RANKS = "above", "near", "ranks"
ENGLISH = "English"  # the only language of the paper's composed twins and alignments


@dataclass(frozen=True)
class Term:
    """One measure of a twin (in the paper's name) and pairing, added or taken away."""

    sign: int
    measure: str
    twin: str
    pairing: str = PARALLEL


Contrast = tuple[Term, ...]


@dataclass(frozen=True)
class Claim:
    """A sentence, where the paper says it, and what would show it."""

    name: str
    section: str
    statement: str
    contrasts: tuple[Contrast, ...]
    kind: str = ABOVE
    margin: float = STRONG  # points, of `near`
    printed_for: str = "average"  # language of the printed effect


def _less(better: Term, worse: Term) -> Contrast:
    """How far the first lies above the second."""
    return (better, Term(-worse.sign, worse.measure, worse.twin, worse.pairing))


def _of(twin: str, measure: str = BZ, pairing: str = PARALLEL) -> Term:
    return Term(1, measure, twin, pairing)


def _gain(twin: str) -> Contrast:
    """What bilingual pre-training adds to zero-shot transfer, BZ − MZ."""
    return _less(_of(twin), _of(twin, MZ))


def _composed(part: str) -> tuple[Contrast, ...]:
    whole = _of(f"{part}+{TRANS}")
    return (_less(_of(part), whole), _less(_of(TRANS), whole))


CLAIMS = (
    Claim(
        "script-alone",
        "4.1, Table 3",
        "Where languages differ in script alone, zero-shot transfer is as good as supervision.",
        ((_of(TRANS),),),
        kind=NEAR,
    ),
    Claim(
        "script-needs-pretraining",
        "4.1, Table 3",
        "Across scripts, it is bilingual pre-training that makes transfer possible.",
        (_gain(TRANS),),
    ),
    *(
        Claim(
            f"order-hurts-{twin}",
            "4.1, Table 3",
            f"Changed order ({twin}) costs more transfer than another script does.",
            (_less(_of(TRANS), _of(twin)),),
        )
        for twin in ("inversion", "permutation")
    ),
    Claim(
        "local-order",
        "Table 3",
        "Changes of syntax, which are local, cost less than inversion and permutation.",
        tuple(_less(_of("syntax"), _of(twin)) for twin in ("inversion", "permutation")),
    ),
    *(
        Claim(
            f"no-gain-{twin}",
            "Table 5",
            f"For {twin}, bilingual pre-training adds next to nothing to transfer.",
            (_gain(twin),),
            kind=NEAR,
        )
        for twin in ("inversion", "syntax")
    ),
    Claim(
        "gain-permutation",
        "Table 5",
        "For permutation, bilingual pre-training helps somewhat.",
        (_gain("permutation"),),
    ),
    *(
        Claim(
            f"composed-{part}",
            "4.2, Figure 2",
            f"Another script together with {part} costs more transfer than either by itself.",
            _composed(part),
            printed_for=ENGLISH,
        )
        for part in ("inversion", "permutation", "syntax")
    ),
    Claim(
        "composed-syntax-least",
        "4.2, Figure 2",
        "Of the changes of order, syntax suffers least from another script.",
        tuple(
            _less(_of(f"syntax+{TRANS}"), _of(f"{part}+{TRANS}"))
            for part in ("inversion", "permutation")
        ),
        printed_for=ENGLISH,
    ),
    Claim(
        "parallel-best",
        "4.3, Figure 3",
        "Parallel corpora give better transfer than other text of the same domain.",
        (_less(_of(TRANS), _of(TRANS, pairing=SAME)),),
    ),
    Claim(
        "same-domain",
        "4.3, Figure 3",
        "Text of the same domain gives better transfer than text of another.",
        (_less(_of(TRANS, pairing=SAME), _of(TRANS, pairing=DIFF)),),
    ),
    Claim(
        "alignment-correlates",
        "4.4, Figures 4 and 5",
        "The better embeddings align, the better the transfer.",
        (),
        kind=RANKS,
        printed_for=ENGLISH,
    ),
    *(
        Claim(
            f"alignment-{part}",
            "4.4, Table 7",
            f"Embeddings align less where there is {part} beside another script.",
            (_less(_of(TRANS, ALIGNED), _of(f"{part}+{TRANS}", ALIGNED)),),
            printed_for=ENGLISH,
        )
        for part in ("inversion", "permutation", "syntax")
    ),
    Claim(
        "alignment-corpora",
        "4.4, Table 7",
        "Embeddings align best on parallel corpora, and less across domains than within one.",
        (
            _less(_of(TRANS, ALIGNED), _of(TRANS, ALIGNED, SAME)),
            _less(_of(TRANS, ALIGNED, SAME), _of(TRANS, ALIGNED, DIFF)),
        ),
        printed_for=ENGLISH,
    ),
)
