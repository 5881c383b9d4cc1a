"""Report where the syntax twin of a language stands between its source and its target.

Held-out trees of the source, the same in the twin's order, and held-out trees of the target are
measured alike; writes one row a measure (CSV) and a figure of the shares (SVG).
"""

from __future__ import annotations

import csv
from typing import Any

import numpy as np

from twinlang import distances, proof, transforms, word_order
from twinlang.cli import UserError, json_argument, parser, run, writing
from twinlang.forest import forest
from twinlang.trees import read, surface


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--source", required=True, help="trees of the language, CoNLL-U")
    flags.add_argument("--target", required=True, help="trees of the language it follows, CoNLL-U")
    flags.add_argument("--files", nargs="+", required=True, help="ordering models, JSON")
    flags.add_argument("--steps", type=json_argument, required=True, help="steps of the twin, JSON")
    flags.add_argument("--seed", type=int, required=True, help="twin_seed of the configuration")
    flags.add_argument("--lang", required=True, help="language code")
    flags.add_argument("--target-lang", required=True, help="code of the language it follows")
    flags.add_argument("--csv", required=True)
    flags.add_argument("--figure", required=True, help="SVG")
    arguments = flags.parse_args(argv)
    source, target = (list(map(surface, read([p]))) for p in (arguments.source, arguments.target))
    if not source or not target:
        empty = arguments.target if source else arguments.source
        raise UserError(f"{empty} has no trees; give the treebank some")
    data = word_order.encoded(source, arguments.source)
    vocabulary = int(data.pieces.max()) + 1
    derived = transforms.apply(
        data, arguments.steps, vocabulary=vocabulary, seed=arguments.seed, files=arguments.files
    )
    positions, offsets = derived.columns["positions"], derived.offsets.tolist()
    orders = (positions[a:b].tolist() for a, b in zip(offsets, offsets[1:], strict=False))
    twin = [word_order.reordered(*pair) for pair in zip(source, orders, strict=True)]
    sides = {"source": source, "twin": twin, "target": target}
    measured = {
        name: word_order.measures(forest(word_order.encoded(trees, name)))
        for name, trees in sides.items()
    }
    rows: list[dict[str, Any]] = proof.table(measured)
    rows += proof.surprisals(sides, arguments.steps, arguments.files, arguments.target_lang)
    rows.append(
        proof.row("kendall tau to the source", twin=float(np.nanmean(distances.kendall(derived))))
    )
    rows.append(proof.filtered(data))
    languages = {"language": arguments.lang, "follows": arguments.target_lang}
    with writing(arguments.csv) as handle:
        table = csv.DictWriter(handle, [*languages, *rows[0]], lineterminator="\n")
        table.writeheader()
        table.writerows(languages | {k: proof.shown(v) for k, v in row.items()} for row in rows)
    with writing(arguments.figure) as handle:
        handle.write(proof.figure(rows, arguments.lang, arguments.target_lang))


if __name__ == "__main__":
    run(main)
