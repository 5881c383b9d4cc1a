"""The recipe of the image copies all that the workflow needs, and names no index and no root."""

from __future__ import annotations

import re

from tests.workflow.project import PARTS, PROJECT

TEXT = (PROJECT / "Containerfile").read_text(encoding="utf-8")
LINES = re.sub(r"^#.*\n", "", TEXT.replace("\\\n", " "), flags=re.MULTILINE).split("\n")
STEPS = [tuple(line.split(maxsplit=1)) for line in LINES if line]
KNOWN = {"ARG", "FROM", "RUN", "USER", "WORKDIR", "COPY", "ENV", "CMD"}


def test_it_copies_what_the_workflow_needs() -> None:
    assert {word for word, _ in STEPS} == KNOWN
    copied = [path for word, rest in STEPS if word == "COPY" for path in rest.split()[1:-1]]
    assert all((PROJECT / path).exists() for path in copied)
    assert set(PARTS) <= set(copied) and len(set(copied)) == len(copied)
    for word, rest in STEPS:
        if word == "COPY" and len(rest.split()) == 3:
            assert rest.split()[1] == rest.split()[2], "a folder keeps its name"


def test_the_environment_is_that_of_make() -> None:
    order = [f"{word} {rest}" for word, rest in STEPS]
    made = next(n for n, line in enumerate(order) if "make .venv/.installed" in line)
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    pins = re.search(r"^PINS := (.*)$", makefile, re.MULTILINE)
    assert pins
    before = " ".join(line for line in order[:made] if line.startswith("COPY")).split()
    for pin in pins[1].split():  # copied later they would be newer, and make would begin anew
        assert pin in before or pin.split("/")[0] in before
    assert order[-1] == 'CMD ["make", "demo"]'


def test_nothing_runs_as_root_and_no_index_is_named() -> None:
    users = [rest for word, rest in STEPS if word == "USER"]
    assert users == ["twinlang"] and "http" not in TEXT
    last = [n for n, (word, rest) in enumerate(STEPS) if word == "RUN" and "apt-get" in rest][-1]
    assert last < STEPS.index(("USER", "twinlang"))
