# make demo    the default study: sets up an environment and computes tables 3 and 6
# make test    sets up and runs the tests; TESTS="-k NAME" and the like are handed to pytest
# make test-xla  the same model on XLA devices, in an environment of its own
# make lint    formats, types and the workflow's own checks; make format puts formats right

PYTHON ?= python3
# The environment comes first on the path of every command; it is made once and again when a pin changes.
RUN := PATH="$(CURDIR)/.venv/bin:$$PATH"
PIP := .venv/bin/python -m pip --disable-pip-version-check install --quiet --constraint requirements/constraints.txt
PINS := pyproject.toml requirements/base.txt requirements/constraints.txt

.PHONY: demo test test-xla lint format clean

demo: .venv/.installed
	$(RUN) snakemake --cores all results/table3.csv results/table6.csv

test: .venv/.installed-dev
	$(RUN) python -m pytest --numprocesses auto --dist loadfile $(TESTS)

# torch 2.9 of its own, which torch_xla needs, without the CUDA libraries: one gigabyte to fetch.
XLA := PYTHONPATH=src LD_LIBRARY_PATH=.venv-xla/stand-ins PJRT_DEVICE=CPU
XLA += XLA_FLAGS="--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
test-xla: .venv-xla/.installed
	$(XLA) .venv-xla/bin/python -m pytest --noconftest tests/xla
	$(XLA) CPU_NUM_DEVICES=2 .venv-xla/bin/python -m pytest --noconftest tests/xla

.venv-xla/.installed: requirements/constraints.txt
	$(PYTHON) -m venv .venv-xla
	.venv-xla/bin/python -m pip install --quiet --no-deps torch==2.9.0 torch-xla==2.9.0
	grep -v ^torch== requirements/constraints.txt >.venv-xla/constraints.txt
	.venv-xla/bin/python -m pip install --quiet --constraint .venv-xla/constraints.txt absl-py pytest pyyaml requests \
		filelock fsspec hypothesis jinja2 networkx numpy pyarrow safetensors scipy sentencex sympy tokenizers tqdm
	$(PYTHON) tests/xla/stand_ins.py .venv-xla/lib/python3*/site-packages/torch/lib .venv-xla/stand-ins
	touch $@

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
	rm -rf .venv .venv-xla .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis
