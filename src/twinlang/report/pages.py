"""Pages of the comparison with the print and of the claims."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from twinlang.html_page import bracketed, heading, listing, number, page, spoken
from twinlang.report.ledger import EVERY
from twinlang.statistics import LEVEL
from twinlang.tables import STRONG
from twinlang.tidy import Row

COMPARED = {
    "place": "Cell",
    "metric": "Measure",
    "printed": "Printed",
    "ours": "Ours",
    "difference": "Difference",
    "n_languages": "Languages",
    "sign": "Same sign",
    "order": "Pairs in order",
    "notes": "Doubts about the print",
}
AGREEMENT = {
    "table": "Table",
    "metric": "Measure",
    "n_printed": "Printed",
    "n": "Run",
    "same_sign": "Same sign",
    "pairs": "Pairs",
    "pairs_alike": "In order",
    "rho": "ρ",
    "n_undoubted": "Without doubt",
    "rho_undoubted": "ρ of these",
}


def compare_page(rows: Sequence[Row], agreement: Sequence[Row]) -> str:
    """The printed cells that were run beside ours, by table, and how each table agrees."""
    shown = [
        {**row, "metric": heading(row["metric"]), **_two_digits(row, "rho", "rho_undoubted")}
        for row in agreement
    ]
    body = "<h2>Agreement</h2>\n" + listing(shown, AGREEMENT)
    for table in dict.fromkeys(row["table"] for row in rows):
        run = [_shown(row) for row in rows if row["table"] == table and row["ours"] is not None]
        of = sum(row["table"] == table for row in rows)
        body += f"<h2>{escape(table)}: {len(run)} of {of} printed cells were run</h2>\n"
        body += listing(run, COMPARED) if run else ""
    notes = [
        "Printed: Deshpande, Talukdar and Narasimhan, <i>When is BERT Multilingual?</i> (NAACL "
        "2022), one run a cell, without intervals. Ours: the means of this run, at its own scale.",
        "Pairs in order: with how many of the other cells of its column (one table, task, language "
        "and measure) a cell stands in the printed order. ρ: Spearman's correlation over cells, "
        "which share models, so that no p is given. The CSV beside this page has the cells that "
        "were not run as well, with what makes them.",
    ]
    return page("The printed numbers beside ours", body, notes)


def _shown(row: Row) -> Row:
    names = (row["task"].upper(), row["language"], row["twin"], row["pairing"])
    place = " · ".join(name for name in names if name)
    small = {key: f"{row[key]:g}".replace("-", "−") for key in ("printed",)}
    digits = 2 if row["metric"] in ("alignment", "spearman") else 1
    mine = {key: number(row[key], digits=digits) for key in ("ours", "difference")}
    return {**row, "place": place, "metric": heading(row["metric"]), **small, **mine}


def _two_digits(row: Row, *keys: str) -> Row:
    return {key: None if row[key] is None else number(row[key], digits=2) for key in keys}


LEDGER = {  # what a narrow screen shows comes first
    "sign": "Verdict",
    "statement": "Claim",
    "effect": "Effect, points",
    "printed": "Printed",
    "section": "Section",
    "contrast": "Of",
    "over": "Interval over",
    "taken": "Taken over",
    "remark": "Remark",
}
SIGNS = {"reproduced": "✓", "contradicted": "✗", "undecided at this scale": "?", "not run": "–"}
COUNTS = {
    "n_languages": "languages",
    "n_pretrain_seeds": "pre-training seeds",
    "n_finetune_seeds": "fine-tuning seeds",
    "n_examples": "examples",
}


def claims_page(rows: Sequence[Row]) -> str:
    """The ledger: claims over all tasks, then each claim by task."""
    whole = [row for row in rows if row["task"] == EVERY]
    verdicts = [row["verdict"] for row in whole]
    told = ", ".join(f"{verdicts.count(name)} {name}" for name in SIGNS if name in verdicts)
    body = f"<p><strong>{len(whole)} claims: {told}.</strong></p>\n"
    body += listing([_claim(row) for row in whole], LEDGER, html=("effect", "sign"))
    body += "<h2>By task</h2>\n"
    columns = {"claim": "Claim", "task": "Task", **LEDGER}
    for key in ("section", "statement"):
        del columns[key]
    parts = [{**_claim(row), "task": row["task"].upper()} for row in rows if row not in whole]
    body += listing(parts, columns, html=("effect", "sign"))
    notes = [
        "An effect is the mean over languages and tasks; of a claim with several contrasts, of the "
        f"one that decides, or else speaks least for it. Brackets: {LEVEL:.0%} interval, over what "
        "the column says. A claim is reproduced if the interval of each contrast lies on its side "
        f"(above zero; within {STRONG:g} points of it for as good as, or next to nothing), "
        "contradicted if one lies on the other, and undecided otherwise. An interval over the "
        "examples of one training says nothing of the next training, so it decides nothing.",
        "Levels hold claim by claim: among many, some would be decided by chance.",
        "Printed: the same effect in the paper's numbers, one run a cell.",
    ]
    return page("The paper's claims, tested on this run", body, notes)


def _claim(row: Row) -> Row:
    ranks = "ρ" in str(row.get("contrast"))
    shown = {**row, "effect_low": row.get("low"), "effect_high": row.get("high")}
    text = bracketed(shown, "effect", digits=2 if ranks else 1)
    if row.get("p") is not None:
        text += f"<small>p {row['p']:.3f}</small>"
    taken = [
        f"{row[key]:,} {name if row[key] > 1 else name.removesuffix('s')}"
        for key, name in COUNTS.items()
        if row.get(key)
    ]
    remark = row.get("why") or row.get("missing") or ""
    verdict = f"{SIGNS[row['verdict']]} {row['verdict']}"
    direction = row.get("direction")
    if row["verdict"].startswith("undecided") and direction:
        verdict += f"<small>points {direction}</small>"
    printed = row.get("printed")
    print_ = "—" if printed is None else number(printed, digits=2 if ranks else 1)
    return {
        **row, "effect": text, "sign": verdict, "taken": ", ".join(taken),
        "remark": remark, "printed": print_,
    }  # fmt: skip


def twins_page(rows: Sequence[Row]) -> str:
    """Table 1: a sentence a language, and its twins."""
    columns = {"twin": "Twin", "steps": "Steps", "deriv": "Sentence", "reading": "Reads as"}
    body = ""
    for lang in dict.fromkeys(row["language"] for row in rows):
        own = [row for row in rows if row["language"] == lang]
        first = {"twin": "—", "steps": "untouched", "reading": "—"}
        first["deriv"] = spoken(own[0]["orig"], lang)
        shown = [
            {
                **row,
                "deriv": spoken(row["deriv"], lang),
                "reading": spoken(row["reading"], lang) if row["reading"] != row["deriv"] else "—",
            }
            for row in own
        ]
        body += f"<h2>{escape(lang)}</h2>\n"
        body += listing([first, *shown], columns, html=("deriv", "reading"))
    notes = [
        "Sentences of this run's corpora, pieces with blanks between them. A twin of another "
        "script is written in Braille patterns, one a byte; what it reads as in the original's "
        "script stands beside it."
    ]
    return page("Table 1: the twins, by example", body, notes)


def scores_page(rows: Sequence[Row]) -> str:
    """Table 2: what each score is taken from."""
    columns = {
        "pairing": "Pairing",
        "score": "Score",
        "meaning": "What it measures",
        "pretrained_on": "Pre-trained on",
        "sentences": "Sentences",
        "finetuned_on": "Fine-tuned on",
        "scored_on": "Scored on",
    }
    notes = [
        "T: the twin of a corpus. Δ(BZ−BS) = BZ − BS and Δ(MZ−BS) = MZ − BS, within one language "
        "and one pair of seeds. All models of a language train for the same number of steps."
    ]
    return page("Table 2: the scores, as run", listing(rows, columns), notes)


def data_page(rows: Sequence[Row]) -> str:
    """Table 4: the data sets as run."""
    columns = {
        "use": "Use",
        "language": "Language",
        "part": "Part",
        "items": "Items",
        "metric": "Main score",
        "counts": "Counts of reading",
        "source": "Source",
        "version": "Version of reading",
        "licence": "Licence",
    }
    named = [{**row, "metric": heading(row["metric"])} for row in rows]
    notes = [
        "Items: sentences of a corpus, labelled items of a task. Counts of reading: what was drawn "
        "or read, and what was left out, by reason, as the report beside each file has it."
    ]
    return page("Table 4: the data sets, as run", listing(named, columns), notes)
