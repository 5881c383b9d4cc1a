"""Draw the paper's Figure 1, the procedure, from the rules of the run: as SVG and as PDF.

Reads, as JSON, the rules (by name: `says`, `stage`, and `reads`, whose files it reads) and the
caption says of the run (languages, twins with their steps, pairings, tasks, counts).
"""

from __future__ import annotations

from twinlang import procedure
from twinlang.cli import json_argument, parser, run
from twinlang.plotting import save


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--rules", required=True, type=json_argument, help="JSON")
    flags.add_argument("--about", required=True, type=json_argument, help="JSON")
    flags.add_argument("--svg", required=True)
    flags.add_argument("--pdf", required=True)
    arguments = flags.parse_args(argv)
    save(lambda: procedure.figure(arguments.rules, arguments.about), [arguments.svg, arguments.pdf])


if __name__ == "__main__":
    run(main)
