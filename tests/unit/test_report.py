"""Parts of the report: fonts, times, figures within a page, learning curves, the procedure."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.micro import SETTINGS, Study, step
from twinlang import dynamics, fonts, html_page, procedure, report_parameters
from twinlang.cli import UserError
from twinlang.report import run, training
from twinlang.report.drawn import inline


def test_fonts_carry_the_scripts_that_are_used_and_no_other() -> None:
    assert fonts.faces("plain words", latin=False) == ""
    hindi = fonts.faces("नमस्ते", latin=False)
    assert "Noto Sans Devanagari" in hindi and "Noto Sans Arabic" not in hindi
    assert "U+928" in hindi and "U+915" not in hindi  # the letters of this text alone
    assert "Noto Sans Arabic" in html_page.page("العربية", "<p>x</p>")
    for family in fonts.FONTS:
        assert fonts.path(family).exists()


def test_thousands_of_files_fit_into_a_command() -> None:
    """What Bash may be told is 128 KiB long; Snakemake tells it a whole command at once."""
    names = [f"a+b/s{s}/{t}/f0/{e}.json" for s in range(200) for t in ("x", "y'") for e in "pqr"]
    paths = [*names, *(f"orig/s{s}/mo.json" for s in range(200)), "it's.json"]
    word = report_parameters.braced(paths)
    told = subprocess.run(["bash", "-c", f"printf '%s\\n' {word}"], capture_output=True, text=True)
    assert sorted(told.stdout.splitlines()) == sorted(paths) and not told.stderr
    assert len(word) < len(" ".join(paths)) * 0.6
    assert report_parameters.braced(["a/b.json"]) == "a/b.json"


def benchmark(path: Path, seconds: float, ended: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\tmax_rss\tcpu_time\n{seconds}\t20.0\tNA\n", encoding="utf-8")
    os.utime(path, (ended, ended))


def test_times_of_a_run_leave_out_its_pauses(tmp_path: Path) -> None:
    benchmark(tmp_path / "derive/en/a.tsv", 10, 1010)
    benchmark(tmp_path / "derive/en/b.tsv", 5, 1012)  # beside the first for three seconds
    benchmark(tmp_path / "claims.tsv", 4, 5000)
    assert run.wall(str(tmp_path)) == pytest.approx(16)
    derive, claims = run.times(str(tmp_path))
    assert (derive["rule"], derive["jobs"], derive["seconds"], derive["longest"]) == (
        "derive", 2, 15, 10,
    )  # fmt: skip
    assert claims["processor"] == 0 and run.times(str(tmp_path / "none")) == []
    assert run.wall(str(tmp_path / "none")) is None
    (tmp_path / "odd.tsv").write_text("s\n")
    with pytest.raises(UserError, match=r"odd.tsv is no benchmark"):
        run.times(str(tmp_path))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1.52, "1.5 s"), (12.2, "12 s"), (185, "3 min 5 s"), (7620, "2 h 7 min")],
)
def test_times_are_spoken(seconds: float, text: str) -> None:
    assert run.spoken(seconds) == text


def test_figures_of_a_page_share_no_name_and_take_its_colours() -> None:
    svg = (
        '<?xml version="1.0"?><svg width="10pt" height="5pt"><style>x{}</style>'
        '<path id="a" style="fill: #000000"/><use href="#a"/><g clip-path="url(#a)"/></svg>'
    )
    found = inline(svg, "figure2", 'a "figure"')
    assert 'viewBox="0 0 10 5"' in found and "aria-label" in found and "<style" not in found
    assert 'id="figure2-a"' in found and '"#figure2-a"' in found and "url(#figure2-a)" in found
    assert "fill: var(--ink)" in found and "<?xml" not in found
    with pytest.raises(UserError, match="figure2 is no SVG"):
        inline("<html>", "figure2", "")


def test_a_journal_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"step": 1}\n')
    told = [{"language": "en", "twin": "x", "path": str(tmp_path / "train.jsonl")}]
    with pytest.raises(UserError, match=r"train.jsonl is no journal"):
        training.read(told)


def test_arrows_of_the_procedure_leave_out_what_follows_from_others() -> None:
    reads = {"a": [], "b": ["a"], "c": ["a", "b"], "d": ["c"]}
    assert procedure.reduced(reads)["c"] == ["b"]
    assert procedure.layers(reads) == [["a"], ["b"], ["c"], ["d"]]


def test_a_model_is_followed_over_its_checkpoints(study: Study, tmp_path: Path) -> None:
    """Untrained, it aligns by chance; each checkpoint is scored both ways, and drawn."""
    twin = ["transliteration"]
    folder = tmp_path / "model"
    recipe = study.copied_recipe(folder, twin, steps=4)
    flags: dict[str, Any] = {"orig": study.corpus([]), "deriv": study.corpus(twin)}
    files = {"model": folder / "model.safetensors", "journal": folder / "train.jsonl"}
    step("pretrain", recipe=recipe, **flags, **files, checkpoints=folder / "steps")
    data = {"items_train": study.items("pos", "train"), "items_dev": study.items("pos", "dev")}
    data |= {"orig_train": study.task("pos", "train", []), "output": tmp_path / "curve.csv"}
    data |= {f"deriv_{s}": study.task("pos", s, twin) for s in ("train", "dev")}
    place = {"language": "en", "twin": "transliteration", "pairing": "parallel", "task": "pos"}
    place |= {"pretrain_seed": 0, "finetune_seed": 0}  # type: ignore[dict-item]
    step(
        "follow_checkpoints",
        recipe=recipe, checkpoints=folder / "steps", task="pos", settings=SETTINGS,
        coordinates=place, **data,
    )  # fmt: skip
    rows = dynamics.read([str(tmp_path / "curve.csv")])
    assert [row["step"] for row in rows] == [0, 1, 2, 4]
    assert all(0 <= row[key] <= 100 for row in rows for key in ("alignment", "bz", "bs"))
    assert rows[0]["alignment"] < 20 and rows[0]["chance"] < 1
    out = {"svg": tmp_path / "d.svg", "pdf": tmp_path / "d.pdf"}
    step("draw_dynamics", curves=tmp_path / "curve.csv", **out)
    drawn = out["svg"].read_text(encoding="utf-8")
    assert "Learning curves (en, parallel" in re.sub(r"\s+", " ", drawn)
    (tmp_path / "odd.csv").write_text("step\nx\n")
    with pytest.raises(UserError, match=r"odd.csv is no learning curve"):
        dynamics.read([str(tmp_path / "odd.csv")])
