"""Pre-training: rows, masks and micro-batches of a recipe."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from tests.micro import MODEL, PRETRAIN, data_of
from twinlang import transforms
from twinlang.batching import Rows
from twinlang.cli import UserError
from twinlang.devices import Engine
from twinlang.model import MaskedLM, Shape
from twinlang.pretraining import (
    make_rows,
    masked_loss,
    masking_of,
    micro_batches,
    planned,
    pretrain,
)
from twinlang.sentences import Sentences

VOCABULARY = 50
TWIN = ["inversion", "transliteration"]


def recipe(**more: Any) -> dict[str, Any]:
    settings = {**PRETRAIN, "tokens": 256, "short_first": {"steps": 0.5, "length": 8}, **more}
    model = {**MODEL, "rows": 2 * VOCABULARY}
    found = {"model": model, "pretrain": settings, "twin": TWIN, "twin_seed": 0, "seed": 0}
    return {**found, "vocabulary": VOCABULARY}


def corpora() -> list[Sentences]:
    """Sixty sentences of four different pieces, and their twins."""
    orig = data_of([[1] * (n % 11 + 2) for n in range(60)], vocabulary=VOCABULARY)
    orig = orig.with_columns(pieces=(5 + orig.columns["mark"] % 4).astype(np.uint32))
    return [orig, transforms.apply(orig, TWIN, vocabulary=VOCABULARY, seed=0)]


def trained(data: list[Sentences] | None = None, *, micro_batch: int = 0, **more: Any) -> MaskedLM:
    engine = Engine(micro_batch=micro_batch, **more.pop("engine", {}))
    made = {**recipe(**more), **({"seed": more["seed"]} if "seed" in more else {})}
    return pretrain(made, data or corpora(), engine=engine)


def difference(one: MaskedLM, other: MaskedLM) -> float:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return max(float((a - b).abs().max()) for a, b in pairs)


def test_it_learns_and_is_the_same_each_time() -> None:
    model = trained(steps=40)
    assert difference(trained(), trained()) == 0
    assert difference(trained(), trained(seed=1)) > 0.01
    assert not model.training
    rows = make_rows(recipe(), corpora())
    (batch,) = micro_batches(rows, np.arange(len(rows)), masking_of(recipe(), 2), (9, 9), Engine())
    torch.manual_seed(0)
    fresh = MaskedLM(Shape(**recipe()["model"]))
    with torch.no_grad():
        before, after = (
            float(masked_loss(m, batch.tensors)) / batch.targets for m in (fresh, model)
        )
    assert before == pytest.approx(np.log(2 * VOCABULARY), abs=0.1) and after < before - 1


def test_micro_batches_change_rounding_alone() -> None:
    assert 0 < difference(trained(), trained(micro_batch=64)) < 1e-4


@pytest.mark.parametrize("pack", [False, True])
def test_the_parts_of_a_step_are_the_step(pack: bool) -> None:
    made = recipe(pack=pack, row=24)
    rows, masking = make_rows(made, corpora()), masking_of(made, 2)
    (whole,) = micro_batches(rows, np.arange(20), masking, (0, 3), Engine())
    parts = micro_batches(rows, np.arange(20), masking, (0, 3), Engine(micro_batch=60))
    ids = [whole.tensors["ids"], *(part.tensors["ids"] for part in parts)]
    assert all(found is not None for found in ids) and len(parts) > 3
    assert (torch.cat(ids[1:]) == ids[0]).all()  # type: ignore[arg-type]
    targets = [part.tensors["targets"] for part in parts]
    assert (torch.cat(targets) == whole.tensors["targets"]).all()  # type: ignore[arg-type]
    assert sum(p.targets for p in parts) == whole.targets
    assert sum(p.places for p in parts) == whole.places
    for part in parts:
        assert part.tensors["ids"] is not None and part.tensors["ids"].numel() <= 60
        model = MaskedLM(Shape(**made["model"]))
        assert masked_loss(model, part.tensors).isfinite()


def test_a_mono_model_reads_one_language() -> None:
    (orig, _), made = corpora(), recipe()
    rows = make_rows(made, [orig])
    assert len(rows) == 60 and not rows.language.any()
    assert len(masking_of(made, 1).tables) == 1
    model = trained([orig], steps=5)
    assert model.encoder.pieces.weight.shape == (100, 16)


def test_random_pieces_are_drawn_from_where_the_recipe_says() -> None:
    own, orig = (masking_of(recipe(random_from=name), 2).tables for name in ("own", "orig"))
    assert own[1].tolist() == [*range(5), *range(55, 100)] and own[0].tolist() == list(range(50))
    assert orig[1].tolist() == list(range(50))


def test_short_rows_come_first() -> None:
    rows = make_rows(recipe(), corpora())
    settings = recipe(steps=10, short_first={"steps": 0.4, "length": 8})["pretrain"]
    longest = [int(rows.lengths[batch].max()) for batch in islice(planned(rows, settings, 0), 30)]
    assert max(longest[:4]) <= 8 < max(longest[4:])
    settings = recipe(steps=10, short_first={"steps": 0.0, "length": 8})["pretrain"]
    longest = [int(rows.lengths[batch].max()) for batch in islice(planned(rows, settings, 0), 4)]
    assert max(longest) > 8


def test_rows_are_cut_to_what_the_model_can_read() -> None:
    long = data_of([[200], [3]], vocabulary=VOCABULARY)
    rows: Rows = make_rows(recipe(row=512), [long])
    assert rows.lengths.tolist() == [MODEL["positions"], 5]
    assert make_rows(recipe(row=64), [long]).lengths.tolist() == [64, 5]


def test_what_cannot_be_trained_is_refused() -> None:
    tiny = data_of([[1, 1]], vocabulary=VOCABULARY)
    with pytest.raises(UserError, match="pretrain.row: the corpus does not fill one row"):
        make_rows(recipe(pack=True, row=64), [tiny])
    settings = recipe(short_first={"steps": 0.5, "length": 3})["pretrain"]
    with pytest.raises(UserError, match="pretrain.short_first.length: no row is that short"):
        next(planned(make_rows(recipe(), [tiny]), settings, 0))
    empty = replace(tiny, offsets=np.zeros(1, dtype=np.int64), columns={"pieces": np.empty(0)})
    with pytest.raises(UserError, match="does not fill one row"):
        make_rows(recipe(), [empty])
