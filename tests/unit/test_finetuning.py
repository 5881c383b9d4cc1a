"""Fine-tuning: it learns each kind of head, and predictions come back in the records' order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.micro import MODEL, SETTINGS, VOCABULARY, Study, items
from twinlang import finetuning, modules, sentences, tasks
from twinlang.cli import UserError, read_lines
from twinlang.devices import Engine
from twinlang.finetuning import classifier, finetune, logits_of, predict
from twinlang.instances import instances
from twinlang.sentences import Sentences

TUNED = [name for name in modules.names("tasks") if name != "retrieval"]
RECIPE = {"model": {**MODEL, "rows": VOCABULARY, "initializer_range": 0.2}}


def fitted(study: Study, name: str, **more: Any) -> tuple[Any, Sentences, Any, dict[str, Any]]:
    """A model that has seen the 24 training records of a task for some epochs."""
    task, records = tasks.load(name), read_lines(study.items(name, "train"))
    data = sentences.read(study.task(name, "train", []))
    settings = {**SETTINGS, "dropout": 0.0, "freeze_embeddings": False, "language": "en", **more}
    model = classifier(RECIPE, task, settings, settings.get("seed", 0))
    options: Any = {"seed": settings.get("seed", 0)}
    options["engine"] = Engine(micro_batch=settings.get("micro_batch", 0))
    finetune(model, task=task, settings=settings, data=data, records=records, **options)
    return model, data, records, settings


def predictions(name: str, found: tuple[Any, Sentences, Any, dict[str, Any]]) -> Any:
    model, data, records, settings = found
    options: Any = {"settings": settings, "data": data, "records": records}
    return predict(model, task=tasks.load(name), engine=Engine(), **options)


@pytest.mark.parametrize("name, epochs", [("pos", 12), ("ner", 12), ("nli", 40), ("qa", 30)])
def test_a_task_is_learnt(study: Study, name: str, epochs: int) -> None:
    task = tasks.load(name)
    before, after = (
        task.score(found[2], predictions(name, found), found[3])[task.METRIC]
        for found in (fitted(study, name, epochs=n) for n in (0, epochs))
    )
    assert after > 85 and after > before + 20


@pytest.mark.parametrize("name", TUNED)
def test_predictions_are_in_the_order_of_the_records(study: Study, name: str) -> None:
    found = fitted(study, name)
    assert [p["id"] for p in predictions(name, found)] == [record["id"] for record in found[2]]
    assert {"gold", "predicted"} <= set(predictions(name, found)[0])


def test_frozen_embeddings_stay(study: Study) -> None:
    torch.manual_seed(0)
    before = classifier(RECIPE, tasks.load("pos"), {**SETTINGS, "dropout": 0.0}, 0).state_dict()
    for frozen in (True, False):
        after = fitted(study, "pos", freeze_embeddings=frozen)[0].state_dict()
        for part in ("pieces", "positions", "norm"):
            same = bool((after[f"encoder.{part}.weight"] == before[f"encoder.{part}.weight"]).all())
            assert same == frozen, part
        assert (after["classify.weight"] != before["classify.weight"]).any()


def test_micro_batches_change_rounding_alone_and_seeds_change_more(study: Study) -> None:
    """Seen in the logits: some biases have no gradient but rounding, which Adam makes large."""
    logits = []
    for more in ({}, {"micro_batch": 100}, {"seed": 1}):
        model, data, _, settings = fitted(study, "pos", **more)
        shown = instances(data, max_length=settings["max_length"])
        found = logits_of(model, shown, engine=Engine())
        logits.append(np.concatenate([v for _, v in sorted(found, key=lambda pair: pair[0].item)]))
    one, cut, other = logits
    assert np.abs(one - cut).max() < 1e-3 < 0.1 < np.abs(one - other).max()


def test_batches_of_prediction_do_not_matter(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data, _, settings = fitted(study, "pos")
    shown = instances(data, max_length=settings["max_length"])
    options: Any = {"engine": Engine()}
    whole = {i.item: values for i, values in logits_of(model, shown, **options)}
    monkeypatch.setitem(finetuning.PLACES, "cpu", 30)
    for instance, values in logits_of(model, shown, **options):
        assert values.shape == (len(instance.ids), 17)
        assert np.abs(values - whole[instance.item]).max() < 1e-5


def test_a_word_beyond_the_longest_row_counts_as_missed(study: Study) -> None:
    found = fitted(study, "ner", max_length=8)
    for prediction, record in zip(predictions("ner", found), found[2], strict=True):
        assert prediction["gold"] == record["labels"]
        assert prediction["predicted"][-1] == "O"
        assert prediction["words"] == list(range(len(record["words"])))
    pos = predictions("pos", fitted(study, "pos", max_length=8))
    assert all(prediction["predicted"][-1] == "X" for prediction in pos)


def test_records_out_of_step_are_refused(study: Study) -> None:
    model, data, records, settings = fitted(study, "pos")
    with pytest.raises(UserError, match="out of step; encode the task again"):
        predictions("pos", (model, data, [*records, *items("pos", 1)], settings))


def test_warm_up_is_steps_or_a_share_of_them() -> None:
    assert [finetuning._warmup(w, 200) for w in (0, 0.1, 1, 50)] == [0, 20, 1, 50]
