"""The report: all that a run found and how it was made, in one page that needs nothing else."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from html import escape, unescape
from pathlib import Path
from typing import Any

import yaml

from twinlang import fonts, html_page
from twinlang.cli import UserError
from twinlang.report import run
from twinlang.report.drawn import inline
from twinlang.report.ledger import EVERY
from twinlang.report.pages import SIGNS
from twinlang.tidy import Row
from twinlang.versions import VERSIONS

HERE = Path(__file__).parent
KINDS = {"csv": "text/csv", "svg": "image/svg+xml"}
FOLDED = ("claims", "compare")  # groups whose tables are long
TITLES = {
    "figure1": "Figure 1: the procedure, as run",
    "figure2": "Figure 2: composed twins",
    "figure3": "Figure 3: pairings",
    "figure4": "Figure 4: alignment and transfer",
    "figure5": "Figure 5: alignment and transfer by task",
    "training": "Training curves",
    "dynamics": "Learning curves: alignment and transfer",
    "distances": "How far each twin is from its original",
}
TIMES = {
    "rule": "Step",
    "jobs": "Jobs",
    "time": "Time in all",
    "slowest": "Longest",
    "cpu": "Processor time",
    "peak": "Memory, peak, MB",
}
MODELS = {
    "language": "Language",
    "twin": "Twin",
    "pairing": "Pairing",
    "seed": "Seed",
    "recipe": "SHA-256 of the recipe",
    "model": "SHA-256 of the weights",
}


def report(
    parts: Sequence[Mapping[str, str]],
    config: Mapping[str, Any],
    *,
    benchmarks: str,
    metrics: str,
) -> str:
    """The page of parts of a run.

    parts: `group` and `name`, the paths of its `csv`, `html` and `svg`, or why it is `missing`,
    with the target that makes it; benchmarks, metrics: the folders that the workflow leaves.

    Raises:
        UserError: a file is not what its name says.
    """
    from jinja2 import Environment, FileSystemLoader

    made = run.metrics(metrics)
    values = {
        "groups": _groups(parts),
        "verdicts": _verdicts(parts),
        "signs": SIGNS,
        "facts": _facts(config, made, benchmarks),
        "builtin": _builtin(config),
        "times": _times(benchmarks),
        "machines": run.machines(made),
        "models": _boxed(html_page.listing(run.models(made), MODELS), "Hashes of models"),
        "config": yaml.safe_dump(dict(config), allow_unicode=True, sort_keys=False),
        "steps": VERSIONS,
        "downloads": [_download(part, form) for part in parts for form in KINDS if form in part],
        "style": (html_page.STYLE + _own("report.css")).replace("FONTS", fonts.stack()),
        "script": _own("report.js"),
    }
    engine = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    page = engine.get_template("report.html").render(values)
    seen = unescape(re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]*>", "", page, flags=re.S))
    return page.replace("/* fonts */", fonts.faces(seen), 1)


def _own(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _groups(parts: Sequence[Mapping[str, str]]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for part in parts:
        found.setdefault(part["group"], []).append(_shown(part))
    return found


def _shown(part: Mapping[str, str]) -> Row:
    """A part with its title and body (HTML)."""
    key, name = _key(part), part["name"]
    title = TITLES.get(key, re.sub(r"^table(?=\d)", "table ", name).capitalize())
    if "missing" in part:
        return {**part, "key": key, "title": title, "body": ""}
    if "html" in part:
        title, body = _page(part["html"])
        body = re.sub(r"<(/?)h2>", r"<\1h4>", body)
        body = _folded(body) if part["group"] in FOLDED else body
    elif "svg" in part:
        text = Path(part["svg"]).read_text(encoding="utf-8")
        title = TITLES.get(key, f"Syntax: {name.rpartition('/')[2]}")
        body = f'<div class="wide drawn">{inline(text, key, title)}</div>\n'
    elif part["group"] == "tables":
        rows = _rows(part["csv"])
        body = html_page.listing(rows, {key: key.replace("_", " ") for key in rows[0]})
    else:
        body = ""
    return {**part, "key": key, "title": title, "body": _boxed(body, title)}


def _key(part: Mapping[str, str]) -> str:
    """The name of a part as an identifier and a file name have it."""
    return re.sub(r"\W+", "-", part["name"])


def _folded(body: str) -> str:
    """A body whose headed tables can be folded away; all are but what stands first."""
    first, *rest = re.split(r"<h4>(.*?)</h4>\n", body)
    notes = ""
    if rest:
        rest[-1], end, notes = rest[-1].rpartition("</div>\n")
        rest[-1] += end
    pairs = zip(rest[::2], rest[1::2], strict=True)
    folds = [f"<details><summary>{name}</summary>\n{text}</details>\n" for name, text in pairs]
    if folds and not first:
        folds[0] = folds[0].replace("<details>", "<details open>")
    return first + "".join(folds) + notes


def _page(path: str) -> tuple[str, str]:
    try:
        return html_page.parts(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is {error}; delete it and run again") from None


def _boxed(body: str, title: str) -> str:
    """Wide boxes that can be scrolled by keyboard and say what they hold."""
    box = f'role="region" tabindex="0" aria-label="{escape(title)}"'
    return re.sub(r'<div class="wide( drawn)?">', rf'<div class="wide\1" {box}>', body)


def _rows(path: str) -> list[Row]:
    """The rows of a CSV; what reads as a number is one.

    Raises:
        UserError: it has none.
    """
    with open(path, encoding="utf-8", newline="") as handle:
        rows: list[Row] = [{k: _value(v) for k, v in row.items()} for row in csv.DictReader(handle)]
    if not rows:
        raise UserError(f"{path} has no rows; delete it and run again")
    return rows


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except (TypeError, ValueError):
            continue
    return text


def _verdicts(parts: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """How many claims have each verdict."""
    found = dict.fromkeys(SIGNS, 0)
    for part in parts:
        if part["group"] == "claims" and "csv" in part:
            for row in _rows(part["csv"]):
                if row.get("task") == EVERY and row.get("verdict") in found:
                    found[row["verdict"]] += 1
    return found


def _facts(config: Mapping[str, Any], metrics: Sequence[Row], benchmarks: str) -> dict[str, str]:
    """The run at a glance."""
    entries, languages = config["experiments"], config["languages"]
    named = {
        key: ", ".join(dict.fromkeys(value for entry in entries for value in entry[key]))
        for key in ("twins", "pairings", "tasks")
    }
    codes = dict.fromkeys(code for entry in entries for code in entry["languages"])
    times, wall = run.times(benchmarks), run.wall(benchmarks)
    told = f"{run.spoken(wall)} with pauses left out; " if wall else ""
    told += f"{run.spoken(sum(row['seconds'] for row in times))} of jobs in all"
    seeds = config["seeds"]
    return {
        "Experiments": ", ".join(entry["name"] for entry in entries),
        "Languages": ", ".join(f"{languages[code]['name']} ({code})" for code in codes),
        "Twins": named["twins"],
        "Pairings": named["pairings"],
        "Tasks": named["tasks"],
        "Seeds": f"pre-training {_list(seeds['pretrain'])}; "
        f"fine-tuning {_list(seeds['finetune'])}; twins {config['twin_seed']}",
        "Metric files": f"{len(metrics):,}",
        "Time": told if times else "not kept",
    }


def _list(values: Sequence[Any]) -> str:
    return ", ".join(map(str, values))


def _builtin(config: Mapping[str, Any]) -> list[str]:
    """The languages of the run that are not natural ones."""
    codes = dict.fromkeys(code for entry in config["experiments"] for code in entry["languages"])
    languages = config["languages"]
    return [languages[c]["name"] for c in codes if languages[c].get("source") == "builtin"]


def _times(folder: str) -> str:
    rows = [
        {
            **row,
            "time": run.spoken(row["seconds"]),
            "slowest": run.spoken(row["longest"]),
            "cpu": run.spoken(row["processor"]),
            "peak": round(row["memory"]),
        }
        for row in run.times(folder)
    ]
    return _boxed(html_page.listing(rows, TIMES), "Times by step") if rows else ""


def _download(part: Mapping[str, str], form: str) -> Row:
    data = Path(part[form]).read_bytes()
    return {
        "name": f"{_key(part)}.{form}",
        "what": part["target"],
        "size": f"{len(data) / 1024:,.1f}",
        "sha256": hashlib.sha256(data).hexdigest(),
        "url": f"data:{KINDS[form]};base64,{base64.b64encode(data).decode()}",
    }
