"""Clean shards to disjoint corpora of one size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinlang import corpora
from twinlang.cli import UserError


def shard(folder: Path, name: str, documents: list[list[str]]) -> Path:
    path = folder / name
    path.write_text("".join("\n".join(lines) + "\n\n" for lines in documents), encoding="utf-8")
    return path


def documents(start: int, count: int) -> list[list[str]]:
    return [
        [f"Sentence {n} of document {d}." for n in range(3)] for d in range(start, start + count)
    ]


def cut(own: list[Path], half: str = "a", before: Any = (), **settings: Any) -> tuple[list, dict]:
    report: dict[str, Any] = {}
    settings = {"size": 10**9, "unit": "bytes", **settings}
    return list(corpora.corpus(own, list(before), settings, half=half, report=report)), report


def added_up(report: dict[str, Any]) -> bool:
    names = ("duplicates", "in_main", "other_half", "beyond_limit", "kept")
    return report["sentences"] == sum(report[name] for name in names)


def test_parts_are_disjoint_and_whole_and_keep_documents_together(tmp_path: Path) -> None:
    own = [shard(tmp_path, f"{n}.txt", documents(300 * n, 300)) for n in range(2)]
    parts = {half: cut(own, half) for half in corpora.HALVES}
    found = [sentence for sentences, _ in parts.values() for sentence in sentences]
    assert len(found) == len(set(found)) == 1800
    for sentences, report in parts.values():
        of = [sentence.split("document ")[1] for sentence in sentences]
        assert added_up(report) and all(of.count(name) == 3 for name in set(of))
    sizes = {half: report["kept"] for half, (_, report) in parts.items()}
    assert 700 < sizes["a"] < 1000 and 700 < sizes["b"] < 1000 and 0 < sizes["dev"] < 60


@pytest.mark.parametrize("unit, size", [("bytes", 2000), ("words", 300), ("sentences", 70)])
def test_a_larger_corpus_begins_with_the_smaller(tmp_path: Path, unit: str, size: int) -> None:
    own = [
        shard(tmp_path, "0.txt", documents(0, 200)),
        shard(tmp_path, "1.txt", documents(200, 99)),
    ]
    small, report = cut(own[:1], unit=unit, size=size)
    large, _ = cut(own, unit=unit, size=3 * size)
    assert large[: len(small)] == small and len(large) > 2 * len(small)
    measured = {
        "bytes": sum(len(s.encode()) + 1 for s in small),
        "words": sum(len(s.split()) for s in small),
        "sentences": len(small),
    }[unit]
    assert size <= measured == report["size_reached"] < size + 30
    assert report["missing"] == 0 and added_up(report)


def test_pieces(tmp_path: Path) -> None:
    own = [shard(tmp_path, "0.txt", documents(0, 200))]
    learned = {"vocabulary": 300, "min_frequency": 2, "pattern": "unicode"}
    found, report = cut(own, unit="pieces", size=500, tokenizer=learned)
    assert 500 <= report["size_reached"] < 520 and 20 < len(found) < 100


def test_too_little_text_is_said(tmp_path: Path) -> None:
    found, report = cut([shard(tmp_path, "0.txt", documents(0, 9))], unit="sentences", size=100)
    assert report["missing"] == 100 - len(found) and report["asked"] == 100


def test_nothing_comes_twice_and_nothing_of_main(tmp_path: Path) -> None:
    main = shard(tmp_path, "main.txt", documents(0, 40))
    own = shard(tmp_path, "own.txt", documents(20, 40) + documents(50, 20) + documents(30, 5))
    every = [cut([own], half, [main]) for half in corpora.HALVES]
    found = [sentence for sentences, _ in every for sentence in sentences]
    assert len(found) == len(set(found)) == 90
    assert not set(found) & {s for lines in documents(0, 40) for s in lines}
    assert all(added_up(report) for _, report in every)
    assert sum(report["in_main"] for _, report in every) == 75
    with pytest.raises(UserError, match="parts a, b, dev, not 'c'"):
        cut([own], "c")


@given(st.lists(st.lists(st.integers(0, 30), max_size=20), max_size=12))
def test_what_was_seen_is_what_a_set_holds(blocks: list[list[int]]) -> None:
    seen, known = corpora.Seen(), set[int]()
    for block in blocks:
        fresh = seen.first(np.array(block, dtype=np.uint64))
        for value, new in zip(block, fresh.tolist(), strict=True):
            assert new == (value not in known)
            known.add(value)
        if known:
            assert seen.has(np.array(sorted(known), dtype=np.uint64)).all()
