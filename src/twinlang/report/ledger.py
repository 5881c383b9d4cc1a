"""The ledger: each claim of the paper tested on our scores, with what may be said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twinlang.report import published
from twinlang.report.claims import ABOVE, ALIGNED, CLAIMS, NEAR, RANKS, Claim, Contrast, Term
from twinlang.report.estimates import Effect, Scores
from twinlang.report.examples import Examples
from twinlang.statistics import LEVEL, mean
from twinlang.statistics.levels import EXAMPLES
from twinlang.tables.measured import ALL, CORRELATION, table7
from twinlang.tables.transfer import DIGITS, TASKS
from twinlang.tidy import Row

REPRODUCED, CONTRADICTED = "reproduced", "contradicted"
UNDECIDED, NOT_RUN = "undecided at this scale", "not run"
EVERY = "all"  # tasks
ALPHA = 0.05  # of a correlation's p
ONE_SEED = "one training a cell; examples say nothing of other seeds"
COLUMNS = (
    *("claim", "section", "statement", "task", "verdict", "effect", "low", "high", "over"),
    *("direction", "printed", "contrast", "p", "n_languages", "n_pretrain_seeds"),
    *("n_finetune_seeds", "n_examples", "why", "missing"),
)
NAMES = {"delta_bz_bs": "Δ(BZ−BS)", "delta_mz_bs": "Δ(MZ−BS)", ALIGNED: "alignment"}


def ledger(
    rows: Sequence[Row], twins: Mapping[str, Sequence[Any]], examples: Examples
) -> list[Row]:
    """One row a claim over all tasks, then, if it was run, one a task; in the paper's order.

    `effect` is that of the contrast which decides, or else speaks least for the claim; `low` and
    `high` are its interval and `over` what that holds over. A claim is reproduced if the intervals
    of all its contrasts say so and contradicted if one says the opposite, at a level shared out
    among them. Otherwise, or with no interval over trainings, it is undecided at this scale.
    """
    scores = Scores(rows, published.twin_names(twins), examples)
    tasks = [task for task in TASKS if any(row["task"] == task for row in rows)]
    table = []
    for claim in CLAIMS:
        if claim.kind == RANKS:
            table += _of_ranks(claim, rows, twins)
        elif any(term.measure == ALIGNED for term in claim.contrasts[0]):
            table.append(_row(claim, scores, [ALIGNED], EVERY))
        else:
            table.append(_row(claim, scores, tasks, EVERY))
            own = [_row(claim, scores, [task], task) for task in tasks]
            table += [row for row in own if row["verdict"] != NOT_RUN]
    return table


def _row(claim: Claim, scores: Scores, tasks: Sequence[str], name: str) -> Row:
    level = 1 - (1 - LEVEL) / len(claim.contrasts)
    found = [(c, scores.effect(c, tasks, level=level)) for c in claim.contrasts]
    missing = dict.fromkeys(term for _, effect in found for term in effect.missing)
    row = _head(claim, name) | {"printed": _printed(claim, tasks)}
    if any(effect.value is None for _, effect in found):
        return {**row, "verdict": NOT_RUN, "missing": _what_makes(list(missing))}
    verdicts = [_verdict(claim, effect) for _, effect in found]
    order = [
        (v != CONTRADICTED, _support(claim, e.value))
        for v, (_, e) in zip(verdicts, found, strict=True)
    ]
    contrast, effect = found[order.index(min(order))]
    row |= _numbers(effect) | {"contrast": _in_words(contrast)}
    row["direction"] = _direction(claim, effect.value)
    return {**row, "verdict": _joined(verdicts), "why": _why(effect)}


def _of_ranks(claim: Claim, rows: Sequence[Row], twins: Mapping[str, Sequence[Any]]) -> list[Row]:
    """The claim of a correlation: of the language with the most variants, or of all together."""
    lines = []
    if any(row["task"] == ALIGNED for row in rows):
        lines = [row for row in table7(rows, twins) if row["row"] == CORRELATION]
    found = []
    for task in TASKS:
        own = [line for line in lines if line.get(f"{task}_n")]
        one = [line for line in own if line["language"] != ALL and line.get(task) is not None]
        pooled = [line for line in own if line["language"] == ALL]
        chosen = sorted(one, key=lambda line: -line[f"{task}_n"])[:1] or pooled or own[:1]
        if chosen:
            found.append(_correlation(claim, task, chosen[0]))
    if not found:
        variants = "three twins of another script at least, with any task"
        return [{**_head(claim, EVERY), "verdict": NOT_RUN, "missing": variants}]
    asked = [row for row in found if row["printed"] is not None] or found
    weakest = min(asked, key=lambda row: -2.0 if row["effect"] is None else row["effect"])
    verdict = _joined([row["verdict"] for row in asked])
    return [{**weakest, "task": EVERY, "verdict": verdict}, *found]


def _correlation(claim: Claim, task: str, line: Row) -> Row:
    rho, p, n = (line.get(f"{task}{end}") for end in ("", "_p", "_n"))
    row = _head(claim, task) | {"effect": rho, "p": p, "why": line[f"{task}_why"]}
    row |= {"low": line.get(f"{task}_low"), "high": line.get(f"{task}_high")}
    over = "variants of all languages" if line["language"] == ALL else "variants of one language"
    row |= {"over": f"{n} {over}", "contrast": "Spearman's ρ of alignment and Δ(BZ−BS)"}
    row["printed"] = _printed_rho(task)
    if rho is None:
        return {**row, "verdict": UNDECIDED}
    row["direction"] = "as the paper" if rho > 0 else "against it"
    decided = p is not None and p <= ALPHA
    verdict = UNDECIDED if not decided else REPRODUCED if rho > 0 else CONTRADICTED
    return {**row, "verdict": verdict}


def _head(claim: Claim, task: str) -> Row:
    return {
        "claim": claim.name,
        "section": claim.section,
        "statement": claim.statement,
        "task": task,
    }


def _verdict(claim: Claim, effect: Effect) -> str:
    usual, wide, margin = effect.interval, effect.wide, claim.margin
    if usual is None or wide is None or usual.over == EXAMPLES:
        return UNDECIDED
    if claim.kind == NEAR:
        inside = -margin <= usual.low and usual.high <= margin
        outside = wide.low > margin or wide.high < -margin
        return REPRODUCED if inside else CONTRADICTED if outside else UNDECIDED
    return REPRODUCED if usual.low > 0 else CONTRADICTED if wide.high < 0 else UNDECIDED


def _joined(verdicts: Sequence[str]) -> str:
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    return REPRODUCED if set(verdicts) == {REPRODUCED} else UNDECIDED


def _support(claim: Claim, value: float | None) -> float:
    """The larger, the more an effect speaks for the claim."""
    assert value is not None
    return value if claim.kind == ABOVE else -abs(value)


def _direction(claim: Claim, value: float | None) -> str:
    assert value is not None
    holds = value > 0 if claim.kind == ABOVE else abs(value) <= claim.margin
    return "as the paper" if holds else "against it"


def _numbers(effect: Effect) -> Row:
    found = effect.interval
    row: Row = {"effect": None if effect.value is None else round(effect.value, DIGITS)}
    row |= {end: round(getattr(found, end), DIGITS) if found else None for end in ("low", "high")}
    row["over"] = found.over if found else ""
    names = ("n_languages", "n_pretrain_seeds", "n_finetune_seeds", "n_examples")
    return row | {name: getattr(effect, name) for name in names}


def _why(effect: Effect) -> str:
    if effect.interval is None:
        return "n = 1 seed in one language: no interval"
    return ONE_SEED if effect.interval.over == EXAMPLES else ""


def _what_makes(terms: Sequence[Term]) -> str:
    names = dict.fromkeys(f"twin {term.twin} with pairing {term.pairing}" for term in terms)
    return f"an experiment with {' and '.join(names)}" if names else ""


def _in_words(contrast: Contrast) -> str:
    words = ""
    for term in contrast:
        sign = "" if not words and term.sign > 0 else " + " if term.sign > 0 else " − "
        pairing = "" if term.pairing == "parallel" else f" ({term.pairing})"
        words += f"{sign}{NAMES[term.measure]} {term.twin}{pairing}"
    return words


def _printed(claim: Claim, tasks: Sequence[str]) -> float | None:
    """The same effect in the printed numbers, of the contrast that speaks least for the claim."""
    effects = []
    for contrast in claim.contrasts:
        found = [_printed_effect(contrast, task, claim.printed_for) for task in tasks]
        known = [value for value in found if value is not None]
        effects += [mean(known)] if known else []
    if not effects:
        return None
    by_support = sorted(effects, key=lambda value: _support(claim, value))
    return round(by_support[0], DIGITS)


def _printed_effect(contrast: Contrast, task: str, language: str) -> float | None:
    terms = [
        published.known().get((task, language, term.twin, term.pairing, term.measure))
        for term in contrast
    ]
    pairs = list(zip(contrast, terms, strict=True))
    return None if None in terms else sum(t.sign * value for t, value in pairs if value is not None)


def _printed_rho(task: str) -> float | None:
    return published.known().get((task, "English", "", "", "spearman"))
