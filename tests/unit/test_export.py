"""Exported models as users meet them: `transformers` loads them offline and says what ours say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor, nn

from tests.micro import SETTINGS, VOCABULARY, Study, step
from tests.unit.test_steps import TWIN, common, finetuned, finetuned_mono
from twinlang import card, exporting, finetuning, sentences, tasks, weights
from twinlang.cli import UserError, read_json, read_lines
from twinlang.devices import Engine
from twinlang.instances import instances, tensors_of
from twinlang.model import MaskedLM, Shape

CLASSES = {
    "nli": "AutoModelForSequenceClassification",
    "ner": "AutoModelForTokenClassification",
    "pos": "AutoModelForTokenClassification",
    "qa": "AutoModelForQuestionAnswering",
}
FILES = {
    *("README.md", "config.json", "model.safetensors", "recipe.json", "special_tokens_map.json"),
    *("tokenizer.json", "tokenizer_config.json"),
}
BUILTIN = {"source": "builtin", "seed": 0, "sentences": 40000, "items": {}}
TEXTS = ["Ana Lee saw the boat.", "  two  blanks ", "ça\tété — नमस्ते", "<unk>!", "x"]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def exported(study: Study, folder: Path, twin: list, **more: Any) -> Path:
    flags = {"recipe": study.recipe(twin), "model": study.model(twin), "data": BUILTIN, **more}
    step("export", **flags, tokenizer=study.tokenizer, output=folder)
    return folder


def loaded(name: str, folder: Path) -> Any:
    import transformers

    model, said = getattr(transformers, name).from_pretrained(folder, output_loading_info=True)
    assert not any(said.values()), said
    return model.eval()


class Theirs(nn.Module):
    """A model of the library, called as ours are."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, lengths: Tensor | None) -> Tensor:
        mask = torch.ones_like(ids)
        if lengths is not None:
            mask = (torch.arange(ids.shape[1])[None] < lengths[:, None]).long()
        found = self.model(input_ids=ids, attention_mask=mask)
        if "start_logits" in found:
            return torch.stack([found.start_logits, found.end_logits], dim=-1)
        return found.logits


@torch.inference_mode()
def compared(ours: nn.Module, theirs: nn.Module, ids: Tensor, lengths: Tensor | None) -> None:
    """Equal logits at all real places of a batch."""
    one, other = ours.eval()(ids, lengths), theirs(ids, lengths)
    one = one.view(other.shape)
    if lengths is not None and one.dim() == 3 and one.shape[1] == ids.shape[1]:
        real = torch.arange(ids.shape[1])[None] < lengths[:, None]
        one, other = one[real], other[real]
    assert (one - other).abs().max() < 1e-5


def test_a_masked_language_model(study: Study, tmp_path: Path) -> None:
    folder = exported(study, tmp_path / "lm", TWIN)
    assert {path.name for path in folder.iterdir()} == FILES | {"deriv_ids.json"}
    ours = MaskedLM(Shape(**read_json(study.recipe(TWIN))["model"]))
    weights.load(study.model(TWIN), ours)
    theirs = loaded("AutoModelForMaskedLM", folder)
    shown = instances(sentences.read(study.corpus(TWIN)), max_length=64)[:9]
    for batch in (shown, shown[:1]):
        ids, lengths = tensors_of(batch, None).values()
        assert ids is not None and (ids >= VOCABULARY).any()
        compared(ours, Theirs(theirs), ids, lengths)
    assert theirs.config.vocab_size == 2 * VOCABULARY
    tied = theirs.lm_head.decoder.weight is theirs.roberta.embeddings.word_embeddings.weight
    assert tied and theirs.config.max_position_embeddings == 128 + 2


@pytest.mark.parametrize("task", sorted(CLASSES))
def test_a_fine_tuned_model(study: Study, tmp_path: Path, task: str) -> None:
    """Equal logits, and equal scores on the encoded development set."""
    model = finetuned_mono(study, tmp_path, task)
    more = {"model": model, "task": task, "settings": SETTINGS, "metrics": tmp_path / "mo.json"}
    folder = exported(study, tmp_path / "out", [], **more)
    assert {path.name for path in folder.iterdir()} == FILES
    module, data = tasks.load(task), sentences.read(study.task(task, "dev", []))
    ours = finetuning.classifier(read_json(study.recipe([])), module, SETTINGS, 0)
    weights.load(model, ours)
    theirs = Theirs(loaded(CLASSES[task], folder))
    ids, lengths = tensors_of(instances(data, max_length=96)[:7], None).values()
    assert ids is not None and lengths is not None
    compared(ours, theirs, ids, lengths)
    settings: Any = {**SETTINGS, "swap": False, "language": "en"}
    records = read_lines(study.items(task, "dev"))
    options: Any = {"engine": Engine(), "settings": settings}
    found = finetuning.predict(theirs, task=module, data=data, records=records, **options)
    metric = read_json(tmp_path / "mo.json")
    assert module.score(records, found, settings) == metric["scores"]
    assert f"| {round(metric['value'], 1)} | 12 |" in (folder / "README.md").read_text()
    assert theirs.model.config.hidden_dropout_prob == SETTINGS["dropout"]
    if module.HEAD != "span":
        assert tuple(theirs.model.config.id2label.values()) == module.LABELS


def test_the_tokenizer(study: Study, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(exported(study, tmp_path / "out", ["inversion"]))
    for text, encoded in zip(TEXTS, study.encoder.texts(TEXTS), strict=True):
        if "<" not in text:  # what looks like a special piece is one to the library
            assert theirs(text).input_ids == [0, *encoded.ids, 2]
            assert theirs(text, add_special_tokens=False).input_ids == encoded.ids
            assert theirs(text, return_offsets_mapping=True).offset_mapping[1:-1] == encoded.spans
    one, other = (encoded.ids for encoded in study.encoder.texts(["A boat.", "Rome"]))
    assert theirs("A boat.", "Rome").input_ids == [0, *one, 2, 2, *other, 2]
    batch = theirs(["A boat.", "Rome"], padding=True, return_tensors="pt")
    assert set(batch) == {"input_ids", "attention_mask"}
    assert batch["input_ids"][1].tolist() == [0, *other, 2] + [1] * (len(one) - len(other))
    assert theirs.model_max_length == 128 and theirs.mask_token_id == 4
    (whole,) = study.encoder.texts(["Ana saw boat."])
    masked = theirs("Ana <mask> boat.").input_ids
    assert set(masked) - {0, 2, 4} < set(whole.ids)  # no lone blank beside the mask


def test_ids_of_the_twin(study: Study, tmp_path: Path) -> None:
    twin = ["transliteration"]
    folder = exported(study, tmp_path / "out", twin)
    table = read_json(folder / "deriv_ids.json")
    orig, deriv = (sentences.read(study.corpus(steps)).pieces for steps in ([], twin))
    assert [table[piece] for piece in orig] == deriv.tolist() and table[:5] == [0, 1, 2, 3, 4]


def test_the_card(study: Study, tmp_path: Path) -> None:
    finetuned(study, tmp_path, "pos")
    recipe = {**read_json(study.recipe(TWIN)), "language": "en", "name": "inversion+half"}
    (tmp_path / "recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    flags: dict[str, Any] = {"recipe": tmp_path / "recipe.json", "metrics": tmp_path / "bz.json"}
    text = (exported(study, tmp_path / "out", TWIN, **flags) / "README.md").read_text("utf-8")
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["language"] == ["en", "en-x-inversio-half"]
    assert front["license"] == "apache-2.0" and front["pipeline_tag"] == "fill-mask"
    for word in (
        "`inversion`: Inversion",
        "deriv_ids",
        "fine-tuned on the original",
        '"steps": 12',
    ):
        assert word in text, word
    own = {"source": "files", "folder": "/home/me/secret", "sentences": 9}
    text = (exported(study, tmp_path / "out", [], data=own) / "README.md").read_text("utf-8")
    assert yaml.safe_load(text.split("---\n")[1])["license"] == "other"
    assert "secret" not in text and "## Scores" not in text and "## The twin" not in text


@pytest.mark.parametrize(
    "lang, twin, expected",
    [
        ("en", "", "en"),
        ("en", "inversion", "en-x-inversio"),
        ("hi", "inversion+transliteration", "hi-x-inversio-translit"),
        ("en-web", "half_script", "en-x-web-half-script"),
        ("klingon", "", "und-x-klingon"),
        ("E", "b", "und-x-e-b"),
    ],
)
def test_language_tags(lang: str, twin: str, expected: str) -> None:
    assert card.tag(lang, twin) == expected
    assert re.fullmatch(r"[a-z]{2,3}(-x(-[a-z0-9]{1,8})+)?", expected)


def test_the_library_is_not_needed() -> None:
    code = "import sys, twinlang.steps.export; sys.exit('transformers' in sys.modules)"
    path = os.pathsep.join(part for part in sys.path if part)
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 0


def test_what_does_not_fit_is_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="model.safetensors does not fit the recipe's model"):
        exported(study, tmp_path / "a", TWIN, model=study.model([]))
    with pytest.raises(UserError, match="does not fit"):
        exported(study, tmp_path / "a", [], task="pos", settings=SETTINGS)
    with pytest.raises(UserError, match="--task and --settings belong together"):
        exported(study, tmp_path / "a", [], task="pos")
    with pytest.raises(UserError, match="nothing is fine-tuned for retrieval"):
        exported(study, tmp_path / "a", [], task="retrieval", settings=SETTINGS)
    other = tmp_path / "tokenizer.json"
    step("train_tokenizer", corpus=study.text, vocabulary=290, output=other)
    flags = {"recipe": study.recipe([]), "model": study.model([]), "output": tmp_path / "a"}
    with pytest.raises(UserError, match="has 290 pieces, the model's recipe 300"):
        step("export", **flags, tokenizer=other)
    other.write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="tokenizer.json is no tokenizer"):
        step("export", **flags, tokenizer=other)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("setting", ["bz", "bs"])
def test_fine_tuned_again(study: Study, tmp_path: Path, setting: str) -> None:
    finetuned(study, tmp_path, "pos")
    metric, model = tmp_path / f"{setting}.json", tmp_path / "again.safetensors"
    flags = {**common(study, "pos", TWIN), "items_train": study.items("pos", "train")}
    flags |= {"train": study.task("pos", "train", [] if setting == "bz" else TWIN)}
    flags |= {"deriv_dev": study.task("pos", "dev", TWIN), "output": model, "metric": metric}
    step("finetune_again", **flags)
    settings = {**SETTINGS, "swap": False}
    ours = finetuning.classifier(read_json(study.recipe(TWIN)), tasks.load("pos"), settings, 0)
    weights.load(model, ours)
    model.unlink()
    metric.write_text(json.dumps({**read_json(metric), "value": 99.0}), encoding="utf-8")
    with pytest.raises(UserError, match=f"{setting}.json says 99.00, the model made again scores"):
        step("finetune_again", **flags)
    assert not model.exists()


def test_a_longer_row_than_the_model_reads(study: Study) -> None:
    recipe, task = read_json(study.recipe([])), tasks.load("pos")
    with pytest.raises(UserError, match="max_length of the task, 129 .* 128 positions"):
        finetuning.classifier(recipe, task, {**SETTINGS, "max_length": 129}, 0)


def test_half_a_folder_is_not_loadable(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = exported(study, tmp_path / "out", [])

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "save_tensors", full)
    with pytest.raises(OSError):
        exported(study, folder, [])
    assert not (folder / "config.json").exists()
