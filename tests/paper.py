"""The printed numbers as if they were scores of a run: one seed, BS and MZ from the differences."""

from __future__ import annotations

from typing import Any

from twinlang.report import published

LANGUAGES = {"en": "English", "fr": "French", "hi": "Hindi", "ar": "Arabic"}
TWINS = {
    **{name: [name] for name in ("inversion", "permutation", "syntax", "transliteration")},
    "inversion+transliteration": ["inversion", "transliteration"],
    "permutation+transliteration": ["permutation", "transliteration"],
    "syntax+transliteration": ["syntax", "transliteration"],
}
SUPERVISED = 90.0  # where the paper prints a difference alone


def scores() -> list[dict[str, Any]]:
    """Tidy rows of Table 5, of the composed twins of Table 6, and of Tables 7 and 8."""
    codes = {name: code for code, name in LANGUAGES.items()}
    printed: dict[tuple, dict[str, float]] = {}
    rows = []
    for cell in sorted(published.cells(), key=lambda cell: cell.table):  # table 5 comes first
        if cell.language not in codes:
            continue
        place = (codes[cell.language], cell.twin, cell.pairing, cell.task)
        if cell.metric == "alignment":
            rows.append(_row(place, "bi", cell.value, finetune_seed=None))
        elif cell.metric != "spearman":
            printed.setdefault(place, {}).setdefault(cell.metric, cell.value)
    for place, found in printed.items():
        bs = found["bz"] - found["delta_bz_bs"] if "bz" in found else SUPERVISED
        mz = bs + found.get("delta_mz_bs", -bs)
        values = {"bs": bs, "bz": bs + found["delta_bz_bs"], "mz": max(mz, 0.0)}
        rows += [_row(place, setting, value) for setting, value in values.items()]
    return rows


def _row(place: tuple, setting: str, value: float, **other: Any) -> dict[str, Any]:
    language, twin, pairing, task = place
    return {
        **{"language": language, "twin": twin, "pairing": pairing, "task": task},
        **{"pretrain_seed": 42, "finetune_seed": 42, "setting": setting, "metric": "f1"},
        **{"value": value, "n": 1000, "constant": None, "precision": "fp32", "device": "tpu"},
        **{"keeps_order": "inversion" not in twin and "permutation" not in twin, **other},
    }
