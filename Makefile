# The environment in .venv if there is one, else the active one: make check PYTHON=python3
PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)

.PHONY: help check test format fresh

help:  ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

check:  ## style, types, docstrings, architecture, guard
	@PYTHON=$(PYTHON) .ci/check

test:  ## the tests, in parallel
	$(PYTHON) -m pytest

format:  ## mend what ruff can mend
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

fresh:  ## the wheel in empty environments: all of it, then the base alone
	@PYTHON=$(PYTHON) .ci/fresh
