"""Byte-level BPE: training, and pieces with the words and characters they came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing

from twinlang.cli import UserError, writing
from twinlang.pieces import END, SPECIALS, START
from twinlang.transforms.transliteration import from_script, is_script, to_script

# Letters keep their combining marks: the usual GPT-2 pattern cuts Devanagari at every vowel sign.
WORD = r" ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+"
PRINTABLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
# Byte-level BPE spells printable bytes as themselves, the others as the letters from U+0100 on.
BYTES = {chr(byte): byte for byte in PRINTABLE} | {
    chr(256 + number): byte for number, byte in enumerate(sorted(set(range(256)) - set(PRINTABLE)))
}


def train(
    lines: Iterator[str], *, vocabulary: int, min_frequency: int = 2, pattern: str = "unicode"
) -> Tokenizer:
    """A byte-level BPE tokenizer of `vocabulary` pieces (section 3.1), trained on orig alone.

    pattern: what counts as a word, `unicode` (letters with their marks) or `gpt2` (the paper's).

    Raises:
        UserError: the corpus cannot fill the vocabulary.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Prepend(" ")])
    if pattern == "gpt2":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        split = pre_tokenizers.Split(Regex(WORD), "isolated")
        byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = framing()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=min_frequency,
        show_progress=False,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(lines, trainer)
    if tokenizer.get_vocab_size() < vocabulary:
        raise UserError(
            f"tokenizer.vocabulary: the corpus fills only {tokenizer.get_vocab_size()} of "
            f"{vocabulary} pieces; set it to that or less, or take a larger corpus"
        )
    return tokenizer


def framing() -> TemplateProcessing:
    """The special pieces around a text, or around two."""
    return TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", START), ("</s>", END)],
    )


def save(tokenizer: Tokenizer, path: str | Path) -> None:
    """Writes tokenizer.json, which `transformers` loads with PreTrainedTokenizerFast."""
    with writing(path) as handle:
        handle.write(tokenizer.to_str(pretty=True))


@dataclass(frozen=True)
class Encoded:
    """Pieces of a text: ids, word and character span (start, end) of each; equal lengths."""

    ids: list[int]
    words: list[int]
    spans: list[tuple[int, int]]


class Encoder:
    """Turns text, or words, into pieces; special pieces are never added here."""

    def __init__(self, path: str | Path) -> None:
        text = Path(path).read_text(encoding="utf-8")
        try:
            self.tokenizer = Tokenizer.from_str(text)
            self._attached = Tokenizer.from_str(json.dumps(_without_blank(json.loads(text))))
        except Exception as error:  # the library raises no class of its own
            raise UserError(f"{path} is no tokenizer ({error}); delete it and run again") from None
        for tokenizer in (self.tokenizer, self._attached):
            tokenizer.encode_special_tokens = True  # "<mask>" in a text is six letters, no mask
        self._cache: dict[tuple[str, bool], list[int]] = {}

    @property
    def vocabulary(self) -> int:
        """|V|, the number of pieces with the specials."""
        return int(self.tokenizer.get_vocab_size())

    def texts(self, lines: Sequence[str]) -> list[Encoded]:
        """Each line as pieces; a word is what the tokenizer's pattern cuts."""
        encodings = self.tokenizer.encode_batch(list(lines), add_special_tokens=False)
        return [Encoded(e.ids, _gapless(e.word_ids), e.offsets) for e in encodings]

    def words(self, words: Sequence[str], spaces: Sequence[bool]) -> tuple[list[int], list[int]]:
        """Given words as pieces, and the index of the word that each piece belongs to.

        spaces: whether a blank stands before each word.

        Raises:
            UserError: a word has no piece (it is empty).
        """
        ids: list[int] = []
        index: list[int] = []
        for number, (word, space) in enumerate(zip(words, spaces, strict=True)):
            found = self._word(word, space)
            if not found:
                raise UserError(f"word {number + 1} of {' '.join(words)[:60]!r} is empty; mend it")
            ids += found
            index += [number] * len(found)
        return ids, index

    def _word(self, word: str, space: bool) -> list[int]:
        if (word, space) not in self._cache:
            tokenizer = self.tokenizer if space else self._attached
            self._cache[word, space] = tokenizer.encode(word, add_special_tokens=False).ids
        return self._cache[word, space]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids of either script; a letter with a moved byte is in the twin's script.

        The blank that encoding puts before a text is left out; bytes of no letter show as U+FFFD.
        """
        data, moved = b"", list[bool]()
        for piece in ids:
            token = self.tokenizer.id_to_token(piece % self.vocabulary) or ""
            data += bytes(BYTES[symbol] for symbol in token)
            moved += [piece >= self.vocabulary] * (len(data) - len(moved))
        at, text = int(data.startswith(b" ")), ""
        for letter in data[at:].decode(errors="surrogateescape"):
            stray = "\ud800" <= letter <= "\udfff"  # one byte that belongs to no letter
            size = 1 if stray else len(letter.encode())
            ours = any(moved[at : at + size]) or is_script(letter)
            text += to_script(data[at : at + size]) if ours else "\ufffd" if stray else letter
            at += size
        return text

    def twin_ids(self, text: str, table: Sequence[int]) -> list[int]:
        """Ids of text in the twin's script: id + |V| wherever `table`, the respelling, moves it."""
        ids = self.tokenizer.encode(from_script(text), add_special_tokens=False).ids
        return [int(table[piece]) for piece in ids]


def pre_tokenizers_of(tokenizer: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The pre-tokenizers of one kind in a tokenizer, given as JSON."""
    outer = tokenizer["pre_tokenizer"] or {"type": None}
    parts = [outer, *outer.get("pretokenizers", [])]
    return [part for part in parts if part["type"] == kind]


def _without_blank(tokenizer: dict[str, Any]) -> dict[str, Any]:
    """The same for a word that touches the one before it: no blank is put in front."""
    if tokenizer["model"]["type"] == "Unigram":  # imported (XLM-RoBERTa)
        for part in pre_tokenizers_of(tokenizer, "Metaspace"):
            part["prepend_scheme"] = "never"
        return tokenizer
    return {**tokenizer, "normalizer": {"type": "NFC"}}


def _gapless(words: list[int | None]) -> list[int]:
    return [-1 if word is None else word for word in words]
