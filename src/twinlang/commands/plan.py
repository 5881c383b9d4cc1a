"""What a study would take: jobs, hours, disk and downloads, before anything runs.

Jobs are those of a dry run, so what is finished is not counted. Hours come from rates.json, which
--record writes from the benchmark files of a run: on its kind of machine, jobs of another size are
scaled by their work. Rules without a rate are listed; their hours are not in the sums.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from twinlang import fetch_parameters, parameters, planning
from twinlang.cli import UserError, read_json, write_json
from twinlang.commands import _study
from twinlang.config import Config

RATES = "rates.json"


def main(argv: list[str] | None = None) -> None:
    flags = _study.flags(__doc__)
    flags.add_argument("targets", nargs="*", default=["all"], help="what is to be made (all)")
    flags.add_argument("--rates", help="rates to use or to write (rates.json of the project)")
    flags.add_argument("--record", metavar="FOLDER", help="write rates from FOLDER/benchmarks")
    flags.add_argument(
        "--bench",
        nargs="+",
        default=[],
        help="also for --record: --output of bench pretrain, scale",
    )
    flags.add_argument("--machine", default="", help="what --record writes as its machine")
    flags.add_argument("--gpus", type=int, default=1, help="jobs that train at a time")
    flags.add_argument("--cores", type=int, default=1, help="other jobs at a time")
    arguments = flags.parse_args(argv)
    config = _study.read(arguments)
    path = Path(arguments.rates or Path(arguments.directory) / RATES)
    if arguments.record:
        rows = [row for path in arguments.bench for row in read_json(path)["rows"]]
        rules = planning.recorded(config, Path(arguments.record) / "benchmarks")
        rules = {**planning.timed(rows), **rules}  # what the run itself has measured comes first
        shapes = measured(rows) if rows else {}
        write_json(path, {"machine": arguments.machine, "rules": rules, "shapes": shapes})
        print(f"{path}: rates of {len(rules)} rules")
        return
    if not path.exists():
        raise UserError(f"{path} is not there; write it by --record FOLDER, a run's folder")
    rates = read_json(path)
    found = jobs(arguments)
    rows = planning.summary(config, rates, found)
    print("\n".join(lines(config, rows, found, rates, arguments)))


def measured(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Speeds by shape, from a benchmark of training."""
    from twinlang.bench import _work  # imports torch

    return planning.measured(rows, _work.SHAPES)


def jobs(arguments: Any) -> list[planning.Job]:
    """The jobs that a dry run lists, each with the values of its wildcards.

    Raises:
        UserError: the dry run fails, with what it said.
    """
    call = [sys.executable, "-m", "snakemake", "--dry-run", *arguments.targets]
    for name in ("configfile", "config"):
        if given := getattr(arguments, name):
            paths = [str(Path(one).resolve()) for one in given] if name == "configfile" else given
            call += [f"--{name}", *paths]
    done = subprocess.run(
        call, cwd=arguments.directory, capture_output=True, text=True, check=False
    )
    told = done.stdout + done.stderr
    if done.returncode:
        raise UserError(f"the dry run failed:\n{told.strip()}")
    found: list[planning.Job] = []
    for block in re.split(r"\n(?=\w*rule \w+:\n)", told)[1:]:
        rule = block.split(":", 1)[0].split()[1]
        wildcards = re.search(r"^    wildcards: (.*)$", block, re.MULTILINE)
        pairs = wildcards[1].split(", ") if wildcards else []
        values = [pair.split("=", 1)[1] for pair in pairs]
        found.append((rule, [part for value in values for part in value.split("/")]))
    return found


def lines(
    config: Config,
    rows: list[dict[str, Any]],
    found: list[planning.Job],
    rates: Any,
    arguments: Any,
) -> list[str]:
    """The plan as text."""
    width = max([4, *(len(row["rule"]) for row in rows)])
    told = [f"{'rule':{width}}    jobs     hours"]
    for row in rows:
        hours = "  no rate" if row["hours"] is None else f"{row['hours']:9.2f}"
        told.append(f"{row['rule']:{width}} {row['jobs']:7,} {hours}")
    device = sum(row["hours"] or 0.0 for row in rows if row["device"])
    other = sum(row["hours"] or 0.0 for row in rows if not row["device"])
    # On one machine of one kind of core all jobs share its cores.
    shared = arguments.gpus == 1 and arguments.cores > 1 and "GPU" not in rates["machine"]
    wall = (device + other) / arguments.cores if shared else device / arguments.gpus
    wall += 0.0 if shared else other / arguments.cores
    told += [
        f"jobs       {sum(row['jobs'] for row in rows):,}",
        f"training   {device:,.1f} hours of a device ({rates['machine'] or 'machine not named'})",
        f"other      {other:,.1f} hours of a core",
        f"wall time  {wall:,.2f} hours with {arguments.gpus} devices and {arguments.cores} cores",
        f"disk       {planning.disk(config, found) / 1e9:,.1f} GB of results",
        f"downloads  {downloads(config, found, arguments) / 1e9:,.2f} GB, less what the cache has",
    ]
    return told


def downloads(config: Config, found: list[planning.Job], arguments: Any) -> float:
    """Bytes that the fetching jobs take from the Hub."""
    lock = parameters.lock(arguments.directory)
    total = 0.0
    for rule, parts in found:
        if rule == "fetch_hub":
            lang, kind = parts
            total += fetch_parameters.size(config, lock=lock, lang=lang, kind=kind)
    return total
