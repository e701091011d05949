# make demo      assess simulated data with known truth, into markerkit_demo/
# make test      the quick tests
# make test-all  every test, the slow ones included
# make lint      ruff, mypy and codespell
# make clean     remove what these targets made
#
# Needs git, make and Python >= 3.11 with venv; everything else goes into .venv.
# Another interpreter: make test PYTHON=/path/to/python

PYTHON ?=
export CANDIDATES := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
VENV := .venv
STAMP := $(VENV)/.complete
RUN := $(VENV)/bin

.PHONY: help demo test test-all lint clean rebuild

help:
	@sed -n 's/^# make/make/p' Makefile

# An environment that no longer runs, lies in a moved checkout or was built by another PYTHON is built again.
STALE := $(shell test -e $(STAMP) || exit 0; \
  { $(RUN)/python -c 'import pytest' && $(RUN)/markerkit --version \
    && grep -qxF "checkout $(CURDIR)" $(STAMP) \
    && { test -z "$(PYTHON)" || grep -qxF "python $(PYTHON)" $(STAMP); }; } >/dev/null 2>&1 \
  || echo rebuild)

demo: $(STAMP)
	$(RUN)/markerkit demo --out markerkit_demo --overwrite

test: $(STAMP)
	$(RUN)/python -m pytest -n 2 -m "not slow"

test-all: $(STAMP)
	$(RUN)/python -m pytest -n 2

lint: $(STAMP)
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/codespell

# The stamp is written last: an environment without one is half made, and is removed and built again.
$(STAMP): pyproject.toml constraints.txt $(STALE)
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
	echo "Building $(VENV) with $$("$$python" --version)"; \
	rm -rf $(VENV); \
	"$$python" -m venv $(VENV); \
	$(RUN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]' -c constraints.txt; \
	printf 'checkout %s\npython %s\n' "$(CURDIR)" "$$python" > $@

clean:
	rm -rf $(VENV) markerkit_demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
