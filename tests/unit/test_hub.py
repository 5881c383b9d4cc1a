"""Pins, downloads and records of the Hub: the real client against the local one, fault by fault."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import hub_data
from tests.hub_data import card, jsonl, parquet
from tests.hub_server import Hub
from tests.micro import arguments
from twinlang import hub_parameters
from twinlang.cli import UserError
from twinlang.hub import client, locking, pins
from twinlang.readers import columnar
from twinlang.readers.forms import UPOS
from twinlang.readers.labelled import INFERENCE
from twinlang.sources import hub as source
from twinlang.steps import fetch_hub

COLUMNS = {"premise": "premise", "hypothesis": "hypothesis", "label": "label"}
XNLI = {
    **{"id": "facebook/xnli", "config": "en", "splits": {"train": "train", "dev": "validation"}},
    **{"columns": COLUMNS, "labels": INFERENCE},
}
TEXT = {"id": "a/text", "config": "x", "splits": {"text": "train"}, "columns": {"text": "text"}}
ROWS = [{"text": f"Document number {n}."} for n in range(5)]


def of(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the step is given: a pin of each split, with how it is read."""
    pin = locking.pin(wanted)
    read = {key: wanted[key] for key in ("columns", "labels", "held_out") if key in wanted}
    return {split: {**pin, **read, "files": files} for split, files in pin["files"].items()}


def fetch(pinned: Any, folder: Path) -> Path:
    output = folder / "manifest.json"
    fetch_hub.main(arguments(pins=pinned, output=output))
    return output


def items(manifest: Path, task: str, split: str = "dev") -> tuple[list[dict], dict]:
    report: dict[str, Any] = {}
    settings = {"source": "hub", "files": [str(manifest)]}
    return list(source.items(settings, lang="en", task=task, split=split, report=report)), report


def text(hub: Hub, data: bytes, name: str = "x/train-0.parquet") -> dict[str, Any]:
    hub.put("a/text", {name: data}, card=card({"x": {"train": name}}, "cc0-1.0"))
    return of(TEXT)


# What works --------------------------------------------------------------------------------------


def test_a_pin_says_what_the_hub_has_and_fetches_no_more_than_it_must(hub: Hub) -> None:
    hub_data.fill(hub, ["en"])
    pin = locking.pin(XNLI)
    files = hub.repos["facebook/xnli"].commits[pin["revision"]]
    assert pin["licence"] == "cc-by-nc-4.0" and set(pin["files"]) == {"train", "dev"}
    (file,) = pin["files"]["dev"]
    assert file["rows"] == 40 and file["size"] == len(files[file["path"]])
    assert not client.cached(XNLI["id"], pin["revision"], file["path"])  # a footer was enough
    assert locking.pin(XNLI) == pin


def test_shards_are_chosen_in_one_order(hub: Hub) -> None:
    files = {f"x/train-{n}.jsonl.gz": jsonl(ROWS) for n in range(9)}
    hub.put("a/text", files, card=card({"x": {"train": "x/*"}}))
    chosen = [locking.pin({**TEXT, "shards": n})["files"]["text"] for n in (2, 5, 20)]
    assert [len(found) for found in chosen] == [2, 5, 9]
    assert chosen[1][:2] == chosen[0] and chosen[2][:5] == chosen[1]
    assert [file["rows"] for file in chosen[2]] == [5] * 9


def test_records_are_those_of_the_other_sources(hub: Hub, tmp_path: Path) -> None:
    hub_data.fill(hub, ["fr"])
    found, report = items(fetch(of({**XNLI, "config": "fr"}), tmp_path), "nli", "train")
    assert set(found[0]) == {"id", "premise", "hypothesis", "label"} and found[0]["id"] == "train-0"
    assert {r["label"] for r in found} == set(INFERENCE)
    assert report["read"] == report["kept"] == 40 and "facebook/xnli fr @ " in report["file"]
    wanted = {"id": "google/xtreme", "config": "udpos.French", "splits": XNLI["splits"]}
    tagged = {**wanted, "columns": {"words": "tokens", "labels": "pos_tags"}}
    found, _ = items(fetch(of(tagged), tmp_path), "pos")
    assert found[0]["labels"][0] == "PROPN" and len(found[0]["words"]) == len(found[0]["labels"])
    names = {"sentence": "source_sentence", "translation": "target_sentence"}
    pairs = {**wanted, "config": "tatoeba.fra", "columns": names}
    found, _ = items(fetch(of(pairs), tmp_path), "retrieval")
    assert not found[0]["sentence"].endswith("\n") and found[0]["translation"]


SQUAD = {
    **{"id": "AgentPublic/piaf", "config": "plain_text", "held_out": 0.3},
    "splits": {"train": "train", "dev": "train"},
    "columns": {
        **{"article": "title", "id": "id", "context": "context", "question": "question"},
        **{"texts": "answers.text", "starts": "answers.answer_start"},
    },
}


def test_one_split_is_cut_by_article(hub: Hub, tmp_path: Path) -> None:
    hub_data.fill(hub, ["fr"])
    manifest = fetch(of(SQUAD), tmp_path)
    train, dev = (items(manifest, "qa", split)[0] for split in ("train", "dev"))
    assert train and dev and len(train) + len(dev) == 38
    first = train[0]["answers"][0]
    assert train[0]["context"][first["start"] :].startswith(first["text"])
    assert not {r["context"] for r in train} & {r["context"] for r in dev}


def test_trees(hub: Hub, tmp_path: Path) -> None:
    hub_data.fill(hub, ["en"])
    names = {"words": "tokens", "upos": "upos", "heads": "head", "relations": "deprel"}
    wanted = {"id": "universal-dependencies/universal_dependencies", "config": "en_ewt"}
    wanted |= {"splits": {"train": "train", "dev": "dev"}, "columns": {**names, "text": "text"}}
    settings = {"files": [str(fetch(of(wanted), tmp_path))]}
    report: dict[str, Any] = {}
    trees = list(source.trees(settings, lang="en", domain="main", split="dev", report=report))
    assert len(trees) == report["kept"] == 40
    assert trees[0].heads.count(0) == 1 and set(trees[0].upos) <= set(UPOS) and trees[0].text


# What goes wrong on the way ----------------------------------------------------------------------


def test_a_download_that_is_cut_twenty_times(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.constants, "DOWNLOAD_CHUNK_SIZE", 500)  # what a cut can cost
    rows = [{"text": os.urandom(500).hex()} for _ in range(100)]
    pinned = text(hub, jsonl(rows), "x/train-0.jsonl.gz")
    shutil.rmtree(client.constants.HF_HUB_CACHE)
    size = pinned["text"]["files"][0]["size"]
    hub.fail("GET /large/*", times=20, cut=size // 25)
    hub.requests.clear()
    manifest = fetch(pinned, tmp_path)
    statuses = [status for method, path, status in hub.requests if path.startswith("/large")]
    assert statuses.count(206) == 20  # each goes on where the last one ended
    assert json.loads(manifest.read_text())["text"]["files"][0]["rows"] == 100


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_hub_is_waited_for(hub: Hub, tmp_path: Path, status: int) -> None:
    pinned = text(hub, parquet(ROWS))
    hub.fail("HEAD /datasets/*", times=2, status=status, headers={"Retry-After": "1"})
    fetch(pinned, tmp_path)
    assert hub.asked("HEAD /datasets/*") == 3


def test_a_hub_that_stays_away(hub: Hub, tmp_path: Path) -> None:
    pinned = text(hub, parquet(ROWS))
    hub.fail("*", times=10**6, status=503)
    with pytest.raises(UserError, match="a/text .*(503|not reached)"):
        fetch(pinned, tmp_path)
    assert not list(tmp_path.iterdir())


def test_wrong_bytes(hub: Hub, tmp_path: Path) -> None:
    pinned = text(hub, parquet(ROWS))
    hub.fail("GET /large/*", times=1, spoil=True)
    assert fetch(pinned, tmp_path).exists()  # once may happen: it is fetched again
    shutil.rmtree(client.constants.HF_HUB_CACHE)
    hub.fail("GET /large/*", times=2, spoil=True)
    with pytest.raises(
        UserError, match="x/train-0.parquet is not what is pinned: sha256 .* instead"
    ):
        fetch(pinned, tmp_path / "out")
    assert not (tmp_path / "out/manifest.json").exists()
    assert fetch(pinned, tmp_path / "out").exists()  # and what was wrong is not kept


def test_a_pin_that_lies(hub: Hub, tmp_path: Path) -> None:
    pinned = text(hub, parquet(ROWS))
    pinned["text"]["files"][0]["rows"] = 4
    with pytest.raises(UserError, match="has 5 rows, not 4; run twinlang lock"):
        fetch(pinned, tmp_path)


def test_a_moved_branch_changes_nothing_and_a_deleted_commit_is_told(
    hub: Hub, tmp_path: Path
) -> None:
    pinned = text(hub, parquet(ROWS))
    hub.put("a/text", {"x/train-0.parquet": parquet(ROWS[:1])}, card=card({"x": {"train": "x/*"}}))
    manifest = json.loads(fetch(pinned, tmp_path).read_text())
    assert columnar.count(Path(manifest["text"]["files"][0]["path"]), name="x") == 5
    shutil.rmtree(client.constants.HF_HUB_CACHE)
    hub.delete("a/text", pinned["text"]["revision"])
    with pytest.raises(UserError, match="a/text that is pinned is no longer on the Hub; run twin"):
        fetch(pinned, tmp_path)


def test_a_gated_set(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = text(hub, parquet(ROWS))
    hub.repos["a/text"].gated = True
    page = r"gated; accept its terms at http://127.0.0.1:\d+/datasets/a/text, then set HF_TOKEN"
    with pytest.raises(UserError, match=page):
        fetch(pinned, tmp_path)
    token = "hf_" + "secret" * 5
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(UserError, match=page) as told:
        fetch(pinned, tmp_path)
    assert token not in str(told.value)
    hub.tokens.add(token)
    assert token not in fetch(pinned, tmp_path).read_text()
    assert not hub.leaks  # the host of large files never saw it


def test_a_set_that_is_not_there(hub: Hub) -> None:
    with pytest.raises(UserError, match="a/text is not on the Hub, or not for you"):
        locking.pin(TEXT)


def test_a_full_disk(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = text(hub, parquet(ROWS))
    pinned["text"]["files"][0]["size"] = 10**15
    with pytest.raises(UserError, match="is full: .* MB are needed"):
        fetch(pinned, tmp_path)


def in_a_process(pinned: Any, output: Path, **environment: str) -> subprocess.CompletedProcess:
    flags = arguments(pins=pinned, output=output)
    return subprocess.run(
        [sys.executable, "-m", "twinlang.steps.fetch_hub", *flags],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_disk_that_fills_in_the_middle(hub: Hub, tmp_path: Path) -> None:
    """A limit on the size of files stands for it: the write fails after so many bytes."""
    pinned = text(hub, parquet([{"text": os.urandom(50_000).hex()}]))
    shell = f"ulimit -f 8; exec {sys.executable} -m twinlang.steps.fetch_hub " + " ".join(
        f"'{flag}'" for flag in arguments(pins=pinned, output=tmp_path / "m.json")
    )
    done = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; {shell}"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "HF_HUB_DISABLE_XET": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and done.stderr.splitlines()[-1].startswith("error: ")
    assert not list(tmp_path.iterdir())


def test_offline_and_through_a_proxy(hub: Hub, tmp_path: Path) -> None:
    pinned = text(hub, parquet(ROWS))
    done = in_a_process(pinned, tmp_path / "a.json", HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert "error: a/text is not in the cache and HF_HUB_OFFLINE is set" in done.stderr
    proxy = {"HF_ENDPOINT": "http://hub.test", "HTTP_PROXY": hub.url, "http_proxy": hub.url}
    done = in_a_process(pinned, tmp_path / "a.json", **proxy)
    assert done.returncode == 0, done.stderr
    asked = len(hub.requests)
    done = in_a_process(pinned, tmp_path / "b.json", HF_HUB_OFFLINE="1")
    assert done.returncode == 0 and len(hub.requests) == asked
    assert (tmp_path / "a.json").read_text() == (tmp_path / "b.json").read_text()


# What is wrong with the data ---------------------------------------------------------------------


def test_a_column_that_has_another_name(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match="a/text: x/train-0.parquet has no column 'text', but words"
    ):
        text(hub, parquet([{"words": "x"}]))
    with pytest.raises(UserError, match=":1 has no column 'text', but words"):
        text(hub, jsonl([{"words": "x"}]), "x/train-0.jsonl.gz")


def test_a_split_that_is_absent(hub: Hub) -> None:
    hub_data.fill(hub, ["en"])
    with pytest.raises(UserError, match="no files of split 'test' of 'en' .its card names train"):
        locking.pin({**XNLI, "splits": {"dev": "test"}})
    with pytest.raises(UserError, match="no files of split 'train' of 'de'"):
        locking.pin({**XNLI, "config": "de"})


@pytest.mark.parametrize(
    "label, names, fault",
    [
        (3, INFERENCE, "row 1 has the label 3, outside of 3 labels"),
        ("maybe", None, "row 1 has the unknown label 'maybe'"),
        (1, [*INFERENCE[1:], INFERENCE[0]], "numbers its labels neutral, contradiction, entail"),
    ],
)
def test_labels_outside_the_set(
    hub: Hub, tmp_path: Path, label: Any, names: Any, fault: str
) -> None:
    rows = [{"premise": "a b", "hypothesis": "c d", "label": label}]
    data = parquet(rows, names={"label": names} if names else None)
    name = "en/train-0.parquet"
    hub.put("facebook/xnli", {name: data}, card=card({"en": {"train": name}}))
    manifest = fetch(of({**XNLI, "splits": {"dev": "train"}}), tmp_path)
    with pytest.raises(UserError, match=fault):
        items(manifest, "nli")


def test_a_text_that_unpacks_without_end(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "' + b"a" * (65 << 20) + b'"}'))
    with pytest.raises(UserError, match="bomb unpacks to more than 67 MB from 0.1 MB"):
        list(columnar.rows(path, ["text"], name="bomb"))


def test_a_path_that_leaves_its_folder(hub: Hub, tmp_path: Path) -> None:
    pinned = text(hub, parquet(ROWS))
    pinned["text"]["files"][0]["path"] = "../../../outside.parquet"
    with pytest.raises(UserError, match="outside.parquet leads out of the repo"):
        fetch(pinned, tmp_path)
    assert not hub.asked("* *outside*")


@pytest.mark.parametrize("data", [b"no parquet", parquet(ROWS)[:-30]])
def test_a_file_that_is_damaged(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.parquet").write_bytes(data)
    with pytest.raises(UserError, match="some file is no Parquet file"):
        list(columnar.rows(tmp_path / "x.parquet", ["text"], name="some file"))


# The lock file -----------------------------------------------------------------------------------


def test_the_lock_file_and_its_faults(tmp_path: Path) -> None:
    path = tmp_path / pins.NAME
    assert pins.read(path) == {}
    pins.write(path, {"text": {"x": pins.empty(TEXT)}})
    assert not pins.is_pinned(pins.find(pins.read(path), "text", "x", TEXT))
    for content, fault in (
        ("a: [", "is not YAML"),
        ("- 1", "has no block `datasets`"),
        ("datasets: {a: {b: {id: x}}}", "datasets.a.b lacks id, config or revision"),
        ("datasets: {a: {b: {id: x, config: y, revision: main}}}", "revision has no commit"),
    ):
        path.write_text(content)
        with pytest.raises(UserError, match=fault):
            pins.read(path)


def test_a_pin_of_something_else_is_none(hub: Hub) -> None:
    text(hub, parquet(ROWS))
    lock = {"text": {"x": locking.pin(TEXT)}}
    assert pins.is_pinned(pins.find(lock, "text", "x", TEXT))
    for other in ({"id": "b/text"}, {"config": "y"}, {"splits": {"dev": "train"}}):
        assert not pins.is_pinned(pins.find(lock, "text", "x", {**TEXT, **other}))


def test_downloads_that_are_expected(hub: Hub) -> None:
    sets = {"web": {**TEXT, "configs": {"x": "x"}, "mb": 7, "shards": 3}}
    settings = {"use": {"main": "web"}, "sets": sets}
    assert hub_parameters.megabytes(settings, "x", "main", {}) == 21
    hub.put("a/text", {f"x/train-{n}.parquet": parquet(ROWS) for n in range(3)})
    lock = {"web": {"x": locking.pin({**TEXT, "shards": 3})}}
    assert hub_parameters.megabytes(settings, "x", "main", lock) == 1
