"""What a study would take: jobs, hours, disk and downloads, before anything runs.

Jobs are those of a dry run, so what is finished is not counted. Hours come from rates.json, which
--record writes from the benchmark files of a run: on its kind of machine, jobs of another size are
scaled by their work. Rules without a rate are listed; their hours are not in the sums. The wall
time is that of jobs which wait for each other and for the cores, devices and nodes of a profile,
without what a cluster's queue adds; the longest path is what no number of machines makes shorter.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from twinlang import fetch_parameters, parameters, planning, scheduling
from twinlang.cli import UserError, read_json, write_json
from twinlang.commands import _study
from twinlang.config import Config

RATES = "rates.json"


def flags() -> argparse.ArgumentParser:
    """The command's flags."""
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
    flags.add_argument("--profile", help="folder of the machines: profiles/gpu, profiles/slurm ...")
    flags.add_argument("--gpus", type=int, help="how many there are, in place of the profile's")
    flags.add_argument("--cores", type=int, help="how many there are, in place of the profile's")
    flags.add_argument("--nodes", type=int, help="how many a cluster has of the profile's `cores`")
    return flags


def main(argv: list[str] | None = None) -> None:
    arguments = flags().parse_args(argv)
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
    told = dry_run(arguments)
    found = jobs(told)
    rows = planning.summary(config, rates, found)
    lines = table(rows)
    lines += times(config, rates, profile(arguments, rates), found, order(told), arguments.nodes)
    lines += sizes(config, found, arguments)
    print("\n".join(lines))


def measured(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Speeds by shape, from a benchmark of training."""
    from twinlang.bench import _work  # imports torch

    return planning.measured(rows, _work.SHAPES)


def profile(arguments: Any, rates: Any) -> dict[str, Any]:
    """The profile that is named, or one machine; with the numbers that are given.

    Raises:
        UserError: there is none.
    """
    found: dict[str, Any] = {"cores": 1}
    if arguments.profile:
        path = Path(arguments.profile)
        path = path / "config.yaml" if path.is_dir() else path
        if not path.is_file():
            raise UserError(f"{path} is not there; --profile names a folder such as profiles/gpu")
        found = dict(yaml.safe_load(path.read_text(encoding="utf-8")))
    elif arguments.gpus or "GPU" in rates["machine"]:
        found |= {"resources": {"gpu": 1}}
        found["set-resources"] = {rule: {"gpu": 1} for rule in planning.DEVICE}
    if arguments.cores:
        found["cores"] = arguments.cores
    if arguments.gpus:
        found["resources"] = {**found.get("resources", {}), "gpu": arguments.gpus}
    return found


def dry_run(arguments: Any) -> str:
    """What Snakemake would do, in its words.

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
    return told


def _blocks(told: str) -> list[str]:
    return re.split(r"\n(?=\w*rule \w+:\n)", told)[1:]


def _values(block: str, key: str) -> list[str]:
    found = re.search(rf"^    {key}: (.*)$", block, re.MULTILINE)
    return found[1].split(", ") if found else []


def jobs(told: str) -> list[planning.Job]:
    """The jobs of a dry run, each with the values of its wildcards."""
    found: list[planning.Job] = []
    for block in _blocks(told):
        rule = block.split(":", 1)[0].split()[1]
        values = [pair.split("=", 1)[1] for pair in _values(block, "wildcards")]
        found.append((rule, [part for value in values for part in value.split("/")]))
    return found


def order(told: str) -> list[list[int]]:
    """For each job of a dry run the jobs, by their numbers, that write what it reads."""
    blocks = _blocks(told)
    makers = {path: n for n, block in enumerate(blocks) for path in _values(block, "output")}
    return [
        sorted({makers[path] for path in _values(block, "input") if path in makers})
        for block in blocks
    ]


def table(rows: list[dict[str, Any]]) -> list[str]:
    """A line a rule: jobs and hours."""
    width = max([4, *(len(row["rule"]) for row in rows)])
    told = [f"{'rule':{width}}    jobs     hours"]
    for row in rows:
        hours = "  no rate" if row["hours"] is None else f"{row['hours']:9.2f}"
        told.append(f"{row['rule']:{width}} {row['jobs']:7,} {hours}")
    return told


def times(
    config: Config,
    rates: Any,
    profile: dict[str, Any],
    found: list[planning.Job],
    after: Sequence[Sequence[int]],
    nodes: int | None,
) -> list[str]:
    """Sums by device, the wall time, and the longest path with what each rule of it takes."""
    tasks = [
        scheduling.Task(
            planning.seconds(config, rates, job) or 0.0, scheduling.needs(profile, job[0]), before
        )
        for job, before in zip(found, after, strict=True)
    ]
    device = sum(
        t.seconds for t, job in zip(tasks, found, strict=True) if job[0] in planning.DEVICE
    )
    other = sum(task.seconds for task in tasks) - device
    places = scheduling.places(profile, nodes=nodes)
    wall = scheduling.wall(tasks, places)
    machines = ", ".join(f"{count} {kind}" for kind, count in places.items()) or "any number"
    path = scheduling.longest(tasks)
    steps = ", ".join(f"{found[index][0]} {tasks[index].seconds:,.0f} s" for index in path)
    longest = sum(tasks[index].seconds for index in path)
    return [
        f"jobs       {len(found):,}",
        f"training   {device / 3600:,.1f} hours of a device "
        f"({rates['machine'] or 'machine not named'})",
        f"other      {other / 3600:,.1f} hours of a core",
        f"wall time  {wall / 3600:,.2f} hours on {machines}",
        f"longest    {longest / 3600:,.2f} hours, one job after the other: {steps}",
    ]


def sizes(config: Config, found: list[planning.Job], arguments: Any) -> list[str]:
    """What is written and fetched."""
    return [
        f"disk       {planning.disk(config, found) / 1e9:,.1f} GB of results",
        f"downloads  {downloads(config, found, arguments) / 1e9:,.2f} GB, less what the cache has",
    ]


def downloads(config: Config, found: list[planning.Job], arguments: Any) -> float:
    """Bytes that the fetching jobs take from the Hub."""
    lock = parameters.lock(arguments.directory)
    total = 0.0
    for rule, parts in found:
        if rule == "fetch_hub":
            lang, kind = parts
            total += fetch_parameters.size(config, lock=lock, lang=lang, kind=kind)
    return total
