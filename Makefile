# Each target does its own set-up: the virtual environment, the packages, the system libraries.
# Nothing is downloaded a second time until pyproject.toml changes.

.DEFAULT_GOAL := help
.NOTPARALLEL:
SHELL := /bin/sh

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# Passed on by `make demo`.
ONCE ?=
RECEIPTS ?=
PORT ?=
COUNTRY ?=
OUT ?= demo-out

# Passed on to pytest by `make test` and `make proofs`, and to `bonbridge bench` by `make bench`.
# BONBRIDGE_VECTORS (directory of test data) reaches the tests as make hands on its environment.
PYTEST_ARGS ?=
BENCH_ARGS ?=

# Most tests wait for processes and devices. Files stay whole: their tests share what is slow to start.
PARALLEL := -n 4 --dist loadfile --no-loadscope-reorder

# What the tests need of Debian: reading printed codes; a smart-card service with a virtual reader,
# and what pyscard is built from; a browser with a font.
DEBIAN_PACKAGES := libzbar0 \
  pcscd vsmartcard-vpcd libpcsclite-dev swig gcc python3-dev \
  chromium fonts-dejavu-core

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
	  printf '  make %-8s %s\n' "$$name" "$$text"; \
	done

.PHONY: demo
demo: $(VENV)/.base ## the whole chain on simulators [ONCE=1] [RECEIPTS=N] [OUT=DIR] [PORT=N]
	$(BIN)/bonbridge demo $(if $(COUNTRY),--country '$(COUNTRY)') \
	  $(if $(RECEIPTS),--receipts '$(RECEIPTS)') $(if $(filter-out 0,$(ONCE)),--once) \
	  $(if $(PORT),--port '$(PORT)') --out '$(OUT)'

.PHONY: test
test: debian-packages $(VENV)/.card ## all tests [PYTEST_ARGS='-k name'] [BONBRIDGE_VECTORS=DIR]
	$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

.PHONY: check
check: $(VENV)/.dev ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: bench
bench: $(VENV)/.base ## speed and cost [BENCH_ARGS='--only M1']
	$(BIN)/bonbridge bench $(BENCH_ARGS)

.PHONY: proofs
proofs: debian-packages $(VENV)/.card ## the tests with their long loops
	$(BIN)/python -m pytest --proofs $(PARALLEL) $(PYTEST_ARGS)

.PHONY: fresh
fresh: ## (root) install and demo in a fresh minimal Debian
	tests/fresh/run

.PHONY: debian-packages
debian-packages:
	@command -v dpkg-query >/dev/null || { \
	  echo 'No Debian here: please install what corresponds to: $(DEBIAN_PACKAGES)'; exit 0; }; \
	missing=; \
	for package in $(DEBIAN_PACKAGES); do \
	  dpkg-query -W -f '$${Status}' "$$package" 2>/dev/null | grep -q '^install ok installed' \
	    || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  echo "Installing Debian packages:$$missing"; \
	  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  $$sudo apt-get update -q && $$sudo apt-get install -y -q --no-install-recommends $$missing; \
	fi

# A stamp is a copy of the pyproject.toml that was installed: a new date alone installs nothing.
$(VENV)/.made:
	$(PYTHON) -m venv '$(VENV)'
	@touch $@

$(VENV)/.base: pyproject.toml $(VENV)/.made
	@cmp -s pyproject.toml $@ || $(BIN)/python -m pip install --disable-pip-version-check -q -e .
	@cp pyproject.toml $@

$(VENV)/.dev: pyproject.toml $(VENV)/.made
	@cmp -s pyproject.toml $@ || $(BIN)/python -m pip install --disable-pip-version-check -q -e '.[dev]'
	@cp pyproject.toml $@
	@cp pyproject.toml $(VENV)/.base

$(VENV)/.card: pyproject.toml $(VENV)/.made
	@cmp -s pyproject.toml $@ || $(BIN)/python -m pip install --disable-pip-version-check -q -e '.[dev,card]'
	@cp pyproject.toml $@
	@cp pyproject.toml $(VENV)/.dev
	@cp pyproject.toml $(VENV)/.base
