"""Small data sets in the form that the Hub has them, of the made-up words of `tests.folder`."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.folder import SLOTS, meanings, slots, text, word, words
from tests.hub_server import Hub
from twinlang.readers.forms import UPOS
from twinlang.readers.labelled import ENTITIES, INFERENCE

Rows = Sequence[Mapping[str, Any]]
LANGUAGES = {"en": "English", "fr": "French", "hi": "Hindi", "ar": "Arabic", "de": "German"}
CODES = {"en": "eng", "fr": "fra", "hi": "hin", "ar": "ara", "de": "deu"}


def parquet(rows: Rows, *, names: Mapping[str, Sequence[str]] | None = None) -> bytes:
    """Rows as Parquet; `names` of the numbers of a column stand where `datasets` writes them."""
    table = pa.Table.from_pylist(list(rows))
    if names:
        features = {
            column: {"feature": {"names": list(of), "_type": "ClassLabel"}, "_type": "List"}
            if pa.types.is_list(table.schema.field(column).type)
            else {"names": list(of), "_type": "ClassLabel"}
            for column, of in names.items()
        }
        told = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": told})
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def jsonl(rows: Rows, *, packed: bool = True) -> bytes:
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    return gzip.compress(data, mtime=0) if packed else data


def card(configs: Mapping[str, Mapping[str, str]], licence: str = "cc-by-sa-4.0") -> dict[str, Any]:
    """The front of a README: which files are which split of which configuration."""
    blocks = [
        {"config_name": name, "data_files": [{"split": s, "path": p} for s, p in splits.items()]}
        for name, splits in configs.items()
    ]
    return {"license": licence, "configs": blocks}


def wiki(lang: str, seed: str, documents: int) -> Rows:
    """Documents with a heading, a table, mark-up and, now and then, a line of another script."""
    found = meanings(f"wiki {seed}", documents * 6)
    rows = []
    for number in range(documents):
        own = [text(lang, m) for m in found[number * 6 : number * 6 + 6]]
        lines = [" ".join(own[:3]), "== Notes ==", "a | b | c | d", f"'''{own[3]}''' <br>{own[4]}"]
        lines += [own[5], "{{box|x=1}}", "Пояснение на языке, которого здесь быть не должно, увы."]
        rows.append({"id": str(number), "url": "", "title": str(number), "text": "\n".join(lines)})
    return rows


def fill(
    hub: Hub, languages: Sequence[str] = ("en", "hi"), *, documents: int = 90, items: int = 40
) -> None:
    """Every data set of the default catalogue for these languages."""
    for repo, (files, head) in sets(languages, documents, items).items():
        hub.put(repo, files, card=head)


def sets(
    languages: Sequence[str], documents: int, items: int
) -> dict[str, tuple[dict[str, bytes], dict]]:
    """By id: the files of a data set and its card."""
    found: dict[str, tuple[dict[str, bytes], dict[str, Any]]] = {}
    text_of = {f"20231101.{lang}": lang for lang in languages}
    found["wikimedia/wikipedia"] = (
        {
            f"{config}/train-0000{n}-of-00002.parquet": parquet(wiki(lang, f"main{n}", documents))
            for config, lang in text_of.items()
            for n in range(2)
        },
        card({config: {"train": f"{config}/*"} for config in text_of}),
    )
    found["allenai/c4"] = (
        {
            f"multilingual/c4-{lang}.0000{n}.json.gz": jsonl(wiki(lang, f"other{n}", documents))
            for lang in languages
            for n in range(2)
        },
        card(
            {lang: {"train": f"multilingual/c4-{lang}.*.json.gz"} for lang in languages}, "odc-by"
        ),
    )
    found["facebook/xnli"] = _split(
        languages, items, _nli, {"label": INFERENCE}, "{}", "cc-by-nc-4.0"
    )
    xtreme = [
        _split(languages, items, _ner, {"ner_tags": ENTITIES}, "PAN-X.{}"),
        _split(
            [LANGUAGES[lang] for lang in languages], items, _pos, {"pos_tags": UPOS}, "udpos.{}"
        ),
        _split(_foreign(languages), items, _tatoeba, {}, "tatoeba.{}"),
    ]
    found["google/xtreme"] = (
        {path: data for files, _ in xtreme for path, data in files.items()},
        {"license": "other", "configs": [block for _, head in xtreme for block in head["configs"]]},
    )
    found["google/xquad"] = _split(languages, items, _qa, {}, "xquad.{}")
    found["rajpurkar/squad"] = _split(["en"], items, _qa, {}, "plain_text")
    found["AgentPublic/piaf"] = _split(["fr"], items, _qa, {}, "plain_text", "mit")
    treebanks = {"en": "en_ewt", "fr": "fr_gsd", "hi": "hi_hdtb", "ar": "ar_padt", "de": "de_gsd"}
    found["universal-dependencies/universal_dependencies"] = _split(
        [treebanks[lang] for lang in languages], items, _trees, {}, "{}", dev="dev"
    )
    return found


def _split(
    names: Sequence[str],
    items: int,
    make: Any,
    labels: dict,
    config: str,
    licence: str = "mit",
    dev: str = "validation",
) -> tuple[dict[str, bytes], dict[str, Any]]:
    files, configs = {}, {}
    for name in names:
        own = config.format(name)
        lang = {
            **dict(zip(CODES.values(), CODES, strict=True)),
            **dict(zip(LANGUAGES.values(), LANGUAGES, strict=True)),
        }.get(name, name[:2])
        configs[own] = {split: f"{own}/{split}-*" for split in ("train", dev)}
        for split in ("train", dev):
            rows = make(lang, meanings("train" if split == "train" else "dev", items))
            files[f"{own}/{split}-00000-of-00001.parquet"] = parquet(rows, names=labels)
    return files, card(configs, licence)


def _nli(lang: str, found: list[dict[str, int]]) -> Rows:
    short = [text(lang, m, without=["adjective"]) for m in found]
    return [
        {"premise": text(lang, m), "hypothesis": short[n - n % 3], "label": n % 3}
        for n, m in enumerate(found)
    ]


def _ner(lang: str, found: list[dict[str, int]]) -> Rows:
    tags = {"name": ENTITIES.index("B-PER"), "place": ENTITIES.index("B-LOC")}
    return [
        {
            "tokens": words(lang, m),
            "ner_tags": [tags.get(slot, 0) for slot in slots(lang)],
            "langs": [lang] * len(slots(lang)),
        }
        for m in found
    ]


def _pos(lang: str, found: list[dict[str, int]]) -> Rows:
    tags = [UPOS.index(SLOTS[slot][0]) for slot in slots(lang)]
    return [{"tokens": words(lang, m), "pos_tags": tags} for m in found]


def _tatoeba(lang: str, found: list[dict[str, int]]) -> Rows:
    return [
        {
            "source_sentence": f"{text(lang, m)}\n",
            "target_sentence": text("en", m),
            "source_lang": lang,
        }
        for m in found
    ]


def _qa(lang: str, found: list[dict[str, int]]) -> Rows:
    rows = []
    for number in range(len(found) - 2):
        context = " ".join(text(lang, m) for m in found[number : number + 3])
        answer = word(lang, "name", found[number]["name"])
        rows.append(
            {
                "id": f"{lang}-{number}",
                "title": f"title {number // 4}",
                "context": context,
                "question": text(lang, found[number], without=["name"])[:-1] + "?",
                "answers": {"text": [answer], "answer_start": [context.index(answer)]},
            }
        )
    return rows


def _trees(lang: str, found: list[dict[str, int]]) -> Rows:
    order = slots(lang)
    heads = [str(order.index(SLOTS[s][2]) + 1) if SLOTS[s][2] else "0" for s in order]
    return [
        {
            "text": text(lang, m),
            "tokens": words(lang, m),
            "upos": [SLOTS[s][0] for s in order],
            "head": heads,
            "deprel": [SLOTS[s][1] for s in order],
        }
        for m in found
    ]


def _foreign(languages: Sequence[str]) -> list[str]:
    """Codes of languages that English is paired with; the catalogue pairs it with French."""
    return [CODES[lang] for lang in dict.fromkeys([*languages, "fr"]) if lang != "en"]
