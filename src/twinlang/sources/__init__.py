"""Where text, labels and trees come from; each source is one file of this folder."""

from __future__ import annotations

from functools import partial

from twinlang import modules

names = partial(modules.names, "sources")
load = partial(modules.load, "sources")
