"""The tables of transfer as rows, from tidy scores (sections 3.3, 4.1 to 4.3; appendices B to D).

Every row holds BZ, BS, MZ and both differences in percent with what they are taken over, and the
same of each secondary score (`bz_accuracy` ...). Cells that were not run have no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from twinlang.cli import UserError
from twinlang.statistics import Key, Summary, Values, delta, summary
from twinlang.tidy import COMPARED, SCORE, Cells, Row, cells

AVERAGE = "average"  # where a language stands elsewhere
STRONG = 2.0  # points: transfer is strong where the difference is no larger (Table 3's asterisk)
TASKS = ("nli", "ner", "pos", "qa")  # order of the paper
DELTAS = {"delta_bz_bs": ("bz", "bs"), "delta_mz_bs": ("mz", "bs")}
MEASURES = ("bz", "delta_bz_bs", "delta_mz_bs", "bs", "mz")
COUNTS = ("n_languages", "n_pretrain_seeds", "n_finetune_seeds", "n_examples")
DIGITS = 4
UNPAIRED = ("task", "twin", "pairing", "mz", "delta_mz_bs", "strong")  # not of natural pairs

Twins = Mapping[str, Sequence[Any]]


def table3(rows: Sequence[Row], twins: Twins | None = None) -> list[Row]:
    """One row a task and twin, averaged over languages."""
    return [
        {key: value for key, value in row.items() if key != "language"}
        for row in table5(rows, twins)
        if row["language"] == AVERAGE
    ]


def table5(rows: Sequence[Row], twins: Twins | None = None) -> list[Row]:
    """One row a task, twin and language, then their average.

    Raises:
        UserError: there is nothing to compare, or a cell lacks one of BZ, BS and MZ.
    """
    return breakdown(rows, list(twins or ()), needed=COMPARED)


def table6(rows: Sequence[Row], twins: Twins | None = None) -> list[Row]:
    """Rows of each composed twin, after those of its parts; by task and language, and the average.

    The parts of a twin are the twins of one step that is equal to one of its steps.

    Raises:
        UserError: there is no composed twin, or a part of one was not run in a language of it.
    """
    if not twins:
        raise UserError("table6 needs the twins of the configuration; give them with --twins")
    rows = [row for row in rows if row["setting"] in COMPARED]  # neither alignment nor retrieval
    table: list[Row] = []
    for name in (name for name, steps in twins.items() if len(steps) > 1):
        places = {_place(row) for row in rows if row["twin"] == name}
        family = [*_parts(name, twins), name]
        like = [row for row in rows if row["twin"] in family and _place(row) in places]
        for part in family if places else []:
            own = [row for row in like if row["twin"] == part]
            _check_part(name, part, places - {_place(row) for row in own})
            role = {"composed": name, "role": "composed" if part == name else "part"}
            found = breakdown(own, list(twins), needed=("bz", "bs"))
            # The average of one language is that language.
            table += [
                {**role, **row}
                for row in found
                if row["language"] != AVERAGE or row["n_languages"] > 1
            ]
    if not table:
        raise UserError(
            "the scores hold no twin of several steps; add one to the experiment's twins"
        )
    return table


def table8(rows: Sequence[Row], twins: Twins | None = None) -> list[Row]:
    """One row a task, twin, pairing and language, then their average (section 4.3).

    Raises:
        UserError: the scores hold fewer than two pairings.
    """
    table = breakdown(rows, list(twins or ()), needed=("bz", "bs"))
    pairings = list(dict.fromkeys(row["pairing"] for row in table))
    if len(pairings) < 2:
        raise UserError(
            f"the scores hold no pairing beside {pairings[0]}; add one to the experiment's pairings"
        )
    return table


def pairs(rows: Sequence[Row], twins: Twins | None = None) -> list[Row]:
    """One row a task, source and target of pairs of natural languages, then the targets' average.

    Raises:
        UserError: the scores hold no pair that was fine-tuned.
    """
    tuned = [row for row in rows if row["setting"] in COMPARED]
    table = []
    for row in breakdown(tuned, list(twins or ()), needed=("bz", "bs")):
        if row["language"] != AVERAGE or row["n_languages"] > 1:
            kept = {key: value for key, value in row.items() if key not in UNPAIRED}
            table.append({"task": row["task"], "source": row["twin"], **kept})
    return table


def breakdown(rows: Sequence[Row], twins: Sequence[str], *, needed: Iterable[str]) -> list[Row]:
    """Rows by language and the average of each task, twin and pairing, in the paper's order."""
    found: Cells = cells(rows, needed=needed)
    if not found:
        raise UserError("the scores hold no BZ and BS; add a fine-tuned task to the experiment")
    table = []
    tasks = [*TASKS, *(group[0] for group in found)]
    for group in sorted(found, key=lambda g: (rank(g[0], tasks), rank(g[1], twins))):
        place = dict(zip(("task", "twin", "pairing"), group, strict=True))
        languages = list(dict.fromkeys(key[0] for key in found[group]))
        for name in [*languages, AVERAGE]:
            chosen = {k: c for k, c in found[group].items() if name in (k[0], AVERAGE)}
            table.append({**place, "language": name, **_row(chosen)})
    return table


def _row(group: Mapping[Key, Mapping[str, Row]]) -> Row:
    """All numbers of a table's row from the cells it is taken over."""
    every = [row for cell in group.values() for row in cell.values()]
    named = dict.fromkeys(key for row in every for key in row if key.startswith(SCORE))
    languages = dict.fromkeys(row["language"] for row in every)
    main = _measures(group, "value")
    row: Row = {"metric": one(every, "metric")}
    row |= {measure: rounded(main.get(measure)) for measure in MEASURES}
    row["constant"] = rounded(_summary(_values(group, "mz", "constant")))
    row["strong"] = "*" if _is_strong(main["delta_bz_bs"]) else ""
    row |= _counts(main["delta_bz_bs"])
    row["n_examples"] = sum(
        one([r for r in every if r["language"] == lang], "n") for lang in languages
    )
    for measure in MEASURES:
        row |= bounds(measure, main.get(measure))
    for key in named:
        for measure, found in _measures(group, key).items():
            row[f"{measure}_{key.removeprefix(SCORE)}"] = rounded(found)
    row |= {key: "+".join(dict.fromkeys(r[key] for r in every)) for key in ("precision", "device")}
    return row


def _is_strong(found: Summary) -> bool:
    """Whether transfer is as good as supervision, by the mean and by all of its interval."""
    return all(abs(value) <= STRONG for value in (found.mean, *(found.interval or ())))


def _measures(group: Mapping[Key, Mapping[str, Row]], score: str) -> dict[str, Summary]:
    """Summaries of BZ, BS, MZ and the differences of one score, where they are defined."""
    values = {setting: _values(group, setting, score) for setting in COMPARED}
    for name, (left, right) in DELTAS.items():
        if values[left] and values[right]:
            values[name] = delta(values[left], values[right])
    found = {name: _summary(values.get(name, {})) for name in MEASURES}
    return {name: value for name, value in found.items() if value is not None}


def _values(group: Mapping[Key, Mapping[str, Row]], setting: str, score: str) -> Values:
    """One score of one setting in every cell; empty unless every cell has it."""
    found: dict[Key, float] = {}
    for key, cell in group.items():
        value = cell.get(setting, {}).get(score)
        if value is None:
            return {}
        found[key] = value
    return found


def _summary(values: Values) -> Summary | None:
    return summary(values) if values else None


def rounded(found: Summary | None) -> float | None:
    return None if found is None else round(found.mean, DIGITS)


def bounds(name: str, found: Summary | None) -> Row:
    low, high = found.interval if found and found.interval else (None, None)
    return {
        f"{name}_{end}": None if value is None else round(value, DIGITS)
        for end, value in (("low", low), ("high", high))
    }


def _counts(found: Summary) -> Row:
    return {
        "n_languages": found.languages,
        "n_pretrain_seeds": found.pretrain_seeds,
        "n_finetune_seeds": found.finetune_seeds,
    }


def one(rows: Sequence[Row], key: str) -> Any:
    """The value that all rows share.

    Raises:
        UserError: they differ, so that no mean is taken.
    """
    values = list(dict.fromkeys(row[key] for row in rows))
    if len(values) > 1:
        where = "/".join(rows[0][name] for name in ("language", "twin", "pairing", "task"))
        raise UserError(f"the scores of {where} differ in {key} ({values}); run them anew")
    return values[0]


def _parts(name: str, twins: Twins) -> list[str]:
    """Twins of one step that is a step of the composed twin, in the order of its steps."""
    single = {twin: _step(steps[0]) for twin, steps in twins.items() if len(steps) == 1}
    return list(
        dict.fromkeys(
            twin for step in twins[name] for twin, other in single.items() if other == _step(step)
        )
    )


def _step(step: Any) -> dict[str, Any]:
    """A step in its long form."""
    return {step: {}} if isinstance(step, str) else {name: own or {} for name, own in step.items()}


def _place(row: Row) -> tuple[str, str, str]:
    return row["task"], row["pairing"], row["language"]


def _check_part(name: str, part: str, lacking: set[tuple[str, str, str]]) -> None:
    if lacking:
        told = ", ".join(sorted("/".join(place) for place in lacking))
        raise UserError(
            f"twin '{part}', a part of '{name}', has no scores of {told}; "
            "add it to the twins of the same experiment"
        )


def rank(name: str, order: Sequence[str]) -> int:
    """Place in an order; what it does not name comes last (sorting keeps equals as they are)."""
    return order.index(name) if name in order else len(order)
