"""The tables as rows, from tidy scores. A table is a function of rows and the twins' steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twinlang.tables import measured, transfer
from twinlang.tables.transfer import AVERAGE, COUNTS, STRONG, Twins
from twinlang.tidy import Row

TABLES: dict[str, Callable[[Sequence[Row], Twins | None], list[Row]]] = {
    "table3": transfer.table3,
    "table5": transfer.table5,
    "table6": transfer.table6,
    "table8": transfer.table8,
    "table7": measured.table7,
    "retrieval": measured.retrieval,
    "pairs": transfer.pairs,
    "pairs-retrieval": measured.retrieval,
    "alignment": measured.alignment,
}

__all__ = ["AVERAGE", "COUNTS", "STRONG", "TABLES", "Twins"]
