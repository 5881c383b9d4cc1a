"""The model card of an exported model: what it is, how its twin is made, and how it scores."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from twinlang import __version__, transforms
from twinlang.cli import read_json

SUBTAG = 8  # letters and digits, the most that a part of a language tag may have (BCP 47)
PIPELINES = {
    **{"lm": "fill-mask", "tokens": "token-classification"},
    **{"sequence": "text-classification", "span": "question-answering"},
}
SETTINGS = {
    "bz": "fine-tuned on the original, scored on the twin",
    "bs": "fine-tuned on the twin, scored on the twin",
    "mo": "fine-tuned on the original, scored on the original",
}
PAPER = (
    "Ameet Deshpande, Partha Talukdar and Karthik Narasimhan: When is BERT Multilingual? "
    "Isolating Crucial Ingredients for Cross-lingual Transfer. NAACL 2022."
)


def tag(lang: str, twin: str = "") -> str:
    """The language tag of a twin, such as `en-x-inversio` (BCP 47).

    What is no language code (`en-web`, a twin's name) follows `x`, cut to eight letters a part.
    """
    first, *rest = re.findall(r"[a-z0-9]+", f"{lang} {twin}".lower())
    if not re.fullmatch(r"[a-z]{2,3}", first):
        first, rest = "und", [first, *rest]
    private = [part[:SUBTAG] for part in rest]
    return "-".join([first, "x", *private] if private else [first])


def write(
    *,
    recipe: dict[str, Any],
    head: str,
    task: str | None,
    settings: dict[str, Any] | None,
    data: dict[str, Any],
    metrics: Iterable[str],
    respelled: bool,
) -> str:
    """The card as Markdown with YAML front matter.

    data: the settings of the source that the text came from; a folder's name is not told.
    """
    built_in = data.get("source") == "builtin"
    parts = [
        *_front(recipe, head, task, built_in),
        *_about(recipe, task),
        *_twin(recipe["twin"], respelled),
        *_data(data, built_in),
        *_scores(metrics),
        "## Recipe\n\nAll that decides the numbers of the pre-training (`recipe.json`):\n",
        _block(recipe),
        *([f"Of the fine-tuning for {task}:\n", _block(settings)] if task else []),
        f"## Citation\n\nPlease cite Twinlang, and the paper whose question it asks:\n{PAPER}",
    ]
    return "\n".join(parts) + "\n"


def _names(recipe: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Language and twin as the configuration calls them, and the tags of all languages read."""
    lang, name = recipe.get("language", "und"), recipe.get("name", "orig")
    return lang, name, [tag(lang), *([tag(lang, name)] if recipe["twin"] else [])]


def _front(recipe: dict[str, Any], head: str, task: str | None, built_in: bool) -> Iterator[str]:
    """The YAML block; JSON is YAML too."""
    _, name, tags = _names(recipe)
    front = {
        "language": tags,
        "license": "apache-2.0" if built_in else "other",
        "library_name": "transformers",
        "pipeline_tag": PIPELINES[head],
        "tags": ["twinlang", *([name] if recipe["twin"] else []), *([task] if task else [])],
    }
    yield "---"
    yield from (f"{key}: {json.dumps(value)}" for key, value in front.items())
    yield "---\n"


def _about(recipe: dict[str, Any], task: str | None) -> Iterator[str]:
    lang, name, tags = _names(recipe)
    both = f"{tags[0]} and its twin {tags[-1]}" if recipe["twin"] else f"{tags[0]} alone"
    made = f"pre-trained on {both} by Twinlang {__version__}"
    if "imported" in recipe["pretrain"]:
        made = f"pre-trained elsewhere and read by Twinlang {__version__} as a model of {both}"
    yield f"# {lang}, {name}: {task or 'masked language model'}\n"
    yield f"A RoBERTa, {f'fine-tuned for {task}' if task else 'a masked language model'}, {made}."
    yield "It serves to study transfer between languages that differ in one known way.\n"


def _block(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)}\n```\n"


def _twin(steps: list[transforms.Step], respelled: bool) -> Iterator[str]:
    if not steps:
        return
    yield "## The twin\n\nThese steps, applied left to right to each sentence, make it:\n"
    for step in steps:
        name, parameters = transforms.parse(step)
        about = (transforms.load(name).__doc__ or "").split("\n")[0]
        yield f"- `{name}{json.dumps(parameters) if parameters else ''}`: {about}"
    yield "\n`twinlang derive` makes it from encoded sentences. The tokenizer reads the original."
    if respelled:
        yield "The twin has a script of its own: `deriv_ids.json` holds its id of every id.\n"
        yield "```python\nimport json\n\nfrom transformers import AutoTokenizer\n"
        yield 'orig = AutoTokenizer.from_pretrained(".")("A text.").input_ids'
        yield 'table = json.load(open("deriv_ids.json"))'
        yield "deriv = [table[piece] for piece in orig]  # after the other steps, if any\n```"
    yield ""


def _data(data: dict[str, Any], built_in: bool) -> Iterator[str]:
    yield "## Data and licence\n"
    if built_in:
        yield "Text of a built-in language: real words, sentences of a seeded grammar. It is not"
        yield "natural language. Data and model are under Apache-2.0.\n"
    else:
        yield "Text of its maker's own. The licence of the model follows from that of the text.\n"
    told = {key: value for key, value in data.items() if key not in ("folder", "items")}
    if told:
        yield _block(told)


def _scores(metrics: Iterable[str]) -> Iterator[str]:
    rows = [row for path in metrics for row in _rows(read_json(path))]
    if not rows:
        return
    yield "## Scores\n\nPercent, on development sets of the same data.\n"
    yield "| task | setting | score | value | n |\n|---|---|---|---|---|"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
    yield ""


def _rows(metric: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """What one metric file says: of a fine-tuning, of retrieval or of alignment."""
    task, n = metric["task"], metric["n"]
    if "setting" in metric:
        setting = metric["setting"]
        for name, value in metric["scores"].items():
            yield task, SETTINGS.get(setting, setting), name, round(value, 1), n
    elif "bilingual" in metric:
        for name, value in metric["bilingual"].items():
            yield task, "without fine-tuning", name, round(value, 1), n
    else:
        yield task, "nearest neighbour", "accuracy", round(metric["value"], 1), n
