"""Measure how far each twin is from its original, over its corpus: one row a language and twin.

kendall_tau: mean over sentences, 1 is the original order, -1 its inversion, 0 a random one.
neighbours_kept: percent of neighbouring pieces that stay neighbours. overlap: percent of pieces of
the two vocabularies that both have.
"""

from __future__ import annotations

import csv

import numpy as np

from twinlang import distances, sentences, transforms
from twinlang.cli import json_argument, parser, run, writing

COLUMNS = ("language", "twin", "sentences", "kendall_tau", "neighbours_kept", "overlap")


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--corpora", nargs="+", required=True, help="Arrow files of twins")
    flags.add_argument(
        "--cells", type=json_argument, required=True, help="language and twin of each"
    )
    flags.add_argument("--output", required=True, help="CSV")
    arguments = flags.parse_args(argv)
    with writing(arguments.output) as handle:
        table = csv.writer(handle, lineterminator="\n")
        table.writerow(COLUMNS)
        for path, cell in zip(arguments.corpora, arguments.cells, strict=True):
            data = sentences.read(path)
            said = data.metadata
            spelled = transforms.respelling(
                said["twin"], said["vocabulary"], seed=said["twin_seed"]
            )
            tau = float(np.nanmean(distances.kendall(data)))
            kept, shared = distances.neighbours_kept(data), distances.overlap(spelled)
            row = (f"{tau:.4f}", f"{100 * kept:.2f}", f"{100 * shared:.2f}")
            table.writerow([*cell, len(data), *row])


if __name__ == "__main__":
    run(main)
