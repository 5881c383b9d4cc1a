"""Transforms: a twin is a permutation within each sentence plus a one-to-one map of the vocabulary.

A transform is a module of this folder, found by its name, with
- `KEEPS_SPANS`: whether a run of neighbouring pieces stays a run (answers can still be asked for);
- `order(sentences, *, seed, **parameters) -> positions`, flat int64 (N,), and/or
- `respell(vocabulary, *, seed, **parameters) -> table`, uint32 (|V|,): the twin's id of each id;
and, where it needs more than pieces,
- `TREES = True`: it reads the columns of a tree (`twinlang.trees`), which encoding then adds;
- `FILES = {parameter: folder}`: the value of the parameter names the file
  {folder}/{value}.json of the results, and `order` is given `files`, {value: path};
- `FROM_LANGUAGE = {parameter: key}`: a parameter that a twin does not give is what the language
  has under that key of the configuration (`code`: the language itself).
- `VALUES = {parameter: JSON schema}`: what its parameters may be, checked with the configuration;
- `keep(sentences, **parameters)`, (S,) bool: which sentences the twin of a corpus has at all.
Every transform that orders also has the parameters `unit` (piece or word) and `keep_spans` (an
answer moves as one unit), which are served here.
Transforms know nothing of tasks: labels and offsets are columns that travel with the pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from twinlang import modules, trees
from twinlang.cli import UserError
from twinlang.naming import unknown
from twinlang.sentences import Sentences

Step = str | Mapping[str, Mapping[str, Any]]
UNITS = ("piece", "word")


names = partial(modules.names, "transforms")
load = partial(modules.load, "transforms")


def parse(step: Step) -> tuple[str, dict[str, Any]]:
    """Name and parameters of a step, `name` or `{name: {parameter: value}}`."""
    if isinstance(step, str):
        return step, {}
    ((name, parameters),) = step.items()
    return name, dict(parameters)


def check(steps: Any) -> None:
    """Checks steps that were given by hand, as the configuration checks those of its twins.

    Raises:
        UserError: they are no list of steps, or a name or parameter of one is unknown.
    """
    if not isinstance(steps, list):
        raise UserError('steps must be a list, such as [{"shuffle": {"window": 3}}]')
    for step in steps:
        if not (isinstance(step, str) or (isinstance(step, dict) and len(step) == 1)):
            raise UserError(f"a step is a name or {{name: {{parameter: value}}}}, not {step}")
        name, parameters = parse(step)
        wrong = unknown("steps", "transform", [name], names())
        if not wrong:
            wrong = unknown(f"steps: {name}", "parameter", parameters, modules.parameters(name))
            wrong += [
                f"steps: {name}: the parameter '{key}' is missing; the configuration takes it from "
                f"{place} of the language"
                for key, place in modules.constant("transforms", name, "FROM_LANGUAGE", {}).items()
                if key not in parameters
            ]
        if wrong:
            raise UserError("; ".join(wrong))


def keeps_spans(steps: Sequence[Step]) -> bool:
    """Whether every step of a twin keeps runs of pieces together, or is told to keep answers so."""
    return all(
        load(name).KEEPS_SPANS or parameters.get("keep_spans", False)
        for name, parameters in map(parse, steps)
    )


def keeps_order(steps: Sequence[Step]) -> bool:
    """Whether no step of a twin moves a piece."""
    return not any(hasattr(load(parse(step)[0]), "order") for step in steps)


def kept(sentences: Sentences, steps: Sequence[Step]) -> np.ndarray:
    """Whether each sentence is one that every step keeps, (S,)."""
    found = np.ones(len(sentences), dtype=bool)
    for name, parameters in map(parse, steps):
        transform = load(name)
        if hasattr(transform, "keep"):
            found &= transform.keep(sentences, **parameters)
    return found


def respelling(steps: Sequence[Step], vocabulary: int, *, seed: int) -> np.ndarray:
    """The twin's id of every orig id, (|V|,) uint32; steps that respell compose left to right.

    Raises:
        UserError: a second respelling would need a third script.
    """
    table = np.arange(vocabulary, dtype=np.uint32)
    spelling = [parse(step) for step in steps if hasattr(load(parse(step)[0]), "respell")]
    if len(spelling) > 1:
        raise UserError("a twin may change the script once; remove a step of that twin")
    for name, parameters in spelling:
        table = load(name).respell(vocabulary, seed=seed, **parameters)
    return table


def apply(
    sentences: Sentences,
    steps: Sequence[Step],
    *,
    vocabulary: int,
    seed: int,
    files: Sequence[str] = (),
) -> Sentences:
    """The twin of sentences: every step in turn, left to right.

    files: what steps read (`FILES`), found by its name less the ending. The result has one more
    column, `positions`: where in the original sentence each piece stood; a tree has done its work.
    No sentence's result depends on another sentence, so shards and their order never matter.
    """
    twin = sentences.with_columns(positions=sentences.local().astype(np.uint16))
    for number, step in enumerate(steps):
        name, parameters = parse(step)
        transform = load(name)
        if hasattr(transform, "order"):
            unit, whole = parameters.pop("unit", "piece"), parameters.pop("keep_spans", False)
            if hasattr(transform, "FILES"):
                parameters["files"] = {Path(file).stem: file for file in files}
            positions = _by_unit(transform.order, unit)(twin, seed=seed + number, **parameters)
            twin = twin.reordered(spans_kept(twin, positions) if whole else positions)
    table = respelling(steps, vocabulary, seed=seed)
    kept = {name: column for name, column in twin.columns.items() if name not in trees.COLUMNS}
    return replace(twin, columns={**kept, "pieces": table[twin.pieces]})


def spans_kept(sentences: Sentences, positions: np.ndarray) -> np.ndarray:
    """Positions in which each answer is a run again, in its own order, where its first piece stood.

    The column `answers` numbers the answers of a record from 1; sentences without it have none.
    """
    if "answers" not in sentences.columns or not sentences.columns["answers"].any():
        return positions
    span, at = _spans(sentences, positions)
    first = np.full(span.max() + 1, len(positions))
    np.minimum.at(first, span, at)
    return np.lexsort((np.arange(len(at)), np.where(span > 0, first[span], at)))


def scattered(twin: Sentences) -> np.ndarray:
    """The items whose answers are not all runs of pieces in a twin."""
    span, at = _spans(twin, np.arange(len(twin.pieces)))
    size, low = np.bincount(span), np.full(span.max() + 1, len(span))
    high = np.zeros(span.max() + 1, dtype=np.int64)
    np.minimum.at(low, span, at)
    np.maximum.at(high, span, at)
    torn = (high - low + 1 != size) & (size > 0)
    torn[0] = False
    return np.unique(np.repeat(twin.items, twin.lengths)[torn[span]])


def _spans(sentences: Sentences, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A number for the answer in its sentence that each piece belongs to, 0 for none, and the
    piece's place in the new order, (N,) each."""
    answers = sentences.columns["answers"].astype(np.int64)
    row = np.repeat(np.arange(len(sentences)), sentences.lengths)
    span = np.where(answers > 0, row * (answers.max() + 1) + answers, 0)
    _, span = np.unique(np.append(span, 0), return_inverse=True)
    at = np.empty(len(positions), dtype=np.int64)
    at[positions] = np.arange(len(positions))
    return span[:-1], at


def _by_unit(order: Callable[..., np.ndarray], unit: str) -> Callable[..., np.ndarray]:
    """`order` over pieces, or over words whose pieces stay together and in sequence."""
    if unit not in UNITS:
        raise UserError(f"unit: {unit} is not known; choose {' or '.join(UNITS)}")
    if unit == "piece":
        return order

    def over_words(sentences: Sentences, **parameters: Any) -> np.ndarray:
        words = np.asarray(sentences.words)
        first = np.ones(len(words), dtype=bool)  # whether a piece begins a word
        first[1:] = words[1:] != words[:-1]
        first[sentences.offsets[:-1][sentences.lengths > 0]] = True
        starts = np.flatnonzero(first)
        counts = np.concatenate([[0], np.cumsum(first)])
        whole = Sentences(
            offsets=counts[sentences.offsets],
            keys=sentences.keys,
            items=sentences.items,
            parts=sentences.parts,
            columns={name: column[starts] for name, column in sentences.columns.items()},
        )
        chosen = order(whole, **parameters)
        sizes = np.diff(np.append(starts, len(words)))[chosen]
        before = np.cumsum(sizes) - sizes
        return np.repeat(starts[chosen] - before, sizes) + np.arange(len(words))

    return over_words
