"""Parsers: where the trees of sentences come from. A parser is a module here, found by its name:

- `parse(sentences, settings, *, lang, kind, split) -> trees`, one a sentence and in order, over
  surface words; a text instead of a tree says why a sentence has none;
- `NEEDS`: `source` (trees that the language's source has), `model` (a file, which a rule trains
  from the language's treebank) or `folder` (of models: the user's, or, if the settings name none,
  those of `hub`, which a rule fetches).
A sentence is running text, or a list of words that must stay as they are. `settings` are the
parser's block of the configuration, with the source's settings as `source` or the file as `model`
where it needs one; of published models that is the manifest of `fetch_hub`. `kind` is text/main,
text/other or a task.
"""

from __future__ import annotations

from functools import partial

from twinlang import modules

names = partial(modules.names, "parsers")
load = partial(modules.load, "parsers")
