"""Checkpoints that `transformers` wrote: imported they say the same; bad ones are refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.micro import SETTINGS, Study, corpus, step
from tests.unit.test_export import exported
from tests.unit.test_steps import COORDINATES, TWIN
from twinlang import sentences, weights
from twinlang.cli import UserError, read_json
from twinlang.model import MaskedLM, Shape
from twinlang.tokenizer import Encoder

VOCABULARY = 290  # pieces of the foreign tokenizer
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]  # RoBERTa's <mask> is its last piece


def foreign_tokenizer(folder: Path) -> Any:
    """A tokenizer as RoBERTa's: GPT-2's pattern, no blank before a text, <mask> last."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import RobertaTokenizer

    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 1,
        special_tokens=SPECIAL,
        initial_alphabet=alphabet,
        show_progress=False,
    )
    bare.train_from_iterator(corpus(), trainer)
    model = json.loads(bare.to_str())["model"]
    vocab = {**model["vocab"], "<mask>": VOCABULARY - 1}
    merges = [tuple(pair) for pair in model["merges"]]
    tokenizer = RobertaTokenizer(vocab=vocab, merges=merges)
    tokenizer.save_pretrained(folder)
    return tokenizer


def foreign_model(folder: Path, *, kind: str = "Roberta", shards: str = "1GB", **more: Any) -> Any:
    import transformers

    sizes: dict[str, Any] = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 24}
    sizes |= {"num_hidden_layers": 2, "max_position_embeddings": 98, "type_vocab_size": 2}
    sizes |= {"vocab_size": VOCABULARY, "initializer_range": 0.3, **more}
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**sizes)
    model = getattr(transformers, f"{kind}ForMaskedLM")(config).eval()
    with torch.no_grad():  # biases and norms other than 0 and 1, so that a mix-up shows
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    model.save_pretrained(folder, max_shard_size=shards)
    return model


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in the form of roberta-base; read only."""
    folder = tmp_path_factory.mktemp("foreign")
    foreign_tokenizer(folder)
    foreign_model(folder)
    return folder


@pytest.fixture
def copy(foreign: Path, tmp_path: Path) -> Path:
    """The same, to be spoilt."""
    shutil.copytree(foreign, tmp_path / "copy")
    return tmp_path / "copy"


def imported(source: Path, folder: Path, **more: Any) -> Path:
    step("import_tokenizer", folder=source, output=folder / "tokenizer.json")
    flags = {"folder": source, "tokenizer": folder / "tokenizer.json", **more}
    step("import_model", **flags, recipe=folder / "recipe.json", model=folder / "model.safetensors")
    return folder


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


def test_a_study_of_an_imported_model(study: Study, foreign: Path, tmp_path: Path) -> None:
    """Fine-tuning, zero-shot scores and retrieval, with the steps that a user runs by hand."""
    folder = imported(foreign, tmp_path / "ours")
    made = {"recipe": folder / "recipe.json", "model": folder / "model.safetensors"}
    data: dict[str, Path] = {}
    for task in ("pos", "retrieval"):
        for split in ("train", "dev"):
            data[split] = tmp_path / f"{task}/{split}.arrow"
            flags = {"items": study.items(task, split), "task": task, "lang": "en"}
            flags |= {"tokenizer": folder / "tokenizer.json", "output": data[split]}
            step("encode_task", **flags, dataset=f"en/{task}/{split}")
            twin = data[split].with_stem(f"{split}-twin")
            step("derive", input=data[split], steps=["inversion"], seed=0, output=twin)
    pos, retrieval = tmp_path / "pos", tmp_path / "retrieval"
    flags = {**made, "task": "pos", "settings": {**SETTINGS, "max_length": 64}}
    flags |= {"coordinates": {**COORDINATES, "task": "pos"}}
    flags |= {"items_dev": study.items("pos", "dev")}
    train = {"items_train": study.items("pos", "train"), "orig_train": pos / "train.arrow"}
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
    length = {"settings": {"max_length": 64}, "coordinates": COORDINATES}
    step("retrieve", **both, **sets, **length, metric=found)
    assert read_json(found)["bilingual"] == read_json(found)["mono"]


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


# Damaged and unfit ones ---------------------------------------------------------------------------

POSITIONS = "roberta.embeddings.position_embeddings.weight"
DENSE = "roberta.encoder.layer.1.output.dense.weight"


def config(**more: Any) -> Callable[[Path], None]:
    """Other values in config.json."""

    def spoil(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**read_json(path), **more}), encoding="utf-8")

    return spoil


def tensors(change: Callable[[dict[str, torch.Tensor]], Any]) -> Callable[[Path], None]:
    """Other tensors in model.safetensors."""

    def spoil(folder: Path) -> None:
        found = load_file(folder / "model.safetensors")
        change(found)
        save_file(found, folder / "model.safetensors", {"format": "pt"})

    return spoil


def cut(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return spoil


def sharded(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    foreign_model(folder, shards="10KB")


def lost_shard(folder: Path) -> None:
    sharded(folder)
    (folder / "model-00002-of-00004.safetensors").unlink()


def swapped_shards(folder: Path) -> None:
    sharded(folder)
    shutil.copy(
        folder / "model-00001-of-00004.safetensors", folder / "model-00002-of-00004.safetensors"
    )


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def tokenizer_of(**more: Any) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "tokenizer.json"
        path.write_text(json.dumps({**read_json(path), **more}), encoding="utf-8")

    return spoil


BAD = {
    "no config": (lambda f: (f / "config.json").unlink(), "config.json is missing; name a folder"),
    "half a config": (cut("config.json"), "config.json is not JSON"),
    "bert": (config(model_type="bert"), "model_type is 'bert', and only roberta or xlm-roberta"),
    "relu": (config(hidden_act="relu"), "hidden_act is 'relu', and only gelu"),
    "relative": (
        config(position_embedding_type="relative_key"),
        "position_embedding_type is 'relative_key'",
    ),
    "decoder": (config(is_decoder=True), "is_decoder is True"),
    "no layer": (config(num_hidden_layers="2"), "num_hidden_layers is '2', not a size"),
    "heads": (config(num_attention_heads=3), "num_attention_heads does not divide"),
    "positions": (config(max_position_embeddings=2), "leaves no position"),
    "longer": (config(max_position_embeddings=120), rf"{POSITIONS} is \(98, 16\), .* \(120, 16\)"),
    "wider": (config(hidden_size=32), r"safetensors: .* config.json says"),
    "deeper": (config(num_hidden_layers=3), r"lacks roberta.encoder.layer.2.* whole masked"),
    "shallower": (config(num_hidden_layers=1), "layer.1.* is no part of a RobertaForMaskedLM"),
    "rows": (config(vocab_size=291), r"lm_head.bias is \(290,\), .* \(291,\)"),
    "few rows": (
        tensors(lambda t: t.update({"lm_head.bias": t["lm_head.bias"][:-1].clone()})),
        r"lm_head.bias is \(289,\)",
    ),
    "shape": (tensors(lambda t: t.update({DENSE: t[DENSE].T.contiguous()})), f"{DENSE} is "),
    "name": (tensors(lambda t: t.update({"odd": t.pop(DENSE)})), f"lacks {DENSE} .1 tensors"),
    "more": (tensors(lambda t: t.update(odd=torch.zeros(1))), "odd is no part of"),
    "nan": (tensors(lambda t: t[DENSE].fill_(torch.nan)), f"{DENSE} holds NaN"),
    "whole numbers": (tensors(lambda t: t.update({DENSE: t[DENSE].int()})), "holds torch.int32"),
    "untied": (
        tensors(lambda t: t.update({"lm_head.decoder.weight": torch.zeros(290, 16)})),
        "decoder.weight differs from .* cannot be imported",
    ),
    "cut": (cut("model.safetensors"), "model.safetensors is cut short .* copy or save"),
    "pickle": (pickled, "as a pickle .* save it as safetensors"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "model.safetensors is missing"),
    "lost shard": (lost_shard, "model-00002-of-00004.safetensors is missing"),
    "swapped shards": (swapped_shards, "model-00002-of-00004.safetensors and the index do not"),
    "empty index": (
        lambda f: (f / "model.safetensors.index.json").write_text("{}"),
        "index.json has no weight_map",
    ),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json is missing; save"),
    "half a tokenizer": (cut("tokenizer.json"), "tokenizer.json is not JSON"),
    "no pieces": (tokenizer_of(model={"type": "BPE"}), "tokenizer.json is no tokenizer"),
    "unigram": (tokenizer_of(model={"type": "Unigram"}), "is Unigram, not byte-level BPE"),
    "no bytes": (tokenizer_of(pre_tokenizer=None), "not byte-level BPE"),
    "lower case": (tokenizer_of(normalizer={"type": "Lowercase"}), "changes text .*Lowercase"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_checkpoint_is_refused(copy: Path, tmp_path: Path, name: str) -> None:
    spoil, reason = BAD[name]
    spoil(copy)
    with pytest.raises(UserError, match=reason) as found:
        imported(copy, tmp_path / "ours")
    assert "\n" not in str(found.value)
    assert not (tmp_path / "ours/recipe.json").exists()
    assert not (tmp_path / "ours/model.safetensors").exists()
