"""How long jobs take that wait for each other and for places: list scheduling, the longest path."""

from __future__ import annotations

import heapq
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twinlang.cli import UserError

DEVICES = ("gpu", "tpu")
Profile = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """A job: its seconds, the places that it takes while it runs, the jobs that come before it."""

    seconds: float
    needs: Mapping[str, int]
    after: Sequence[int]


def wall(tasks: Sequence[Task], places: Mapping[str, int]) -> float:
    """Seconds until all tasks are done, each begun as soon as it fits, earlier ones first.

    places: how many there are of each kind; of kinds that are not named, no end.

    Raises:
        UserError: a task needs more places than there are.
    """
    for task in tasks:
        for kind, count in task.needs.items():
            if count > places.get(kind, count):
                raise UserError(f"a job needs {count} {kind}, and there are {places[kind]}")
    left = [len(set(task.after)) for task in tasks]
    ready = [index for index, count in enumerate(left) if not count]
    running: list[tuple[float, int]] = []
    free, now = dict(places), 0.0
    followers = _followers(tasks)
    while ready or running:
        for index in list(ready):
            needs = tasks[index].needs
            if all(count <= free.get(kind, count) for kind, count in needs.items()):
                ready.remove(index)
                _take(free, needs, 1)
                heapq.heappush(running, (now + tasks[index].seconds, index))
        now, index = heapq.heappop(running)
        _take(free, tasks[index].needs, -1)
        for follower in followers[index]:
            left[follower] -= 1
            if not left[follower]:
                ready.append(follower)
        ready.sort()
    return now


def _take(free: dict[str, int], needs: Mapping[str, int], sign: int) -> None:
    for kind in free.keys() & needs.keys():
        free[kind] -= sign * needs[kind]


def _followers(tasks: Sequence[Task]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in tasks]
    for index, task in enumerate(tasks):
        for before in set(task.after):
            found[before].append(index)
    return found


def longest(tasks: Sequence[Task]) -> list[int]:
    """The path through the tasks that takes longest, in order: no number of places is quicker."""
    if not tasks:
        return []
    followers = _followers(tasks)
    left = [len(set(task.after)) for task in tasks]
    ready = [index for index, count in enumerate(left) if not count]
    ends, last = [task.seconds for task in tasks], [-1] * len(tasks)
    while ready:
        index = ready.pop()
        for follower in followers[index]:
            if ends[index] + tasks[follower].seconds > ends[follower]:
                ends[follower] = ends[index] + tasks[follower].seconds
                last[follower] = index
            left[follower] -= 1
            if not left[follower]:
                ready.append(follower)
    path = [max(range(len(tasks)), key=ends.__getitem__)]
    while last[path[-1]] >= 0:
        path.append(last[path[-1]])
    return path[::-1]


# What a profile says of places --------------------------------------------------------------------


def needs(profile: Profile, rule: str) -> dict[str, int]:
    """What a job of a rule takes while it runs."""
    wanted = profile.get("set-resources", {}).get(rule, {})
    found = {"jobs": 1, "cores": int(profile.get("set-threads", {}).get(rule, 1))}
    return found | {kind: int(wanted[kind]) for kind in DEVICES if wanted.get(kind)}


def places(profile: Profile, *, nodes: int | None = None) -> dict[str, int]:
    """How many jobs, cores and devices a profile has; on a cluster, of this many nodes together.

    Without their number a cluster gives what is asked for, to as many jobs as may be submitted.
    """
    cores = profile.get("cores", 1)
    found = {"cores": (os.cpu_count() or 1) if cores == "all" else int(cores)}
    found |= {kind: int(count) for kind, count in profile.get("resources", {}).items()}
    if "executor" not in profile:
        return found
    found = {kind: count * nodes for kind, count in found.items()} if nodes else {}
    return found | ({"jobs": int(profile["jobs"])} if "jobs" in profile else {})
