"""Scores: against seqeval itself, against its stored outputs, and known answers."""

import json
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import accuracy_score, f1_score

from twinlang import scores
from twinlang.cli import UserError
from twinlang.tasks.ner import LABELS as IOB
from twinlang.tasks.pos import LABELS as UPOS

GOLDEN = Path(__file__).parents[1] / "golden" / "seqeval.json"
ODD = ("E-PER", "S-PER", "B-PER", "I-A-B", ".", "B", "I-", "O", "X", "S", "E")


def _pairs(tags):
    """Gold and predicted tags of the same lengths."""
    both = st.lists(st.tuples(st.sampled_from(tags), st.sampled_from(tags)), max_size=12)
    return st.lists(both, min_size=1, max_size=5).map(
        lambda examples: tuple(
            [[pair[side] for pair in pairs] for pairs in examples] for side in (0, 1)
        )
    )


def _seqeval(gold, predicted):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return 100 * f1_score(gold, predicted)


@given(_pairs(UPOS) | _pairs(("X", "CCONJ", "SCONJ", "INTJ")) | _pairs(ODD))
def test_pos_is_seqeval_on_bare_tags(pair):
    gold, predicted = pair
    if any(gold):
        found = scores.pos(gold, predicted)
        assert found["f1"] == pytest.approx(_seqeval(gold, predicted))
        assert found["accuracy"] == pytest.approx(100 * accuracy_score(gold, predicted))


@given(_pairs(IOB))
def test_strict_bio_is_seqeval_against_gold_written_anew(pair):
    gold, predicted = pair
    if any(gold):
        written = [scores.rewritten(tags) for tags in gold]
        found = scores.ner(gold, predicted)
        assert found["f1_bio"] == pytest.approx(_seqeval(written, predicted))
        assert found["bio_ceiling"] == pytest.approx(_seqeval(written, gold))
        # Where both sides are written anew, runs of one type are what seqeval reads.
        anew = [scores.rewritten(tags) for tags in predicted]
        assert found["f1"] == pytest.approx(_seqeval(written, anew))


def test_stored_outputs_of_seqeval():
    for case in json.loads(GOLDEN.read_text(encoding="utf-8")):
        found = scores.pos(case["gold"], case["predicted"])["f1"]
        assert found == pytest.approx(case["f1"], abs=1e-9), case["name"]


def test_quirks_of_bare_tags():
    lost = scores.pos([["NOUN", "X"]], [["NOUN", "VERB"]])
    assert lost["f1"] == pytest.approx(200 / 3)  # an X at the end is no chunk: 1 of 1 and 1 of 2
    assert lost["f1_runs"] == pytest.approx(50)
    same = scores.pos([["SCONJ"]], [["CCONJ"]])
    assert same["f1"] == 100 and same["accuracy"] == 0  # both of the type CONJ


def test_runs_of_equal_tags():
    found = scores.pos([["DET", "NOUN", "NOUN", "VERB"]], [["DET", "NOUN", "VERB", "VERB"]])
    assert found == {
        "f1": pytest.approx(100 / 3),
        "f1_runs": pytest.approx(100 / 3),
        "accuracy": 75,
    }


def test_a_constant_tagger_scores_nothing_although_some_tags_are_right():
    gold = [["DET", "NOUN", "VERB", "PUNCT"]] * 5
    found = scores.pos(gold, [["NOUN"] * 4] * 5)
    assert found == {"f1": 0, "f1_runs": 0, "accuracy": 25}


def test_runs_do_not_join_examples():
    gold, predicted = [["NOUN"], ["NOUN"]], [["NOUN"], ["NOUN"]]
    assert scores.pos(gold, predicted)["f1_runs"] == 100
    assert scores.pos([["NOUN", "NOUN"]], [["NOUN", "VERB"]])["f1_runs"] == 0


def test_reading_direction_costs_nothing_in_the_main_score_of_entities():
    travelled = [["O", "I-PER", "I-PER", "B-PER", "O", "B-LOC"]]
    written = [["O", "B-PER", "I-PER", "I-PER", "O", "B-LOC"]]
    for predicted in (travelled, written):
        found = scores.ner(travelled, predicted)
        assert found["f1"] == found["accuracy"] == 100
    assert scores.ner(travelled, written)["f1_bio"] == 100
    assert scores.ner(travelled, travelled)["f1_bio"] == pytest.approx(40)


@pytest.mark.parametrize("short", [0, 3, 5, 10])
def test_ceiling_of_strict_bio_under_inversion(short):
    """Of ten entities `short` have one piece, the others two: 2s / (3 - s), reference section 0."""
    examples = [["O", "B-LOC"]] * short + [["O", "I-LOC", "B-LOC"]] * (10 - short)
    share = short / 10
    ceiling = scores.ner(examples, examples)["bio_ceiling"]
    assert ceiling == pytest.approx(100 * 2 * share / (3 - share))
    written = [scores.rewritten(tags) for tags in examples]
    assert scores.ner(examples, examples, written)["bio_ceiling"] == 100


def test_tags_written_anew():
    tags = ["I-PER", "B-PER", "I-LOC", "O", "B-ORG", "B-ORG", "O"]
    assert scores.rewritten(tags) == ["B-PER", "I-PER", "B-LOC", "O", "B-ORG", "I-ORG", "O"]
    assert scores.rewritten([]) == []


def test_nothing_to_find_scores_nothing():
    assert scores.ner([["O", "O"]], [["O", "O"]])["f1"] == 0
    assert scores.ner([["O", "O"]], [["O", "O"]])["accuracy"] == 100


def test_inference():
    assert scores.nli(["neutral", "entailment"], ["neutral", "neutral"]) == {"accuracy": 50}


@pytest.mark.parametrize(
    ("lang", "gold", "predicted", "f1", "exact"),
    [
        ("en", "The Cat", "cat.", 1, 1),
        ("en", "a red boat", "the red car", 0.5, 0),
        ("en", "in the red boat", "boat", 0.5, 0),
        ("en", "$5 million", "5 million", 1, 1),
        ("en", "well-known", "wellknown", 1, 1),
        ("en", "the", "a", 0, 1),  # v1.1: equal but empty
        ("en", "boat", "", 0, 0),
        ("en", "“Rome”", "rome", 1, 1),
        ("fr", "il a dit", "il dit", 0.8, 0),
        ("fr", "l’été", "lété", 1, 1),
        ("hi", "दिल्ली।", "दिल्ली", 1, 1),
        ("ar", "القاهرة،", "القاهرة", 1, 1),
        ("en", "red red boat", "red boat boat", 2 / 3, 0),
    ],
)
def test_answers_by_the_rules_of_squad(lang, gold, predicted, f1, exact):
    found = scores.qa([[gold]], [predicted], lang)
    assert found == {"f1": pytest.approx(100 * f1), "exact_match": 100 * exact}


def test_the_best_of_several_answers_counts():
    found = scores.qa([["Rome", "the old town"], ["May"]], ["old town", "June"], "en")
    assert found == {"f1": 50, "exact_match": 50}


def test_no_examples():
    for score in (
        lambda: scores.pos([], []),
        lambda: scores.nli([], []),
        lambda: scores.qa([], [], "en"),
    ):
        with pytest.raises(UserError, match="no example"):
            score()


def test_unequal_lengths():
    with pytest.raises(ValueError, match="length"):
        scores.pos([["NOUN", "VERB"]], [["NOUN"]])
    with pytest.raises(ValueError, match="number"):
        scores.nli(["neutral"], [])
