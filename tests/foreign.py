"""Checkpoints as users have them, written by `transformers` itself: tokenizer and masked LM."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.micro import corpus, step

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


def unigram_tokenizer(folder: Path) -> Any:
    """A tokenizer as XLM-RoBERTa's: pieces with scores, blanks as a letter, <mask> last."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import XLMRobertaTokenizer

    bare = Tokenizer(models.Unigram())
    bare.normalizer = normalizers.NFKC()
    bare.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    trainer = trainers.UnigramTrainer(vocab_size=100, show_progress=False)
    bare.train_from_iterator(corpus(), trainer)
    learnt = [tuple(pair) for pair in json.loads(bare.to_str())["model"]["vocab"]]
    special = [(name, 0.0) for name in SPECIAL]
    tokenizer = XLMRobertaTokenizer(vocab=[*special, *learnt, ("<mask>", 0.0)])
    tokenizer.backend_tokenizer.normalizer = normalizers.NFKC()
    tokenizer.save_pretrained(folder)
    return tokenizer


def foreign_model(folder: Path, *, kind: str = "Roberta", shards: str = "1GB", **more: Any) -> Any:
    import torch
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


def imported(source: Path, folder: Path, **more: Any) -> Path:
    step("import_tokenizer", folder=source, output=folder / "tokenizer.json")
    flags = {"folder": source, "tokenizer": folder / "tokenizer.json", **more}
    step("import_model", **flags, recipe=folder / "recipe.json", model=folder / "model.safetensors")
    return folder
