# make demo    the default study: sets up an environment and computes tables 3 and 6
# make test    sets up and runs the tests
# make lint    formats, types and the workflow's own checks; make format puts formats right

PYTHON ?= python3
# The environment comes first on the path of every command; it is made once and again when a pin changes.
RUN := PATH="$(CURDIR)/.venv/bin:$$PATH"
PIP := .venv/bin/python -m pip --disable-pip-version-check install --quiet --constraint requirements/constraints.txt
PINS := pyproject.toml requirements/base.txt requirements/constraints.txt

.PHONY: demo test lint format clean

demo: .venv/.installed
	$(RUN) snakemake --cores all results/table3.csv results/table6.csv

test: .venv/.installed-dev
	$(RUN) python -m pytest --numprocesses auto --dist loadfile

lint: .venv/.installed-dev
	$(RUN) snakefmt --check Snakefile rules
	$(RUN) ruff format --check src tests
	$(RUN) ruff check src tests
	$(RUN) mypy
	$(RUN) snakemake --lint

format: .venv/.installed-dev
	$(RUN) snakefmt Snakefile rules
	$(RUN) ruff format src tests
	$(RUN) ruff check --fix src tests

.venv/.installed: $(PINS)
	$(PYTHON) -m venv .venv
	$(PIP) --requirement requirements/base.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

.venv/.installed-dev: .venv/.installed requirements/dev.txt
	$(PIP) --requirement requirements/dev.txt
	touch $@

clean:
	rm -rf .venv .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis
