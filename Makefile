# make demo      assess simulated data with known truth, into markerkit_demo/
# make test      the quick tests
# make test-all  every test, the slow ones included
# make test-anndata  reading, tables and missing values with AnnData and the oldest pandas that is supported
# make test-app  the app in a real browser, from the table to the report
# make docs      the documentation site, into docs/_build/html; a warning is an error
# make docs-links  look whether the addresses that the site names are there (needs a network)
# make dist      build the sdist and the wheel, install them outside of the checkout and try them, into dist/
# make mutants   change the code at random and see what the tests notice: NUMBER=400 SEED=1, into mutants.md
# make benchmarks SHARED=../shared   every table and figure of benchmarks/, beside the other packages: a day of one processor
# make lint      ruff, mypy and codespell
# make clean     remove what these targets made
#
# Needs git, make and Python >= 3.11 with venv; everything else goes into .venv.
# Another interpreter: make test PYTHON=/path/to/python

PYTHON ?=
export CANDIDATES := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
# Two processes test at once, and each needs one thread; what one has compiled, the programs that the tests start read.
export OPENBLAS_NUM_THREADS ?= 1
export PYTHONDONTWRITEBYTECODE :=
VENV := .venv
STAMP := $(VENV)/.complete
RUN := $(VENV)/bin
# AnnData does not admit pandas 3 on every Python that is supported, so it is tested in an environment of its own.
ANNDATA := .venv-anndata
ANNDATA_STAMP := $(ANNDATA)/.complete

DOCS := .venv-docs
DOCS_STAMP := $(DOCS)/.complete
# the commands of the pages run the command line of this environment
SPHINX = PATH="$(CURDIR)/$(DOCS)/bin:$$PATH" $(DOCS)/bin/python -m sphinx -W --keep-going

DIST := .venv-dist
DIST_STAMP := $(DIST)/.complete

NUMBER ?= 400
SEED ?= 1
SHARED ?= ../shared

.PHONY: help demo test test-all test-anndata test-app docs docs-links dist mutants benchmarks lint clean rebuild

help:
	@sed -n 's/^# make/make/p' Makefile

# An environment that no longer runs, lies in a moved checkout or was built by another PYTHON is built again.
stale = $(shell test -e $(1)/.complete || exit 0; \
  { $(1)/bin/python -c 'import pytest' && $(1)/bin/markerkit --version \
    && grep -qxF "checkout $(CURDIR)" $(1)/.complete \
    && { test -z "$(PYTHON)" || grep -qxF "python $(PYTHON)" $(1)/.complete; }; } >/dev/null 2>&1 \
  || echo rebuild)

demo: $(STAMP)
	$(RUN)/markerkit demo --out markerkit_demo --overwrite

test: $(STAMP)
	$(RUN)/python -m pytest -n 2 --dist worksteal -m "not slow"

test-all: $(STAMP)
	$(RUN)/python -m pytest -n 2 --dist worksteal

test-anndata: $(ANNDATA_STAMP)
	$(ANNDATA)/bin/python -m pytest -n 2 --dist worksteal -m "not slow" tests/io tests/tables tests/preprocess/test_impute.py

test-app: $(STAMP)
	$(RUN)/python -m pytest tests/app

docs: $(DOCS_STAMP)
	$(SPHINX) -q -b html docs docs/_build/html
	@echo "The site: docs/_build/html/index.html"

docs-links: $(DOCS_STAMP)
	$(SPHINX) -q -b linkcheck docs docs/_build/links

dist: $(DIST_STAMP)
	$(DIST)/bin/python tools/check_dist.py

mutants: $(STAMP)
	$(RUN)/python tools/mutants.py --number $(NUMBER) --seed $(SEED) --out mutants.md

benchmarks: $(STAMP)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[benchmarks]"
	$(RUN)/python benchmarks/everything.py $(SHARED)

lint: $(STAMP)
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/codespell

# The stamp is written last: an environment without one is half made, and is removed and built again.
# Arguments: the folder of the environment, the file of pinned versions, what is installed.
define build
	@set -eu; \
	python=""; \
	for candidate in $$CANDIDATES; do \
	  if "$$candidate" -c 'import sys, venv, ensurepip; assert sys.version_info >= (3, 11)' >/dev/null 2>&1; then \
	    python="$$candidate"; break; \
	  fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "No Python >= 3.11 with the modules venv and ensurepip among: $$CANDIDATES." >&2; \
	  echo "Install one (on Debian and Ubuntu with its package python3-venv) or name it: make test PYTHON=/path/to/python" >&2; \
	  exit 1; \
	fi; \
	echo "Building $(1) with $$("$$python" --version)"; \
	rm -rf $(1); \
	"$$python" -m venv $(1); \
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check -c $(2) $(3); \
	printf 'checkout %s\npython %s\n' "$(CURDIR)" "$$python" > $@
endef

$(STAMP): pyproject.toml constraints.txt $(call stale,$(VENV))
	$(call build,$(VENV),constraints.txt,-e '.[test]')

$(ANNDATA_STAMP): pyproject.toml constraints-anndata.txt $(call stale,$(ANNDATA))
	$(call build,$(ANNDATA),constraints-anndata.txt,-e '.[anndata]' pytest pytest-xdist hypothesis pyarrow)

$(DOCS_STAMP): pyproject.toml constraints-docs.txt $(call stale,$(DOCS))
	$(call build,$(DOCS),constraints-docs.txt,-e '.[docs]' pytest)

$(DIST_STAMP): constraints.txt
	$(call build,$(DIST),constraints.txt,build twine check-wheel-contents)

clean:
	rm -rf $(VENV) $(ANNDATA) $(DOCS) $(DIST) docs/_build docs/generated markerkit_demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .mutants
	rm -f mutants.md mutants.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
