"""Sentences and their file form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.micro import data_of
from twinlang import sentences
from twinlang.cli import UserError
from twinlang.sentences import Sentences


def rows(lengths: list[int]) -> Any:
    for number, length in enumerate(lengths):
        columns = {
            "pieces": [number] * length,
            "words": list(range(length)),
            "labels": [-100] * length,
        }
        yield (1 << 64) - 1 - number, number, number % 2, columns


def built(lengths: list[int]) -> list[Sentences]:
    return list(sentences.build(rows(lengths), {"dataset": "é", "vocabulary": 9}))


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_a_file_gives_back_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(sentences, "BATCH", batch)
    lengths = [3, 0, 1, 5, 2]
    assert sentences.write(tmp_path / "a.arrow", built(lengths)) == 5
    found = sentences.read(tmp_path / "a.arrow")
    assert len(list(sentences.batches(tmp_path / "a.arrow"))) == -(-5 // batch)
    assert found.lengths.tolist() == lengths and found.offsets.dtype == np.int64
    assert found.pieces.tolist() == [n for n, length in enumerate(lengths) for _ in range(length)]
    assert found.pieces.dtype == np.uint32 and found.words.dtype == np.uint16
    assert found.columns["labels"].dtype == np.int32
    assert found.keys.tolist() == [(1 << 64) - 1 - n for n in range(5)]
    assert found.items.tolist() == [0, 1, 2, 3, 4] and found.parts.tolist() == [0, 1, 0, 1, 0]
    assert found.metadata == {"dataset": "é", "vocabulary": 9}


def test_a_file_is_mapped_and_not_copied(tmp_path: Path) -> None:
    sentences.write(tmp_path / "a.arrow", built([4, 4]))
    before = pa.total_allocated_bytes()
    found = sentences.read(tmp_path / "a.arrow")
    assert pa.total_allocated_bytes() == before
    assert not found.pieces.flags.owndata and not found.pieces.flags.writeable


def test_the_file_has_the_form_that_the_module_states(tmp_path: Path) -> None:
    sentences.write(tmp_path / "a.arrow", built([2]))
    schema = pa.ipc.open_file(str(tmp_path / "a.arrow")).schema
    types = {"pieces": pa.list_(pa.uint32()), "words": pa.list_(pa.uint16())}
    types |= {"labels": pa.list_(pa.int32()), "key": pa.uint64()}
    types |= {"item": pa.uint32(), "part": pa.uint8()}
    assert {field.name: field.type for field in schema} == types


@given(st.lists(st.integers(0, 4), min_size=1, max_size=9), st.integers(0, 10), st.integers(0, 10))
def test_take(lengths: list[int], start: int, stop: int) -> None:
    data = data_of([[length] if length else [] for length in lengths])
    found, chosen = data.take(slice(start, stop)), slice(start, max(start, stop))
    assert found.lengths.tolist() == lengths[chosen]
    assert found.offsets[0] == 0 and len(found) == len(lengths[chosen])
    before = sum(lengths[:start])
    assert found.columns["mark"].tolist() == [before + n for n in range(sum(lengths[chosen]))]
    assert found.keys.tolist() == data.keys.tolist()[chosen]


def test_local_and_reordered() -> None:
    data = data_of([[2, 1], [], [2]])
    assert data.local().tolist() == [0, 1, 2, 0, 1]
    found = data.reordered(np.array([2, 1, 0, 4, 3]))
    assert found.columns["mark"].tolist() == [2, 1, 0, 4, 3]
    assert found.pieces.tolist() == data.pieces[[2, 1, 0, 4, 3]].tolist()


def test_randomness_is_that_of_splitmix64_and_the_same_everywhere() -> None:
    """The first numbers of the reference implementation with seed 1234567."""
    counter = np.uint64(1234567) + np.arange(1, 4, dtype=np.uint64) * sentences.GOLDEN
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert sentences.splitmix(counter).tolist() == expected
    assert sentences.dataset_key("en/main/a") == sentences.dataset_key("en/main/a")
    assert sentences.dataset_key("en/main/a") != sentences.dataset_key("en/main/b")


def test_a_sentence_that_is_too_long_is_refused() -> None:
    assert len(built([sentences.LONGEST])[0].pieces) == 65536
    with pytest.raises(UserError, match="item 1: a sentence has more than 65,536 pieces"):
        built([2, sentences.LONGEST + 1])


def test_no_sentence_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a.arrow would be empty"):
        sentences.write(tmp_path / "a.arrow", iter([]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.99])
def test_a_file_cut_short_is_refused_with_its_name(tmp_path: Path, keep: float) -> None:
    sentences.write(tmp_path / "a.arrow", built([3, 4]))
    whole = (tmp_path / "a.arrow").read_bytes()
    (tmp_path / "a.arrow").write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(UserError, match="a.arrow is no file of sentences .* run again"):
        sentences.read(tmp_path / "a.arrow")


def test_other_files_are_refused_with_their_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a.arrow is missing; run the rule"):
        sentences.read(tmp_path / "a.arrow")
    table = pa.table({"pieces": [[1, 2]], "key": [1]})
    with (
        pa.OSFile(str(tmp_path / "b.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as out,
    ):
        out.write_table(table)
    with pytest.raises(UserError, match="b.arrow is no file of sentences"):
        sentences.read(tmp_path / "b.arrow")


def test_a_batch_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def failing() -> Any:
        yield from built([3])
        raise UserError("the source is broken")

    with pytest.raises(UserError, match="broken"):
        sentences.write(tmp_path / "a.arrow", failing())
    assert not list(tmp_path.iterdir())


def test_metadata_may_differ_between_a_file_and_its_twin(tmp_path: Path) -> None:
    (one,) = built([2, 2])
    sentences.write(tmp_path / "b.arrow", [replace(one, metadata={"twin": ["inversion"]})])
    assert sentences.read(tmp_path / "b.arrow").metadata == {"twin": ["inversion"]}
