# Every check, test, benchmark and demonstration of the project. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash

.DEFAULT_GOAL := help
.PHONY: help env demo test lint format types boundaries docs lock clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

env: $(VENV)/.installed ## make the environment in .venv

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: env ## run the whole pipeline on an embedded database and the loopback Internet
	$(BIN)/scrapersky demo

test: env ## all tests but the long ones
	$(BIN)/pytest -n 2 -m "not chaos and not soak"

lint: env ## ruff: style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env ## mypy --strict
	$(BIN)/mypy

boundaries: env ## the library imports no service, and no service another
	$(BIN)/lint-imports

format: env ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the environment and everything built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
