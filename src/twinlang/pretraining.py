"""Pre-training: one masked language model on the orig corpus and its twin (section 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from twinlang import transforms
from twinlang.batching import Corpus, PackedRows, Rows, SentenceRows, epochs
from twinlang.cli import UserError
from twinlang.devices import Engine
from twinlang.masking import Masking
from twinlang.model import MaskedLM, Shape
from twinlang.optim import Schedule
from twinlang.resume import Resume
from twinlang.tasks import IGNORED
from twinlang.training import MicroBatch, train

EVEN = 64  # to a multiple of which the targets of a compiled loss are filled up


def pretrain(
    recipe: dict[str, Any],
    corpora: Sequence[Corpus],
    *,
    engine: Engine,
    log: Path | None = None,
    resume: Resume | None = None,
    checkpoint: Callable[[MaskedLM, int], None] | None = None,
) -> MaskedLM:
    """A masked LM trained by a recipe on orig alone or on orig and deriv.

    checkpoint: called with the model after 0, 1, 2, 4 ... steps.
    """
    settings = recipe["pretrain"]
    torch.manual_seed(recipe["seed"])
    model = engine.place(MaskedLM(Shape(**recipe["model"])))
    rows = make_rows(recipe, corpora)
    masking = masking_of(recipe, len(corpora))

    def steps(done: int) -> Iterator[list[MicroBatch]]:
        for step, batch in enumerate(planned(rows, settings, recipe["seed"])):
            if step >= done:
                yield micro_batches(rows, batch, masking, (recipe["seed"], step), engine)

    train(
        model,
        steps=steps,
        loss=masked_loss,
        schedule=schedule_of(settings),
        seed=recipe["seed"],
        engine=engine,
        log=log,
        resume=resume,
        checkpoint=partial(checkpoint, model) if checkpoint else None,
    )
    return model


def schedule_of(settings: dict[str, Any]) -> Schedule:
    """The optimiser's part of a recipe."""
    names = ("steps", "learning_rate", "warmup", "epsilon", "weight_decay", "clip")
    return Schedule(betas=tuple(settings["betas"]), **{name: settings[name] for name in names})


def make_rows(recipe: dict[str, Any], corpora: Sequence[Corpus]) -> Rows:
    """Rows to train on: `pack` joins units to full rows, otherwise a row is a sentence.

    Raises:
        UserError: the corpora do not fill a single row.
    """
    settings, longest = recipe["pretrain"], recipe["model"]["positions"]
    if settings["pack"]:
        rows: Rows = PackedRows(corpora, length=settings["row"])
    else:
        rows = SentenceRows(corpora, longest=min(longest, settings["row"]))
    if not len(rows):
        raise UserError("pretrain.row: the corpus does not fill one row; shorten it")
    return rows


def masking_of(recipe: dict[str, Any], languages: int) -> Masking:
    """The recipe's masking, with the ids that random pieces of each language are drawn from."""
    settings = recipe["pretrain"]
    orig = np.arange(recipe["vocabulary"], dtype=np.int64)
    deriv = orig
    if settings["random_from"] == "own":
        table = transforms.respelling(recipe["twin"], len(orig), seed=recipe["twin_seed"])
        deriv = table.astype(np.int64)
    return Masking(
        settings["mask"], settings["mask_token"], settings["mask_random"], [orig, deriv][:languages]
    )


def planned(rows: Rows, settings: dict[str, Any], seed: int) -> Iterator[np.ndarray]:
    """The rows of each step; short ones only for a first part of the steps, where asked for."""
    short_first = settings["short_first"]
    until = round(settings["steps"] * short_first["steps"])
    lengths, places = rows.lengths, settings["tokens"]
    if until:
        if not (lengths <= short_first["length"]).any():
            raise UserError("pretrain.short_first.length: no row is that short; raise it")
        short = epochs(lengths, places=places, seed=seed, short=short_first["length"])
        for _ in range(until):
            yield next(short)
    yield from epochs(lengths, places=places, seed=seed)


def micro_batches(
    rows: Rows, batch: np.ndarray, masking: Masking, seed: tuple[int, int], engine: Engine
) -> list[MicroBatch]:
    """A step's rows, masked as a whole and then cut, so that the cut never changes a mask."""
    ids, lengths = rows.batch(batch)
    masked, at, targets = masking(ids, rows.language[batch], seed=seed)
    time = ids.shape[1]
    size = engine.share(len(batch), time)
    found = []
    for first in range(0, len(batch), size):
        last = min(first + size, len(batch))
        low, high = np.searchsorted(at, [first * time, last * time])
        padded = bool((lengths[first:last] < time).any())
        # A compiled loss is compiled for few shapes: what is beyond the targets is not counted.
        beyond = -int(high - low) % EVEN if engine.compiled else 0
        tensors: dict[str, Tensor | None] = {
            "ids": torch.from_numpy(masked[first:last]),
            "lengths": torch.from_numpy(lengths[first:last]) if padded else None,
            "at": torch.from_numpy(np.pad(at[low:high] - first * time, (0, beyond))),
            "targets": torch.from_numpy(
                np.pad(targets[low:high], (0, beyond), constant_values=IGNORED)
            ),
            "rows": torch.arange(first, last),
        }
        found.append(MicroBatch(tensors, int(high - low), int(lengths[first:last].sum())))
    return found


def masked_loss(model: nn.Module, tensors: dict[str, Tensor | None]) -> Tensor:
    """Summed cross-entropy of the masked pieces of a micro-batch."""
    return model.loss(**tensors)  # type: ignore[operator]
