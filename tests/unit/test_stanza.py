"""Stanza's real pipeline, on models that are trained here, of a folder and from the Hub."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hub_server import Hub
from tests.micro import step
from tests.unit.test_parsing import treebank
from tests.workflow.project import Project
from twinlang import config as study
from twinlang import fetch_parameters, parsers, trees
from twinlang.cli import UserError, read_json
from twinlang.commands import lock
from twinlang.hub import client, pins
from twinlang.sources.records import Tree
from twinlang.steps import fetch_hub
from twinlang.trees import Follower

FLAGS = {"lang": "fr", "kind": "text/main", "split": "a"}
SMALL = {"hidden_dim": 16, "batch_size": 500, "max_steps": 40, "eval_interval": 40, "num_layers": 1}
SMALL |= {"word_emb_dim": 16, "char_emb_dim": 8, "char_hidden_dim": 8, "transformed_dim": 8}
SMALL |= {"deep_biaff_hidden_dim": 16, "tag_emb_dim": 8}
CHARACTERS = {"char_emb_dim": 8, "char_hidden_dim": 8, "char_num_layers": 1}
CHARACTERS |= {"char_dropout": 0.0, "char_unit_dropout": 0.0, "char_rec_dropout": 0.0}
CONTRACTED = """\
1-2 du _ _ _ _ _ _ _ _
1 de de ADP _ _ 3 case _ _
2 le le DET _ _ 3 det _ _
3 port port NOUN _ _ 0 root _ _

""".replace(" ", "\t")
# Where the published models lie in their repository, and what theirs are called here.
PACKAGES = {"tokenize": "tiny", "mwt": "tiny", "pos": "tiny_nocharlm", "lemma": "identity"}
PACKAGES |= {"depparse": "tiny_charlm", "pretrain": "words"}
PACKAGES |= {"forward_charlm": "letters", "backward_charlm": "letters"}
FILES = {
    "tokenize": "tok.pt",
    "mwt": "mwt.pt",
    "pos": "tag.pt",
    "depparse": "dep.pt",
    "pretrain": "words.pt",
}
FILES |= {"forward_charlm": "forward.pt", "backward_charlm": "backward.pt"}


def command(**flags: Any) -> list[str]:
    return [str(part) for name, value in flags.items() for part in (f"--{name}", value)]


def characters(folder: Path, split: str, gold: list[Tree]) -> None:
    """The files that Stanza's tokenizer learns from: text, and 1 or 2 at the end of a word."""
    text, marks = "", ""
    for tree in gold:
        mark, at = ["0"] * len(tree.text), 0
        for word in tree.words:
            at = tree.text.index(word, at) + len(word)
            mark[at - 1] = "1"
        text, marks = f"{text}{tree.text} ", f"{marks}{''.join(mark[:-1])}20"
    (folder / f"{split}.txt").write_text(f"{text}\n\n", encoding="utf-8")
    (folder / f"{split}.marks").write_text(f"{marks}\n\n", encoding="utf-8")


def shared(folder: Path, gold: list[Tree]) -> dict[str, Any]:
    """Vectors of words and character models that a parser reads; untrained, since any will do."""
    import torch
    from stanza.models.common.char_model import CharacterLanguageModel, build_charlm_vocab
    from stanza.models.common.pretrain import Pretrain

    torch.manual_seed(1)
    words = sorted({word for tree in gold for word in tree.words})
    rows = [f"{w} {' '.join(f'{x:.3f}' for x in torch.randn(8).tolist())}" for w in words]
    (folder / "words.txt").write_text("\n".join([f"{len(words)} 8", *rows]), encoding="utf-8")
    Pretrain(str(folder / "words.pt"), str(folder / "words.txt")).load()
    (folder / "letters.txt").write_text("\n".join(tree.text for tree in gold), encoding="utf-8")
    vocabulary = {"char": build_charlm_vocab(str(folder / "letters.txt"))}
    for name in ("forward", "backward"):
        model = CharacterLanguageModel(CHARACTERS, vocabulary, is_forward_lm=name == "forward")
        model.save(str(folder / f"{name}.pt"))
    return {f"charlm_{name}_file": folder / f"{name}.pt" for name in ("forward", "backward")}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings of a pipeline whose models are trained on a few built-in trees."""
    pytest.importorskip("stanza")
    from stanza.models import mwt_expander, parser, tagger, tokenizer

    folder = tmp_path_factory.mktemp("stanza")
    bank = treebank(folder, "fr")
    common = {"mode": "train", "lang": "fr", "shorthand": "fr_tiny", "save_dir": folder, "seed": 1}
    files = {"train_file": bank["train"], "eval_file": bank["dev"], "output_file": folder / "out"}
    letters = shared(folder, list(trees.read([bank["train"]])))
    read = {**common, **files, **SMALL, "wordvec_pretrain_file": folder / "words.pt"}
    tagger.main(command(**read, save_name="tag.pt", composite_deep_biaff_hidden_dim=8))
    letters |= {"charlm_shorthand": "fr_tiny"}
    parser.main([*command(**read, **letters, save_name="dep.pt"), "--charlm"])
    (folder / "mwt.conllu").write_text(CONTRACTED, encoding="utf-8")
    bank_of_one = dict.fromkeys(("train_file", "eval_file", "gold_file"), folder / "mwt.conllu")
    flags = {**common, **bank_of_one, "output_file": folder / "out", "save_name": "mwt.pt"}
    mwt_expander.main(command(**flags, num_epoch=1, hidden_dim=8, emb_dim=8))
    texts: dict[str, Any] = {"dev_conll_gold": bank["dev"], "conll_file": folder / "out"}
    for split, prefix in (("train", ""), ("dev", "dev_")):
        characters(folder, split, list(trees.read([bank[split]])))
        texts |= {f"{prefix}txt_file": folder / f"{split}.txt"}
        texts |= {f"{prefix}label_file": folder / f"{split}.marks"}
    short = {"steps": 60, "eval_steps": 60, "max_seqlen": 100, "emb_dim": 16, "hidden_dim": 16}
    tokenizer.main([*command(**common, **texts, **short, save_name="tok.pt"), "--no_use_mwt"])
    (folder / "models/fr").mkdir(parents=True)
    (folder / "models/resources.json").write_text('{"fr": {"tokenize": {}, "packages": {}}}')
    paths = {f"{name}_model": FILES[name] for name in ("tokenize", "mwt", "pos", "depparse")}
    paths |= {"pos_pretrain": "words.pt"}
    paths |= {f"depparse_{name}": FILES[name] for name in list(FILES)[4:]}
    options = {f"{name}_path": str(folder / path) for name, path in paths.items()}
    options |= {"package": None, "lemma_use_identity": True, "use_gpu": False}
    processors = "tokenize,mwt,pos,lemma,depparse"
    return {
        "folder": str(folder / "models"),
        "processors": processors,
        "batch": 16,
        "options": options,
    }


@pytest.fixture(scope="module")
def gold(settings: dict[str, Any]) -> list[Tree]:
    return list(trees.read([Path(settings["folder"]).parent / "dev.conllu"]))


def test_given_words_stay(settings: dict[str, Any], gold: list[Tree]) -> None:
    found = list(parsers.load("stanza").parse([t.words for t in gold], settings, **FLAGS))
    assert [tree.words for tree in found] == [tree.words for tree in gold]
    right = [
        a == b
        for one, two in zip(found, gold, strict=True)
        for a, b in zip(one.heads, two.heads, strict=True)
    ]
    assert sum(right) / len(right) > 0.25  # a tree of chance is right in one of ten


def test_running_text_has_a_tree_a_sentence(
    settings: dict[str, Any], gold: list[Tree], tmp_path: Path
) -> None:
    """Through the step, which keeps a sentence whose letters such a tokenizer loses as it is."""
    corpus, output = tmp_path / "fr.txt", tmp_path / "t.conllu"
    corpus.write_text("".join(f"{tree.text}\n" for tree in gold), encoding="utf-8")
    place = {"lang": "fr", "domain": "main", "split": "a"}
    files = {"corpus": corpus, "output": output, "report": tmp_path / "r.json"}
    step("parse_corpus", settings={**settings, "parser": "stanza"}, **place, **files)
    counts = read_json(tmp_path / "r.json")
    assert counts["read"] == len(gold) and counts["parsed"] > len(gold) / 2
    follower = Follower([output])
    for tree in gold:
        follower.tree_of(tree.text)
    follower.finish()


def test_a_sentence_that_fails_says_why(
    settings: dict[str, Any], gold: list[Tree], monkeypatch: pytest.MonkeyPatch
) -> None:
    stanza = parsers.load("stanza")
    whole = stanza.pipeline(settings, "fr", given=True)

    def fails(batch: Any) -> Any:
        if any("!!" in words for words in batch):
            raise RuntimeError("too odd\nfor words")
        return whole(batch)

    monkeypatch.setattr(stanza, "pipeline", lambda *_, **__: fails)
    asked = [gold[0].words, ["!!"], gold[1].words]
    first, second, third = stanza.parse(asked, settings, **FLAGS)
    assert (first.words, third.words) == (gold[0].words, gold[1].words)
    assert second == "RuntimeError: too odd"


def test_a_folder_without_the_language_is_refused(settings: dict[str, Any]) -> None:
    flags = {**FLAGS, "lang": "hi"}
    with pytest.raises(UserError, match="there are no models of 'hi' in .*stanza.download"):
        list(parsers.load("stanza").parse(["a"], settings, **flags))


def test_a_model_of_another_language_is_refused(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "resources.json").write_text('{"en": {"tokenize": {}, "packages": {}}}')
    moved = {**settings, "folder": str(tmp_path)}
    with pytest.raises(UserError, match="model of 'en' in .* was trained on fr_tiny"):
        parsers.load("stanza").pipeline(moved, "en", given=False)


# From the Hub ------------------------------------------------------------------------------------

STUDY = {
    "experiments": [
        {
            "name": "transforms",
            "languages": ["fr"],
            "twins": ["syntax"],
            "pairings": ["parallel"],
            "tasks": ["pos"],
        }
    ],
    "sources": {"builtin": {"sentences": 60, "items": {"pos": {"train": 20, "dev": 20}}}},
    "languages": {
        "fr": {"syntax": {"parser": "stanza", "stanza": {"hub": {"models": {"fr": PACKAGES}}}}}
    },
}
MANIFEST, TREES = "results/hub/fr/parser.json", "results/trees/fr/pos/dev.conllu"


@pytest.fixture
def published(settings: dict[str, Any], hub: Hub, tmp_path: Path) -> Project:
    """A study whose parser is on the Hub, as Stanza's own are, and not pinned yet."""
    files = {
        f"models/{name}/{PACKAGES[name]}.pt": (Path(settings["folder"]).parent / path).read_bytes()
        for name, path in FILES.items()
    }
    card = {"license": "apache-2.0"}
    hub.put("stanfordnlp/stanza-fr", files, card=card, branch="v1.10.0")
    hub.put("stanfordnlp/stanza-fr", {**files, "more.txt": b"later"}, card=card)
    return Project.copied(tmp_path / "project", STUDY)


def pinned(project: Project, *flags: str) -> dict[str, Any]:
    """The pin of the models, made by `twinlang lock`."""
    (project.folder / "overlay.yaml").write_text(yaml.safe_dump(project.config), encoding="utf-8")
    place = ["--directory", str(project.folder), "--configfile"]
    lock.main([*place, str(project.folder / "overlay.yaml"), *flags])
    return pins.read(project.folder / pins.NAME)["stanza"]["fr"]


def fetched(project: Project) -> Path:
    """The manifest of the models, made as the rule makes it."""
    known = yaml.safe_load((project.folder / "config.yaml").read_text(encoding="utf-8"))
    config, found = study.merged(known, STUDY), pins.read(project.folder / pins.NAME)
    told = fetch_parameters.pinned(config, lock=found, lang="fr", kind="parser")
    fetch_hub.main(["--pins", told, "--output", str(project.folder / MANIFEST)])
    return project.folder / MANIFEST


def test_published_models_give_the_trees_of_a_folder(
    settings: dict[str, Any], hub: Hub, published: Project
) -> None:
    done = published.snakemake("--cores", "2", TREES)
    assert "not pinned: stanfordnlp/stanza-fr (v1.10.0); run twinlang lock" in done.stdout
    pin = pinned(published)
    assert pin["revision"] == hub.repos["stanfordnlp/stanza-fr"].branches["v1.10.0"]
    assert pin["licence"] == "apache-2.0" and len(pin["files"]) == len(FILES)
    assert not hub.asked("* /large/*")  # the Hub says what they measure
    done = published.snakemake("--cores", "2", TREES)
    assert done.returncode == 0, done.stdout
    assert "download_mb=1" in done.stdout
    # The same records through the models of the folder.
    records = published.folder / "results/tasks/fr/pos/dev.jsonl"
    files = {"items": records, "output": published.folder / "own.conllu"}
    files |= {"report": published.folder / "own.json"}
    place = {"lang": "fr", "task": "pos", "split": "dev"}
    step("parse_task", settings={**settings, "parser": "stanza"}, **place, **files)
    found = (published.folder / TREES).read_text(encoding="utf-8")
    assert found == files["output"].read_text(encoding="utf-8") and found.count("# text") >= 20
    assert read_json(files["report"])["parsed"] == 20


def test_models_are_fetched_once(hub: Hub, published: Project) -> None:
    pinned(published)
    told = fetched(published).read_text(encoding="utf-8")
    assert hub.asked("GET /large/*") == len(FILES)
    hub.requests.clear()
    assert fetched(published).read_text(encoding="utf-8") == told and not hub.requests


def test_models_that_differ_from_their_pin_are_refused(hub: Hub, published: Project) -> None:
    pinned(published)
    hub.fail("GET /large/*", times=99, spoil=True)
    with pytest.raises(UserError, match="stanza-fr: models/.*pt is not what is pinned: sha256"):
        fetched(published)
    assert not (published.folder / MANIFEST).exists()


def test_a_model_that_would_run_code_is_refused(
    settings: dict[str, Any], hub: Hub, published: Project
) -> None:
    import torch

    class Runs:
        def __reduce__(self) -> Any:
            return Path.touch, (published.folder / "was_run",)

    vectors = io.BytesIO()
    torch.save({"emb": Runs(), "vocab": []}, vectors, _use_new_zipfile_serialization=False)
    repo = hub.repos["stanfordnlp/stanza-fr"]
    files = {**repo.commits[repo.branches["main"]], "models/pretrain/words.pt": vectors.getvalue()}
    hub.put("stanfordnlp/stanza-fr", files, branch="v1.10.0")
    pinned(published)
    given = {**settings, "folder": "", "options": {"use_gpu": False}}
    given["model"] = str(fetched(published))
    with pytest.raises(UserError, match="in stanfordnlp/stanza-fr holds more than weights"):
        parsers.load("stanza").pipeline(given, "fr", given=True)
    assert not (published.folder / "was_run").exists()


def test_names_that_the_hub_has_not(hub: Hub, published: Project) -> None:
    assert pinned(published)["files"]
    names = {**PACKAGES, "depparse": "gsd"}
    published.config = study.merged(
        STUDY, {"languages": {"fr": {"syntax": {"stanza": {"hub": {"models": {"fr": names}}}}}}}
    )
    with pytest.raises(UserError, match=r"no file models/depparse/gsd.pt at v1.10.0 \(there are"):
        pinned(published)
    published.config = study.merged(
        STUDY, {"languages": {"fr": {"syntax": {"stanza": {"hub": {"revision": "v9"}}}}}}
    )
    with pytest.raises(UserError, match="stanza-fr has no branch, tag or commit 'v9'"):
        pinned(published)


def test_a_model_that_has_left_the_cache(hub: Hub, published: Project) -> None:
    pinned(published)
    manifest = fetched(published)
    shutil.rmtree(client.constants.HF_HUB_CACHE)
    given = {"model": str(manifest), "processors": "tokenize"}
    with pytest.raises(UserError, match=r"no longer in the cache .*; delete .*parser.json"):
        parsers.load("stanza").pipeline(given, "fr", given=True)
