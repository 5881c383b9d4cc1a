"""Jobs of Kubernetes: a stand-in for kubectl keeps state, runs them and fails on order."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kubernetes import state
from tests.kubernetes.cluster import SCRIPTS, Cluster
from twinlang import kubernetes, kubernetes_job, orphans
from twinlang.cli import UserError
from twinlang.commands import status as command

LOST = "Unable to connect to the server: dial tcp: i/o timeout"
TPU = {"tpu": 4, "tpu_accelerator": "tpu-v5-lite-podslice", "tpu_topology": "2x2"}


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def ended(name: str) -> str:
    """How a Job ends."""
    return str(until(lambda: (told := kubernetes.status(name)) != "running" and told))


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    found = Cluster(tmp_path)
    state.install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("KUBE_STATE", str(found.state))
    monkeypatch.setattr(kubernetes, "WAITS", (0.0,) * 4)
    monkeypatch.chdir(found.study)
    return found


# What is asked of the cluster --------------------------------------------------------------------


def test_a_job_asks_for_what_its_rule_needs(cluster: Cluster) -> None:
    template = yaml.safe_load(cluster.template.read_text("utf-8"))
    script = cluster.script("true", resources=TPU | {"image": "here/tpu:2"}).read_text("utf-8")
    job = kubernetes_job.manifest(template, script)
    pod = job["spec"]["template"]["spec"]
    assert job["spec"]["backoffLimit"] == 0 and pod["restartPolicy"] == "Never"
    assert pod["activeDeadlineSeconds"] == 300
    assert pod["securityContext"] == {"runAsUser": os.getuid(), "runAsGroup": os.getgid()}
    assert pod["nodeSelector"] == {
        "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
        "cloud.google.com/gke-tpu-topology": "2x2",
    }
    box = pod["containers"][0]
    assert box["image"] == "here/tpu:2"
    assert box["resources"] == {
        "requests": {"cpu": "2", "memory": "500M"},
        "limits": {"memory": "500M", "google.com/tpu": "4"},
    }
    assert {"name": "PJRT_DEVICE", "value": "TPU"} in box["env"]
    assert job["metadata"]["annotations"]["twinlang-folder"] == str(cluster.study)
    labels = {
        one["labels"][kubernetes.JOB]
        for one in (job["metadata"], job["spec"]["template"]["metadata"])
    }
    assert labels == {job["metadata"]["name"]}
    assert "args" not in template["spec"]["template"]["spec"]["containers"][0]
    plain = kubernetes_job.manifest(
        template, cluster.script("true", resources={"gpu": 1}).read_text()
    )
    pod = plain["spec"]["template"]["spec"]
    assert pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert "nodeSelector" not in pod


def test_names_are_valid_and_tell_jobs_apart(cluster: Cluster, tmp_path: Path) -> None:
    def name(rule: str, **more: Any) -> str:
        return kubernetes_job.name_of({"rule": rule, "wildcards": {}, **more})

    names = [name("_" + "Long.rule" * 20 + "_"), name("pretrain", wildcards={"lang": "en"})]
    names += [name("pretrain", wildcards={"lang": "fr"}), name("pretrain")]
    names.append(kubernetes_job.name_of({"groupid": "pieces", "jobid": "a-b"}))
    names.append(kubernetes_job.name_of({"groupid": "pieces", "jobid": "c-d"}))
    again = name("pretrain", wildcards={"lang": "en"}, threads=9, jobid=77)
    assert again == names[1] and len(set(names)) == len(names)
    for one in names:
        assert len(one) <= 52 and one.replace("-", "").isalnum() and one == one.lower()
    os.chdir(tmp_path)  # another study
    assert name("pretrain") not in names


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("mountPath: ", "mountPath: /else"), "is on no volume of the Jobs"),
        (("containers:", "boxes:"), r"job.yaml is no Job of one container \('containers'\); mend"),
        (("kind: Job", "kind: ["), "job.yaml is no Job of one container .*; mend it"),
        (
            ("name: job", "name: Not_A_Name"),
            "Kubernetes refuses twinlang-pre-train-.* is invalid: ",
        ),
        (("claimName", "claim"), "Kubernetes refuses .* is invalid: "),
    ],
)
def test_a_template_that_is_none(cluster: Cluster, change: tuple[str, str], message: str) -> None:
    text = cluster.template.read_text("utf-8")
    assert change[0] in text
    cluster.template.write_text(text.replace(*change))
    with pytest.raises(UserError, match=message):
        cluster.submit("true")


def test_a_jobscript_that_is_none(cluster: Cluster) -> None:
    path = cluster.study / "other.sh"
    path.write_text("#!/bin/sh\ntrue\n")
    with pytest.raises(UserError, match="no line of properties"):
        kubernetes.submit(cluster.template, path)


# What becomes of it ------------------------------------------------------------------------------


def test_a_script_runs_as_it_is_written(cluster: Cluster) -> None:
    odd = """printf '%s\\n' '$(HOME) $$x' "it's" "$HOME" >"a b" && exit 0 || exit 1"""
    body = f"cd '{cluster.study}' && {odd}"
    assert ended(cluster.submit(body)) == "success"
    assert (cluster.study / "a b").read_text() == "$(HOME) $$x\nit's\n/tmp\n"


def test_a_job_that_fails_says_why(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    name = cluster.submit("exit 3")
    assert ended(name) == "failed"
    told = capsys.readouterr().err
    assert f"{name} has failed: BackoffLimitExceeded" in told and "Error, exit status 3" in told
    (cluster.state / f"{name}.json").unlink()
    assert kubernetes.status(name) == "failed"
    assert "it was deleted" in capsys.readouterr().err


@pytest.mark.parametrize("reason", ["Evicted", "OOMKilled"])
def test_a_pod_that_is_ended(
    cluster: Cluster, capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    """An evicted pod warns the job's processes, all of them; one without memory is killed."""
    cluster.faults(run=[{"end": reason, "after": 1}])
    training = "trap 'sleep 0.5; touch warned; exit' TERM; while :; do sleep 0.1; done"
    name = cluster.submit(f'cd "{cluster.study}"; ({training}); sleep 99')
    assert ended(name) == "failed"
    assert reason in capsys.readouterr().err
    assert (cluster.study / "warned").exists() == (reason == "Evicted")
    assert not (cluster.state / "killed").exists()


def test_time_runs_out(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    path = cluster.script("sleep 60")
    template = yaml.safe_load(cluster.template.read_text("utf-8"))
    job = kubernetes_job.manifest(template, path.read_text("utf-8"))
    job["spec"]["template"]["spec"]["activeDeadlineSeconds"] = 1
    name = job["metadata"]["name"]
    kubernetes.kubectl("create", "--filename=-", told=json.dumps(job))
    assert ended(name) == "failed" and "DeadlineExceeded" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("node", "0/3 nodes are available: 3 Insufficient google.com/tpu."),
        ("image", "ImagePullBackOff: Back-off pulling image"),
        ("quota", "exceeded quota: requests.google.com/tpu"),
    ],
)
def test_what_never_starts_is_told(cluster: Cluster, kind: str, told: str) -> None:
    message = told.removeprefix("ImagePullBackOff: ")
    cluster.faults(run=[{"waits": kind, "message": message}])
    name = cluster.submit("true", resources=TPU)
    assert [kubernetes.status(name) for _ in range(2)] == ["running"] * 2
    (line,) = command.waiting_lines(cluster.study)
    assert line.startswith(f"waits    {name}: {told}, for 0:00:")
    kubernetes.end(print)
    assert not command.waiting_lines(cluster.study)


# Faults of the cluster ---------------------------------------------------------------------------


def test_a_server_that_is_away_has_decided_nothing(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.faults(create=[LOST, "Error from server (ServiceUnavailable): busy"], get=[LOST] * 3)
    name = cluster.submit("exit 0")
    assert cluster.calls("create") == 3
    assert [kubernetes.status(name) for _ in range(3)] == ["running"] * 3
    assert ended(name) == "success"
    assert f"{name} is asked after again: {LOST}" in capsys.readouterr().err
    cluster.faults(create=[LOST] * 9)
    with pytest.raises(UserError, match=rf"could not be submitted \({LOST}\); see whether"):
        cluster.submit("exit 0", rule="other")


def test_what_is_refused_is_not_tried_again(cluster: Cluster) -> None:
    cluster.faults(create=["Error from server (Forbidden): exceeded quota: jobs"])
    with pytest.raises(UserError, match="refuses twinlang-pre-train-.*exceeded quota: jobs"):
        cluster.submit("true")
    assert cluster.calls("create") == 1


def test_a_lost_answer_makes_no_second_job(cluster: Cluster) -> None:
    cluster.faults(create=[f"lost: {LOST}"])
    name = cluster.submit(f'echo x >>"{cluster.study}/ran"')
    assert ended(name) == "success" and cluster.calls("create") == 2
    assert (cluster.study / "ran").read_text() == "x\n"


def test_a_job_of_the_same_name_ends_first(cluster: Cluster) -> None:
    first = cluster.submit(f'cd "{cluster.study}"; echo first >>ran; sleep 60; echo late >>ran')
    until((cluster.study / "ran").exists)
    cluster.faults(delete=[LOST])
    assert cluster.submit(f'cd "{cluster.study}"; echo second >>ran') == first
    assert ended(first) == "success"
    assert (cluster.study / "ran").read_text() == "first\nsecond\n"


def test_without_kubectl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="kubectl is not installed here; run where"):
        kubernetes.status("x")


# A killed run ------------------------------------------------------------------------------------


def test_jobs_of_a_killed_run_end_and_no_others(cluster: Cluster) -> None:
    other = cluster.study.with_name("other")
    other.mkdir()
    os.chdir(other)
    foreign = cluster.submit("sleep 60")
    os.chdir(cluster.study)
    done, left = cluster.submit("exit 0", rule="done"), cluster.submit("sleep 60")
    assert ended(done) == "success"
    told: list[str] = []
    script = str(SCRIPTS / "submit.sh")
    orphans.end("cluster-generic", locked=False, say=told.append, command=script)
    orphans.end("cluster-generic", locked=True, say=told.append, command="qsub")
    assert not told and kubernetes.status(left) == "running"
    orphans.end("cluster-generic", locked=True, say=told.append, command=script)
    assert told == [f"Deleting Jobs that an earlier run of this folder has left: {left}"]
    assert {path.stem for path in cluster.state.glob("twinlang-*.json")} == {done, foreign}
    orphans.end("cluster-generic", locked=True, say=told.append, command=script)
    assert len(told) == 1
    cluster.faults(get=[LOST])
    with pytest.raises(UserError, match="kubectl fails .*; run where the cluster answers"):
        kubernetes.end(print)
    with pytest.raises(UserError, match=r"is not seen from .*; give --profile a full path"):
        orphans.end("cluster-generic", locked=True, say=print, command="a/kubernetes/submit.sh")
    os.chdir(other)
    kubernetes.end(print)


def test_the_scripts(cluster: Cluster) -> None:
    """As the executor calls them."""

    def told(script: str, *arguments: str) -> str:
        done = subprocess.run([SCRIPTS / script, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    template = SCRIPTS / "job.yaml"
    path = cluster.script("sleep 60")
    refused = subprocess.run([SCRIPTS / "submit.sh", path], capture_output=True, text=True)
    assert refused.returncode == 1 and not refused.stdout
    assert f"error: {cluster.study} is on no volume of the Jobs" in refused.stderr
    assert template.is_file()
    name = kubernetes.submit(cluster.template, path)
    assert told("status.sh", name) == "running\n"
    told("cancel.sh", name, "twinlang-not-there")
    until(lambda: not (cluster.state / f"{name}.json").exists())
    assert told("status.sh", name) == "failed\n"
    (cluster.state.parent / "bin/python").write_text("#!/bin/sh\nexit 1\n")
    (cluster.state.parent / "bin/python").chmod(0o755)
    assert told("status.sh", name) == "running\n"
