"""Wall times and longest paths of graphs whose answers are known by hand."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.workflow.project import PROJECT
from twinlang import scheduling
from twinlang.cli import UserError
from twinlang.scheduling import Task

# Text, 10 s; four models of 100 s, each on a device; their scores, 5 s on a core; a table, 1 s.
ONE = {"jobs": 1, "cores": 1}
GPU = {**ONE, "gpu": 1}
STUDY = [Task(10, ONE, [])]
STUDY += [Task(100, GPU, [0])] * 4
STUDY += [Task(5, ONE, [model]) for model in (1, 2, 3, 4)]
STUDY += [Task(1, ONE, [5, 6, 7, 8])]


@pytest.mark.parametrize(
    ("gpus", "cores", "seconds"),
    [
        (1, 8, 10 + 4 * 100 + 5 + 1),
        (2, 8, 10 + 2 * 100 + 5 + 1),
        (3, 8, 10 + 2 * 100 + 5 + 1),  # the fourth model waits
        (4, 8, 10 + 100 + 5 + 1),
        (4, 4, 10 + 100 + 5 + 1),
        (4, 2, 10 + 2 * 100 + 2 * 5 + 1),  # cores are short, not devices
        (4, 1, 10 + 4 * 100 + 4 * 5 + 1),
    ],
)
def test_jobs_wait_for_places(gpus: int, cores: int, seconds: float) -> None:
    assert scheduling.wall(STUDY, {"gpu": gpus, "cores": cores}) == seconds


def test_no_number_of_places_beats_the_longest_path() -> None:
    path = scheduling.longest(STUDY)
    assert path[0] == 0 and path[-1] == 9 and len(path) == 4
    assert scheduling.wall(STUDY, {}) == sum(STUDY[n].seconds for n in path) == 116
    slow = [*STUDY[:3], Task(250, GPU, [0]), *STUDY[4:]]
    assert scheduling.longest(slow) == [0, 3, 7, 9]
    assert scheduling.wall([], {}) == 0 and scheduling.longest([]) == []


def test_a_job_that_never_fits_is_an_error() -> None:
    with pytest.raises(UserError, match="a job needs 2 gpu, and there are 1"):
        scheduling.wall([Task(1, {"gpu": 2}, [])], {"gpu": 1})


def profile(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((PROJECT / f"profiles/{name}/config.yaml").read_text("utf-8")))


def test_profiles_say_what_there_is() -> None:
    gpu = profile("gpu") | {"cores": 16}
    assert scheduling.places(gpu) == {"cores": 16, "gpu": 1}
    assert scheduling.needs(gpu, "pretrain") == {"jobs": 1, "cores": 1, "gpu": 1}
    assert scheduling.needs(gpu, "derive") == {"jobs": 1, "cores": 1}
    assert scheduling.needs(profile("tpu"), "finetune")["tpu"] == 1
    assert scheduling.places(profile("cpu"))["cores"] >= 1
    slurm = profile("slurm") | {"resources": {"gpu": 4}}
    assert scheduling.places(slurm) == {"jobs": 100}
    assert scheduling.places(slurm, nodes=3) == {"jobs": 100, "cores": 6, "gpu": 12}
    assert scheduling.places(profile("kubernetes"), nodes=2) == {"jobs": 100, "cores": 4}
