"""Report where the syntax twins of a language stand between its source and their targets.

Held-out trees of the source, the same in each twin's order, and held-out trees of the languages
that its nouns and its verbs follow are measured alike; writes one row a twin and measure (CSV), and
a figure of the shares (SVG).
"""

from __future__ import annotations

import csv

import numpy as np

from twinlang import distances, proof, transforms, word_order
from twinlang.cli import UserError, json_argument, parser, run, writing
from twinlang.sources.records import Tree
from twinlang.trees import read, surface


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--source", required=True, help="trees of the language, CoNLL-U")
    flags.add_argument("--targets", required=True, nargs="+", help="trees of others, CoNLL-U")
    flags.add_argument("--target-langs", type=json_argument, required=True, help="their codes")
    flags.add_argument("--files", nargs="+", required=True, help="ordering models, JSON")
    flags.add_argument("--twins", type=json_argument, required=True, help="{twin: steps}, JSON")
    flags.add_argument("--seed", type=int, required=True, help="twin_seed of the configuration")
    flags.add_argument("--lang", required=True, help="language code")
    flags.add_argument("--csv", required=True)
    flags.add_argument("--figure", required=True, help="SVG")
    arguments = flags.parse_args(argv)
    source = trees_of(arguments.source)
    targets = dict(zip(arguments.target_langs, map(trees_of, arguments.targets), strict=True))
    data = word_order.encoded(source, arguments.source)
    given = {"vocabulary": int(data.pieces.max()) + 1, "seed": arguments.seed}
    sheets = {}
    for name, steps in arguments.twins.items():
        derived = transforms.apply(data, steps, **given, files=arguments.files)
        positions, offsets = derived.columns["positions"], derived.offsets.tolist()
        orders = (positions[a:b].tolist() for a, b in zip(offsets, offsets[1:], strict=False))
        twin = [word_order.reordered(*pair) for pair in zip(source, orders, strict=True)]
        followed = proof.followed(steps)
        ends = {kind: targets[lang] for kind, lang in followed.items()}
        rows = proof.table(source, twin, ends)
        rows += proof.surprisals(source, twin, ends, steps, arguments.files)
        tau = float(np.nanmean(distances.kendall(derived)))
        rows += [proof.row("kendall tau to the source", twin=tau), proof.filtered(data)]
        sheets[name] = proof.spoken(followed), rows
    with writing(arguments.csv) as handle:
        first = next(iter(sheets.values()))[1][0]
        table = csv.DictWriter(
            handle, ["language", "variant", "follows", *first], lineterminator="\n"
        )
        table.writeheader()
        for name, (follows, rows) in sheets.items():
            place = {"language": arguments.lang, "variant": name, "follows": follows}
            table.writerows(place | {k: proof.shown(v) for k, v in row.items()} for row in rows)
    with writing(arguments.figure) as handle:
        handle.write(proof.figure(sheets, arguments.lang))


def trees_of(path: str) -> list[Tree]:
    """The trees of a file, over surface words.

    Raises:
        UserError: there are none.
    """
    found = list(map(surface, read([path])))
    if not found:
        raise UserError(f"{path} has no trees; give the treebank some")
    return found


if __name__ == "__main__":
    run(main)
