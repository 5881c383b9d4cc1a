"""Text to pieces and back, in both scripts."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.micro import VOCABULARY, Study, step
from twinlang import tokenizer
from twinlang.cli import UserError
from twinlang.pieces import SPECIALS
from twinlang.sources.records import join, spaces
from twinlang.tokenizer import Encoder
from twinlang.transforms.transliteration import from_script, respell, to_script

ALPHABETS = [
    *(
        "abcdeé .,'\u0301",
        "कखगािी्ं। ",
        "ابتثجَّ، ",
        "🙂👩\u200d🚀🇫🇷 a",
        "⠁⠃⣿ ab",
        "\t\n \u00a0\ufffd\0x",
    ),
]
TEXT = st.one_of(*(st.text(alphabet, max_size=12) for alphabet in ALPHABETS), st.text(max_size=8))
TABLES = {f: respell(VOCABULARY, seed=0, fraction=f) for f in (1.0, 0.5)}


@pytest.mark.parametrize("fraction", [1.0, 0.5])
@given(text=TEXT)
@example(text="  two blanks before")
@example(text="<s> a <mask> b")
@example(text="half ⠁ Braille, half not")
@example(text="\ufffd and a stray mark \u0301")
def test_the_twin_as_text_is_read_back_to_the_same_ids(
    study: Study, fraction: float, text: str
) -> None:
    encoder, table = study.encoder, TABLES[fraction]
    (encoded,) = encoder.texts([text])
    ids = [int(table[piece]) for piece in encoded.ids]
    assert encoder.twin_ids(encoder.decode(ids), table) == ids
    if fraction == 1:
        assert ids == [piece + VOCABULARY for piece in encoded.ids]
        assert not text or all(0x2800 <= ord(letter) < 0x2900 for letter in encoder.decode(ids))


@given(text=TEXT)
def test_orig_ids_are_read_back_to_the_text(study: Study, text: str) -> None:
    if any(0x2800 <= ord(letter) < 0x2900 for letter in text):
        return  # Braille in the source is shown as the twin's script, so that it stays unmistakable
    (encoded,) = study.encoder.texts([text])
    assert study.encoder.decode(encoded.ids) == unicodedata.normalize("NFC", text)


def test_a_moved_letter_is_shown_in_the_twins_script(study: Study) -> None:
    (encoded,) = study.encoder.texts(["Ana"])
    assert study.encoder.decode([n + VOCABULARY for n in encoded.ids]) == to_script(b"Ana")
    assert from_script(to_script("Ana é".encode())) == "Ana é"
    with pytest.raises(UserError, match="ends within a letter"):
        from_script(to_script("é".encode()[:1]))
    assert study.encoder.decode(study.encoder.texts(["é"])[0].ids[:-1]) == "\ufffd"


@given(text=TEXT)
def test_spans_cover_the_text_in_sequence(study: Study, text: str) -> None:
    (encoded,) = study.encoder.texts([text])
    starts, ends = ([pair[n] for pair in encoded.spans] for n in (0, 1))
    assert starts == sorted(starts) and ends == sorted(ends)
    assert all(0 <= a < b <= len(text) for a, b in encoded.spans)
    assert not text or starts[0] == 0
    assert len(encoded.ids) == len(encoded.words) == len(encoded.spans)
    assert not np.isin(encoded.ids, range(5)).any()  # text never makes a special piece


WORDS = st.lists(
    st.text("abcé कि.،🙂⠃<s>", min_size=1, max_size=6).filter(str.strip), min_size=1, max_size=6
)


@given(words=WORDS, always=st.booleans())
def test_every_word_has_its_own_pieces(study: Study, words: list[str], always: bool) -> None:
    blanks = [True] * len(words) if always else spaces(words)
    ids, index = study.encoder.words(words, blanks)
    assert index == sorted(index) and set(index) == set(range(len(words)))
    text = "".join(" " * blank + word for word, blank in zip(words, blanks, strict=True))
    data = b"".join(
        bytes(tokenizer.BYTES[s] for s in study.encoder.tokenizer.id_to_token(n)) for n in ids
    )
    normal = [
        "".join(" " * b + unicodedata.normalize("NFC", w))
        for w, b in zip(words, blanks, strict=True)
    ]
    assert data.decode() == "".join(normal), text


def test_the_rule_of_blanks(study: Study) -> None:
    words = ["l'", "ami", "(", "Ana", ")", "dort", "."]
    assert spaces(words) == [False, False, True, False, False, True, False]
    ids, _ = study.encoder.words(words, [True, *spaces(words)[1:]])
    assert ids == study.encoder.texts([join(words)])[0].ids
    with pytest.raises(UserError, match="word 2 of 'a  b' is empty"):
        study.encoder.words(["a", "", "b"], [True] * 3)


def test_transformers_loads_the_file(study: Study) -> None:
    from transformers import PreTrainedTokenizerFast

    loaded = PreTrainedTokenizerFast(
        tokenizer_file=str(study.tokenizer), bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    for text in ["Ana Lee saw the old boat.", "क्षत्रिय", "  é"]:
        (encoded,) = study.encoder.texts([text])
        assert loaded(text)["input_ids"] == [0, *encoded.ids, 2]
    one, other = (study.encoder.texts([text])[0].ids for text in ("Ana", "boat"))
    assert loaded("Ana", "boat")["input_ids"] == [0, *one, 2, 2, *other, 2]
    assert loaded.convert_tokens_to_ids(list(SPECIALS)) == [0, 1, 2, 3, 4]
    assert len(loaded) == VOCABULARY == study.encoder.vocabulary


def test_letters_keep_their_marks_but_not_with_the_papers_pattern() -> None:
    lines = ["राम ने किताब पढ़ी और सीता ने गीत गाया ।"] * 4
    words = {}
    for pattern in ("unicode", "gpt2"):
        trained = tokenizer.train(iter(lines), vocabulary=270, pattern=pattern)
        words[pattern] = len(set(trained.encode("किताब", add_special_tokens=False).word_ids))
    assert words["unicode"] == 1 < words["gpt2"]


def test_training_is_the_same_each_time(study: Study, tmp_path: Path) -> None:
    again = tmp_path / "tokenizer.json"
    step("train_tokenizer", corpus=study.text, vocabulary=VOCABULARY, output=again)
    assert again.read_bytes() == study.tokenizer.read_bytes()
    assert len(json.loads(again.read_text())["model"]["vocab"]) == VOCABULARY


def test_a_vocabulary_that_the_corpus_cannot_fill_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ana slept.\n" * 3)
    with pytest.raises(UserError, match=r"tokenizer.vocabulary: .* fills only \d+ of 5000"):
        step("train_tokenizer", corpus=tmp_path / "a.txt", vocabulary=5000, output=tmp_path / "t")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_damaged_tokenizer_is_refused_with_its_name(study: Study, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(study.tokenizer.read_text()[:1000])
    with pytest.raises(UserError, match="t.json is no tokenizer"):
        Encoder(tmp_path / "t.json")
