"""What a study will cost, from what jobs have cost."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workflow.project import PROJECT
from twinlang import planning
from twinlang.bench import _work
from twinlang.cli import UserError, read_json
from twinlang.commands import plan

CONFIG: dict[str, Any] = yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8"))
HEAD = "s\th:m:s\tmax_rss\tcpu_time\n"


def benchmark(folder: Path, name: str, seconds: float, memory: str = "100") -> None:
    path = folder / "benchmarks" / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEAD}{seconds}\t0:00:01\t{memory}\t1\n", encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The benchmark files of a run."""
    benchmark(tmp_path, "pretrain/en/inversion/parallel/s0", 40)
    benchmark(tmp_path, "pretrain/en/inversion/parallel/s1", 60)
    benchmark(tmp_path, "finetune/en/inversion/parallel/s0/pos/f0", 9)
    benchmark(tmp_path, "fetch_corpus/en/main-a", 3)
    benchmark(tmp_path, "claims", 2, memory="NA")
    return tmp_path


def rates(config: dict[str, Any], run: Path) -> dict[str, Any]:
    return {"rules": planning.recorded(config, run / "benchmarks")}


def test_rates_are_averages_of_what_was_measured(run: Path) -> None:
    found = rates(CONFIG, run)["rules"]
    assert found["pretrain"]["seconds"] == 50 and found["pretrain"]["jobs"] == 2
    assert found["pretrain"]["peak_mb"] == 100 and found["claims"]["peak_mb"] == 0
    with pytest.raises(UserError, match="holds no benchmark files"):
        planning.recorded(CONFIG, run / "nothing")


def test_jobs_of_another_size_are_scaled_by_their_work(run: Path) -> None:
    known, config = rates(CONFIG, run), copy.deepcopy(CONFIG)
    job = ("pretrain", ["fr", "permutation", "parallel", "0"])
    assert planning.seconds(CONFIG, known, job) == pytest.approx(50)
    config["pretrain"]["steps"] *= 10
    assert planning.seconds(config, known, job) == pytest.approx(500)
    wider = planning.seconds(config, known, (job[0], ["fr", "transliteration", "parallel", "0"]))
    assert wider and wider > 500  # two scripts, twice the rows
    config["tasks"]["pos"]["epochs"] *= 3
    tuned = ("finetune", ["en", "inversion", "parallel", "0", "pos", "0"])
    assert planning.seconds(config, known, tuned) == pytest.approx(27)
    config["sources"]["builtin"]["sentences"] *= 2
    assert planning.seconds(config, known, ("fetch_corpus", ["hi", "main", "b"])) == 6
    assert planning.seconds(config, known, ("claims", [])) == 2
    assert planning.seconds(config, known, ("align", ["en"])) is None


def test_steps_are_timed_by_the_benchmark_of_scale(run: Path) -> None:
    row = {"step": "clean_text", "megabytes": 50.0, "seconds": 5.0, "peak_mib": 1.0}
    config = copy.deepcopy(CONFIG)
    config["languages"]["en"]["source"] = "hub"
    job = ("clean_text", ["en", "main", "0"])
    assert planning.seconds(config, rates(config, run), job) is None
    known = {"rules": planning.timed([row])}
    assert planning.seconds(config, known, job) == pytest.approx(20 * planning.RAW / 10)
    assert planning.disk(config, [job]) == 20e6 * planning.RAW


def test_a_measured_shape_is_believed(run: Path) -> None:
    known, config = rates(CONFIG, run), copy.deepcopy(CONFIG)
    paper = _work.SHAPES["paper"]
    names = ("layers", "heads", "hidden", "feed_forward")
    config["model"] |= {name: getattr(paper, name) for name in names}
    config["tokenizer"]["vocabulary"] = paper.rows
    config["pretrain"] |= {"steps": 1000, "tokens": 65_536, "mask": 0.15}
    row = {"model": "paper", "pieces_per_second": 1e6}
    known["shapes"] = planning.measured([row], _work.SHAPES)
    job = ("pretrain", ["en", "inversion", "parallel", "0"])
    assert planning.seconds(config, known, job) == pytest.approx(65.536, rel=1e-3)


def test_the_plan_of_the_default_study(capsys: pytest.CaptureFixture[str]) -> None:
    """Measured: 536 jobs in 937 s on two cores (docs/log.md); the plan must be within 30 %."""
    tables = ["results/table3.csv", "results/table6.csv"]
    plan.main([*tables, "--directory", str(PROJECT), "--cores", "2"])
    told = capsys.readouterr().out
    lines = {line.split("  ")[0].strip(): line.split() for line in told.splitlines()}
    if lines["jobs"][1] == "536":  # nothing of it is finished here
        assert float(lines["wall time"][2]) * 3600 == pytest.approx(937, rel=0.3)
    assert "no rate" not in told.replace("all ", "") or "collect_all" in told
    assert set(read_json(PROJECT / plan.RATES)) == {"machine", "rules", "shapes"}


DRY = """Building DAG of jobs...
[Wed Nov 25 15:00:00 2026]
rule fetch_corpus:
    output: results/corpus/a.txt
    jobid: 3
    wildcards: lang=en, domain=main
[Wed Nov 25 15:00:00 2026]
rule derive:
    input: results/corpus/a.txt, results/there.json
    output: results/b.arrow, results/c.arrow
    jobid: 2
[Wed Nov 25 15:00:00 2026]
localrule all:
    input: results/c.arrow, results/b.arrow, results/corpus/a.txt
    jobid: 0
"""


def test_a_dry_run_says_which_jobs_wait_for_which() -> None:
    assert plan.jobs(DRY) == [("fetch_corpus", ["en", "main"]), ("derive", []), ("all", [])]
    assert plan.order(DRY) == [[], [0], [0, 1]]


def test_a_plan_on_the_machines_of_a_profile() -> None:
    known = {"machine": "here", "rules": {}}
    for rule, seconds in {"pretrain": 7200.0, "align": 3600.0, "claims": 36.0}.items():
        known["rules"][rule] = {"jobs": 1, "seconds": seconds, "work": 0, "peak_mb": 1}  # type: ignore[index]
    found: list[planning.Job] = [("pretrain", [])] * 4 + [("align", [])] * 4 + [("claims", [])]
    after = [[], [], [], [], [0], [1], [2], [3], [4, 5, 6, 7]]
    machines = {"cores": 8, "resources": {"gpu": 2}, "set-resources": {"pretrain": {"gpu": 1}}}
    told = plan.times(CONFIG, known, machines, found, after, None)
    assert told == [
        "jobs       9",
        "training   8.0 hours of a device (here)",
        "other      4.0 hours of a core",
        "wall time  5.01 hours on 8 cores, 2 gpu",
        "longest    3.01 hours, one job after the other: "
        "pretrain 7,200 s, align 3,600 s, claims 36 s",
    ]


def test_numbers_that_are_given_win_over_the_profile(tmp_path: Path) -> None:
    def read(*arguments: str) -> dict[str, Any]:
        flags = plan.flags().parse_args(list(arguments))
        return plan.profile(flags, {"machine": ""})

    folder = str(PROJECT / "profiles/gpu")
    assert read()["cores"] == 1 and "set-resources" not in read()
    assert read("--gpus", "4")["set-resources"]["pretrain"] == {"gpu": 1}
    found = read("--profile", folder, "--gpus", "4", "--cores", "32")
    assert found["resources"] == {"gpu": 4} and found["cores"] == 32
    with pytest.raises(UserError, match="nowhere is not there; --profile names a folder"):
        read("--profile", "nowhere")
