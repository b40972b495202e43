# Every target works alone on a machine with Python 3.11 or later, make and the package registries.
# The first Python here that is new enough; PYTHON=/path/to/python3.11 names another.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(or $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$each -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$each && break; done),python3)
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Compiled once, not again by each of the processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test types suite long bench crash fuzz lock

setup: $(READY)

$(READY): .requirements/development.txt pyproject.toml
	@$(PYTHON) -c '$(NEW_ENOUGH)' || { echo "Nove needs Python 3.11 or later: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .requirements/development.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: $(READY)
	$(BIN)/nove demo $(ARGS)

test: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@$(MAKE) --no-print-directory --jobs=2 types suite

types: $(READY)
	$(BIN)/mypy

# A process more than cores: many tests wait, for a process to start or for an answer.
suite: $(READY)
	$(BIN)/pytest -n 3 --dist worksteal $(ARGS)

# The checks that take longer than a developer waits: more cases of every property.
long: $(READY)
	$(BIN)/pytest -n 2 --dist worksteal -m long $(ARGS)

bench: $(READY)
	$(BIN)/python -m bench $(ARGS)

# Kills processes under load; see `python -m tests.crash --help` for ARGS.
crash: $(READY)
	$(BIN)/python -m tests.crash $(ARGS)

# Hostile input for the API and the adapters; see `python -m tests.fuzz --help` for ARGS.
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz $(ARGS)

# After a change of the dependencies in pyproject.toml.
# What the benchmark compares parsing with, in an environment of its own.
PEER = karrio==2026.1.32 karrio-ups==2026.1.32 karrio-fedex==2026.1.32 karrio-dhl-universal==2026.1.32
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-header --no-annotate
lock: $(READY)
	$(COMPILE) pyproject.toml -o .requirements/service.txt
	$(COMPILE) --extra development pyproject.toml -o .requirements/development.txt
	echo 'setuptools>=80' | $(COMPILE) - -o .requirements/build.txt
	printf '%s\n' $(PEER) | $(COMPILE) - -o .requirements/bench.txt
