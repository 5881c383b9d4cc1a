"""Checkpoints that `transformers` wrote, imported: they say the same, and can be measured."""

from __future__ import annotations

import copy as copying
import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from tests.foreign import VOCABULARY, foreign_model, foreign_tokenizer, imported, unigram_tokenizer
from tests.micro import SETTINGS, Study, step
from tests.unit.test_export import exported
from tests.unit.test_steps import COORDINATES, TWIN
from twinlang import parameters, sentences, validation, weights
from twinlang.cli import UserError, read_json
from twinlang.model import MaskedLM, Shape
from twinlang.tokenizer import Encoder


def ours_of(folder: Path) -> MaskedLM:
    model = MaskedLM(Shape(**read_json(folder / "recipe.json")["model"])).eval()
    weights.load(folder / "model.safetensors", model)
    return model


@torch.inference_mode()
def same(folder: Path, theirs: Any, theirs_ids: list[int], ours_ids: list[int]) -> None:
    """Equal logits of one text, each model with its own ids."""
    ours = ours_of(folder)
    found = ours(torch.tensor([ours_ids]), None)
    expected = theirs(input_ids=torch.tensor([theirs_ids])).logits[0]
    order = [0, 1, 2, 3, VOCABULARY - 1, *range(4, VOCABULARY - 1)]
    assert found.abs().max() > 1
    assert (found - expected[:, order]).abs().max() < 1e-5


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"kind": "XLMRoberta"},
        {"shards": "10KB"},
        {"pad_token_id": 7, "type_vocab_size": 1},
        {"vocab_size": VOCABULARY + 6},  # padded to a rounder number
        {"layer_norm_eps": 1e-3},
    ],
)
def test_a_checkpoint_says_the_same(tmp_path: Path, more: dict[str, Any]) -> None:
    tokenizer = foreign_tokenizer(tmp_path / "theirs")
    theirs = foreign_model(tmp_path / "theirs", **more)
    assert len(list((tmp_path / "theirs").glob("*.safetensors"))) == (4 if "shards" in more else 1)
    folder = imported(tmp_path / "theirs", tmp_path / "ours")
    (encoded,) = Encoder(folder / "tokenizer.json").texts(["Ana Lee saw the red lamp, été."])
    ids = tokenizer(" Ana Lee saw the red lamp, été.").input_ids  # a blank before every text
    same(folder, theirs, ids, [0, *encoded.ids, 2])
    same(folder, theirs, [0, VOCABULARY - 1, 5, 2], [0, 4, 6, 2])
    recipe = read_json(folder / "recipe.json")
    assert recipe["vocabulary"] == recipe["model"]["rows"] == VOCABULARY
    assert "config.json" in recipe["pretrain"]["imported"]
    assert recipe["model"]["positions"] == 98 - 1 - more.get("pad_token_id", 1)


def test_a_tokenizer_of_another_kind(tmp_path: Path) -> None:
    """XLM-RoBERTa's: our words and texts are spelt as the library spells text."""
    theirs = unigram_tokenizer(tmp_path / "theirs")
    size = len(theirs)
    model = foreign_model(tmp_path / "theirs", kind="XLMRoberta", vocab_size=size)
    folder = imported(tmp_path / "theirs", tmp_path / "ours")
    encoder, text = Encoder(folder / "tokenizer.json"), "Ana Lee saw Rome, ½."
    (encoded,) = encoder.texts([text])
    ids = theirs(text).input_ids
    assert ids[1:-1] == [n if n in (0, 1, 2, 3) else n - 1 for n in encoded.ids]
    words = ["Ana", "Lee", "saw", "Rome", ",", "½", "."]
    spelt, _ = encoder.words(words, [True, True, True, True, False, True, False])
    assert spelt == encoded.ids and encoder.vocabulary == size
    (logits,) = model(input_ids=torch.tensor([ids])).logits
    order = [0, 1, 2, 3, size - 1, *range(4, size - 1)]
    found = ours_of(folder)(torch.tensor([[0, *encoded.ids, 2]]), None)
    assert (found - logits[:, order]).abs().max() < 1e-5
    flags = {"recipe": folder / "recipe.json", "model": folder / "model.safetensors"}
    step("export", **flags, tokenizer=folder / "tokenizer.json", output=tmp_path / "out")
    from transformers import AutoTokenizer

    again = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert again(text).input_ids == [0, *encoded.ids, 2]


def test_half_precision(tmp_path: Path, foreign: Path, copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    halves = {name: tensor.bfloat16() for name, tensor in tensors.items()}
    save_file(halves, copy / "model.safetensors", {"format": "pt"})
    one = ours_of(imported(foreign, tmp_path / "one")).state_dict()
    other = ours_of(imported(copy, tmp_path / "other")).state_dict()
    assert {tensor.dtype for tensor in other.values()} == {torch.float32}
    assert all((other[name] - one[name]).abs().max() < 0.02 for name in one)


@pytest.mark.parametrize("twin", [[], TWIN])
def test_there_and_back(study: Study, tmp_path: Path, twin: list) -> None:
    """An exported model comes back as the very same files."""
    back = imported(exported(study, tmp_path / "out", twin), tmp_path / "back")
    assert (back / "recipe.json").read_bytes() == study.recipe(twin).read_bytes()
    assert (back / "model.safetensors").read_bytes() == study.model(twin).read_bytes()
    assert (back / "tokenizer.json").read_bytes() == study.tokenizer.read_bytes()


def test_words_are_spelt_alike_wherever_they_stand(foreign: Path, tmp_path: Path) -> None:
    encoder = Encoder(imported(foreign, tmp_path / "ours") / "tokenizer.json")
    (encoded,) = encoder.texts(["Ana saw Rome."])
    ids, words = encoder.words(["Ana", "saw", "Rome", "."], [True, True, True, False])
    assert ids == encoded.ids and len(set(words)) == 4
    assert encoder.vocabulary == VOCABULARY and encoder.decode(ids) == "Ana saw Rome."


def test_other_names_of_special_pieces(copy: Path, tmp_path: Path) -> None:
    path = copy / "tokenizer.json"
    text = path.read_text(encoding="utf-8").replace('"<pad>"', '"[PAD]"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="tokenizer.json has no special piece <pad>; add it"):
        imported(copy, tmp_path / "ours")
    told = copy / "tokenizer_config.json"
    told.write_text(json.dumps({**read_json(told), "pad_token": "[PAD]"}), encoding="utf-8")
    vocabulary = read_json(imported(copy, tmp_path / "ours") / "tokenizer.json")["model"]["vocab"]
    assert [vocabulary[name] for name in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")] == [*range(5)]


def test_a_study_of_an_imported_model(foreign: Path, tmp_path: Path) -> None:
    """A built-in language through the steps that a user runs by hand: BZ, BS, MZ and retrieval."""
    folder = imported(foreign, tmp_path / "ours")
    for task, split in (("pos", "train"), ("pos", "dev"), ("retrieval", "dev")):
        built_in(tmp_path / task, task, split, folder / "tokenizer.json")
    made = {"recipe": folder / "recipe.json", "model": folder / "model.safetensors"}
    pos, retrieval = tmp_path / "pos", tmp_path / "retrieval"
    flags = {**made, "task": "pos", "settings": {**SETTINGS, "max_length": 96}}
    flags |= {"coordinates": {**COORDINATES, "task": "pos"}, "items_dev": pos / "dev.jsonl"}
    train = {"items_train": pos / "train.jsonl", "orig_train": pos / "train.arrow"}
    tuned = tmp_path / "tuned.safetensors"
    mono = {**train, "orig_dev": pos / "dev.arrow", "output": tuned}
    step("finetune_mono", **flags, **mono, metric=pos / "mo.json")
    deriv = {"deriv_train": pos / "train-twin.arrow", "deriv_dev": pos / "dev-twin.arrow"}
    step("finetune", **flags, **train, **deriv, bz=pos / "bz.json", bs=pos / "bs.json")
    evaluated = {**flags, "model": tuned, "deriv_dev": pos / "dev-twin.arrow"}
    step("evaluate", **evaluated, metric=pos / "mz.json")
    scores = {name: read_json(pos / f"{name}.json")["scores"] for name in ("bz", "mz", "mo")}
    assert scores["bz"] == scores["mz"]  # the model has no other half
    both = {**made, "mono_recipe": made["recipe"], "mono_model": made["model"]}
    sets = {"orig_dev": retrieval / "dev.arrow", "deriv_dev": retrieval / "dev-twin.arrow"}
    found = retrieval / "retrieval.json"
    length = {"settings": {"max_length": 96}, "coordinates": COORDINATES}
    step("retrieve", **both, **sets, **length, metric=found)
    assert read_json(found)["bilingual"] == read_json(found)["mono"]
    with pytest.raises(UserError, match="max_length of the task, 97 .* 96 positions"):
        length["settings"]["max_length"] = 97
        step("retrieve", **both, **sets, **length, metric=found)


def built_in(folder: Path, task: str, split: str, tokenizer: Path) -> None:
    """Records of built-in English, encoded, and their inversion."""
    records, encoded = folder / f"{split}.jsonl", folder / f"{split}.arrow"
    settings = {"source": "builtin", "seed": 0, "items": {task: {"train": 24, "dev": 12}}}
    place = {"lang": "en", "task": task, "split": split}
    report = folder / f"{split}.report.json"
    step("fetch_task", settings=settings, **place, output=records, report=report)
    flags = {"items": records, "task": task, "lang": "en", "tokenizer": tokenizer}
    step("encode_task", **flags, dataset=f"en/{task}/{split}", output=encoded)
    twin = folder / f"{split}-twin.arrow"
    step("derive", input=encoded, steps=["inversion"], seed=0, output=twin)


def test_alignment_of_an_imported_model(study: Study, tmp_path: Path) -> None:
    """Of a twin's model from elsewhere, which has no recipe: --settings says what it stands for."""
    source = exported(study, tmp_path / "out", TWIN)
    (source / "recipe.json").unlink()
    settings = {"twin": TWIN, "twin_seed": 0, "seed": 0}
    folder = imported(source, tmp_path / "in", settings=settings)
    values = []
    for made in (folder, study.recipe(TWIN).parent):
        flags = {"recipe": made / "recipe.json", "model": made / "model.safetensors"}
        flags |= {"orig": study.corpus([]), "output": tmp_path / "a.json"}
        step("align", **flags, coordinates=COORDINATES)
        values.append({k: v for k, v in read_json(tmp_path / "a.json").items() if "sha" not in k})
    assert values[0] == values[1]
    assert sentences.read(study.corpus(TWIN)).pieces.max() < len(ours_of(folder).bias)


def test_a_script_that_the_model_has_not_read(foreign: Path, tmp_path: Path) -> None:
    settings = {"twin": ["transliteration"]}
    with pytest.raises(UserError, match="290 embedding rows, but its twin's script needs 2 x 290"):
        imported(foreign, tmp_path / "ours", settings=settings)


def test_a_folder_is_not_imported_into_itself(copy: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in copy.iterdir()}
    with pytest.raises(UserError, match="tokenizer.json would lie in the folder that is imported"):
        imported(copy, copy)
    step("import_tokenizer", folder=copy, output=tmp_path / "tokenizer.json")
    flags = {"folder": copy, "tokenizer": tmp_path / "tokenizer.json"}
    flags |= {"recipe": tmp_path / "recipe.json", "model": copy / "model.safetensors"}
    with pytest.raises(UserError, match="model.safetensors would lie in"):
        step("import_model", **flags)
    assert {path: path.read_bytes() for path in copy.iterdir()} == before


def test_one_tokenizer_a_language(study: Study, foreign: Path, tmp_path: Path) -> None:
    flags = {"folder": foreign, "tokenizer": study.tokenizer, "recipe": tmp_path / "recipe.json"}
    with pytest.raises(UserError, match="has other pieces than .*tokenizer.json; all models of a"):
        step("import_model", **flags, model=tmp_path / "model.safetensors")
    assert not list(tmp_path.glob("*.json"))


# In the configuration -----------------------------------------------------------------------------

PROJECT = Path(__file__).parents[2]
DEFAULT = yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8"))


def test_a_folder_a_model(tmp_path: Path) -> None:
    config = copying.deepcopy(DEFAULT)
    config["languages"]["en"]["model"] = f"{tmp_path}/{{twin}}-{{pairing}}-{{seed}}"
    place = {"lang": "en", "twin": "inversion", "pairing": "parallel", "seed": "3"}
    assert parameters.checkpoint(config, **place) == tmp_path / "inversion-parallel-3"
    assert parameters.checkpoint(config, lang="en") == tmp_path / "orig-mono-0"
    found = validation.problems(config, PROJECT / "schemas/config.schema.yaml")
    asked = {t for e in config["experiments"] if "en" in e["languages"] for t in e["twins"]}
    assert len(found) == len(asked) + 1 and all(
        error.startswith("languages.en.model: ") for error in found
    )
    for error in found:
        folder = Path(error.split(" ")[1])
        folder.mkdir()
        (folder / "config.json").touch()
    assert not validation.problems(config, PROJECT / "schemas/config.schema.yaml")
    files = parameters.checkpoint_files(config, **{**place, "seed": "0"})
    assert files == [str(tmp_path / "inversion-parallel-0/config.json")]


def test_an_import_depends_on_no_training() -> None:
    place = {"lang": "en", "twin": "inversion", "pairing": "parallel", "seed": "3"}
    settings = json.loads(parameters.import_settings(DEFAULT, **place))
    whole = json.loads(parameters.pretrain_settings(DEFAULT, **place))
    assert set(whole) - set(settings) == {"model", "pretrain"}
    assert settings == {key: whole[key] for key in settings}
