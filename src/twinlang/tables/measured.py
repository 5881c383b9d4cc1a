"""Tables of what is measured on models that are not fine-tuned: retrieval, alignment (4.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twinlang.cli import UserError
from twinlang.statistics import Key, paired, ranks, summary
from twinlang.tables.transfer import (
    DIGITS,
    TASKS,
    Twins,
    bounds,
    breakdown,
    one,
    rank,
    rounded,
)
from twinlang.tidy import SCORE, Row

ALIGNMENT = "alignment"
VARIANT, CORRELATION, PARTIAL = "variant", "correlation", "partial correlation"  # kinds of rows
ALL = "all"  # languages of a correlation

Point = Mapping[str, Any]


def retrieval(rows: Sequence[Row], twins: Twins | None = None) -> list[Row]:
    """One row a language and twin: each named score, averaged over seeds, and chance.

    Raises:
        UserError: the scores hold no retrieval.
    """
    return _measures("retrieval", rows, twins, scores=())


def alignment(rows: Sequence[Row], twins: Twins | None = None) -> list[Row]:
    """One row a language, twin and pairing: the paper's alignment (`value`), then other measures.

    By band of frequency, and each of `other_` with its own level of chance.

    Raises:
        UserError: the scores hold no alignment.
    """
    return _measures(ALIGNMENT, rows, twins, scores=("value",))


def _measures(
    task: str, rows: Sequence[Row], twins: Twins | None, *, scores: Sequence[str]
) -> list[Row]:
    order = list(twins or ())
    groups = sorted(_of_task(rows, task).items(), key=lambda item: rank(item[0][0], order))
    return [
        {
            **dict(zip(("twin", "pairing", "language", "setting"), place, strict=True)),
            **_plain(found, scores),
        }
        for place, found in groups
    ]


def table7(rows: Sequence[Row], twins: Twins | None = None) -> list[Row]:
    """Alignment beside Δ(BZ−BS) of each task, and how they go together (Table 7, Figures 4, 5).

    First one row a language, twin and pairing, best aligned first; then one a language with
    Spearman's correlation of alignment and each task's difference over these variants (p as it is
    and with Holm's correction for the tasks); then, where
    there are several languages, over all of them, and the same within groups of twins that keep
    the order of pieces or do not.

    Raises:
        UserError: the scores hold no alignment.
    """
    found = _of_task(rows, ALIGNMENT)
    tuned = [row for row in rows if row["finetune_seed"] is not None and row["twin"] != "orig"]
    compared = breakdown(tuned, list(twins or ()), needed=("bz", "bs"))
    keeps = {row["twin"]: row["keeps_order"] for row in tuned}
    by_place = {(r["twin"], r["pairing"], r["language"], r["task"]): r for r in compared}
    points = []
    for (twin, pairing, lang, _), own in found.items():
        aligned = summary({_key(row): row["value"] for row in own})
        place = {"row": VARIANT, "language": lang, "twin": twin, "pairing": pairing}
        point = {**place, ALIGNMENT: rounded(aligned), **bounds(ALIGNMENT, aligned)}
        point |= {"chance": one(own, "constant"), "n_pieces": one(own, "n")}
        for task in TASKS:
            point |= _difference(task, by_place.get((twin, pairing, lang, task)))
        seeds = {"n_pretrain_seeds": aligned.pretrain_seeds, "keeps_order": keeps.get(twin)}
        points.append({**point, **seeds})
    languages = list(dict.fromkeys(point["language"] for point in points))
    points.sort(key=lambda p: (languages.index(p["language"]), -p[ALIGNMENT]))
    return points + correlations(points)


def correlations(points: Sequence[Point]) -> list[Row]:
    """Spearman's correlation of alignment and each task's difference, a row a language, and all."""
    groups: dict[str, list[Point]] = {point["language"]: [] for point in points}
    for point in points:
        groups[point["language"]].append(point)
    table = [_correlated(CORRELATION, lang, own) for lang, own in groups.items()]
    if len(groups) > 1:
        table += [_correlated(kind, ALL, points) for kind in (CORRELATION, PARTIAL)]
    return table


def _correlated(kind: str, language: str, points: Sequence[Point]) -> Row:
    row: Row = {"row": kind, "language": language, "twin": "", "pairing": ""}
    for task in TASKS:
        own = [point for point in points if point.get(task) is not None]
        if not own:
            continue
        x, y = ([point[key] for point in own] for key in (ALIGNMENT, task))
        if kind == PARTIAL:
            found = ranks.partial(x, y, [point["keeps_order"] for point in own])
        else:
            found = ranks.spearman(x, y)
        low, high = found.interval or (None, None)
        values = {"": found.rho, "_low": low, "_high": high, "_p": found.p}
        row |= {
            f"{task}{key}": None if value is None else round(value, DIGITS)
            for key, value in values.items()
        }
        row |= {f"{task}_n": found.n, f"{task}_method": found.method, f"{task}_why": found.why}
    tested = [task for task in TASKS if row.get(f"{task}_p") is not None]
    adjusted = paired.holm([row[f"{task}_p"] for task in tested])
    return row | {f"{t}_p_holm": round(p, DIGITS) for t, p in zip(tested, adjusted, strict=True)}


def _key(row: Row) -> Key:
    return row["language"], row["pretrain_seed"], row["finetune_seed"]


def _difference(task: str, row: Row | None) -> Row:
    if row is None:
        return {}
    return {task: row["delta_bz_bs"]} | {
        f"{task}_{end}": row[f"delta_bz_bs_{end}"] for end in ("low", "high")
    }


def _of_task(rows: Sequence[Row], task: str) -> dict[tuple[str, str, str, str], list[Row]]:
    """Rows of a measure by (twin, pairing, language, setting)."""
    groups: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in rows:
        if row["task"] == task:
            place = (row["twin"], row["pairing"], row["language"], row["setting"])
            groups.setdefault(place, []).append(row)
    if not groups:
        raise UserError(f"the scores hold no {task}; {REMEDIES[task]}")
    return groups


REMEDIES = {
    "retrieval": "add the task to the experiment",
    ALIGNMENT: "add a twin that changes the script, such as transliteration, to an experiment",
}


def _plain(found: list[Row], scores: Sequence[str]) -> Row:
    """Means over seeds of every number of rows that belong together."""
    row: Row = {"metric": found[0]["metric"], "n_pretrain_seeds": len(found)}
    row["n_examples"] = one(found, "n")
    named = [key for key in found[0] if key.startswith(SCORE) and found[0][key] is not None]
    for key in ("constant", *scores, *(named or ["value"])):
        values = {_key(row): row[key] for row in found}
        if all(value is not None for value in values.values()):
            found_mean = summary(values)
            name = "chance" if key == "constant" else key.removeprefix(SCORE)
            row |= {name: rounded(found_mean), **bounds(name, found_mean)}
    return row
