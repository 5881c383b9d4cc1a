"""Draw learning curves: alignment, BZ and BS over steps of pre-training, as SVG and as PDF.

Reads CSVs of follow_checkpoints, one a twin and task.
"""

from __future__ import annotations

from twinlang import dynamics
from twinlang.cli import parser, run
from twinlang.plotting import save


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--curves", required=True, nargs="*", help="CSVs of follow_checkpoints")
    flags.add_argument("--svg", required=True)
    flags.add_argument("--pdf", required=True)
    arguments = flags.parse_args(argv)
    rows = dynamics.read(arguments.curves)
    save(lambda: dynamics.figure(rows), [arguments.svg, arguments.pdf])


if __name__ == "__main__":
    run(main)
