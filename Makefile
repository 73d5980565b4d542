# Every command of the project. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
PACKAGES := bot dialogs integrations nlu persistence tests
CONFIG ?= config.yml
# More words for pytest: make test ARGS='-k outbox -x'
ARGS ?=
# How many tests run at once: one for each core, each with its own database server. make test WORKERS=0: one by one
WORKERS ?= auto

# Answers whether an interpreter is new enough and can make environments. Interpreters are asked by running them:
# a version manager's shim may lie on the path for a version that is not switched on.
USABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))

.PHONY: help setup run test check format schema bench evaluate reading soak rasa rasa-test rasa-lock lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/installed node_modules/.package-lock.json ## make .venv/ and node_modules/ with everything locked, hashes checked
	@:

.venv/installed: requirements-dev.lock
	@if ! $(PYTHON) -c '$(USABLE)' 2>/dev/null; then \
	  for candidate in python3.13 python3.12 python3.11 python3 none; do \
	    if "$$candidate" -c '$(USABLE)' 2>/dev/null; then break; fi; \
	  done; \
	  if [ "$$candidate" = none ]; then \
	    echo 'make setup: no Python ≥ 3.11 with venv found. Install one (Debian: apt-get install python3 python3-venv) and try again.' >&2; \
	    exit 1; \
	  fi; \
	  "$$candidate" -m venv --clear .venv; \
	fi
	@echo 'Installing what is locked into .venv/ (once, and again when the lock changes) …'
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# npm writes this file when it is done; it holds what is installed.
node_modules/.package-lock.json: package.json package-lock.json .npmrc
	@if ! npm --version >/dev/null 2>&1; then \
	  echo 'make setup: npm not found. The pages need two libraries from it: install Node ≥ 20 with npm (Debian: apt-get install nodejs npm) and try again.' >&2; \
	  exit 1; \
	fi
	@echo 'Installing what the pages load into node_modules/ (once, and again when the lock changes) …'
	@npm ci --silent --no-progress
	@touch $@

run: setup ## start everything on the embedded default: SQLite, sandbox channels, a sample shop
	@exec $(PYTHON) -m bot serve --config $(CONFIG)

test: setup ## every test, against real PostgreSQL, Redis and Chromium
	@$(PYTHON) -m tests.install_services
	@$(PYTHON) -m pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

check: setup ## formatting, lint, types, import contracts
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy $(PACKAGES)
	@.venv/bin/lint-imports --no-logo

format: setup ## put the code into its form, mend what lint can mend
	@$(PYTHON) -m ruff check --fix --exit-zero .
	@$(PYTHON) -m ruff format .

schema: setup ## write dialogs/schema.json, which editors read, from the models
	@$(PYTHON) -m dialogs.schema

bench: setup ## benchmarks; nothing fails on a slow machine
	@$(PYTHON) -m tests.install_services
	@$(PYTHON) -m tests.benchmarks

evaluate: setup ## how well messages are understood, as tables; RASA_URL adds Rasa, ARGS='--public FILE' more rows
	@$(PYTHON) -m tests.evaluation $(ARGS)

reading: setup ## how easily the texts of the scripts and the sample shops are read, as a table
	@$(PYTHON) -m tests.evaluation.reading

soak: setup ## minutes of load and of crashes
	@$(PYTHON) -m tests.install_services
	@$(PYTHON) -m pytest -m soak $(ARGS)

rasa: ## the Rasa engine on 127.0.0.1:5005, in an environment of its own (Python 3.10, 2.7 GB); trains what has changed
	@exec bash nlu/rasa/engine.sh serve

rasa-test: setup ## train and serve the Rasa engine, and test our side of it against it
	@bash .ci/rasa $(ARGS)

rasa-lock: setup ## newest versions that nlu/rasa/requirements.in allows, into its lock (for Linux on x86-64)
	@$(PYTHON) -m uv pip compile nlu/rasa/requirements.in --quiet --upgrade --python-version 3.10 \
	  --python-platform x86_64-manylinux_2_28 --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --no-emit-find-links --output-file nlu/rasa/requirements.lock

LOCK := $(PYTHON) -m uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
  --no-annotate --no-header --no-emit-index-url --no-emit-find-links

lock: setup ## newest versions that pyproject.toml allows, into both locks
	@$(LOCK) --upgrade --group dev --output-file requirements-dev.lock
	@$(LOCK) --upgrade --constraint requirements-dev.lock --output-file requirements.lock

clean: ## remove what the tools left, .venv/, node_modules/ and .rasa/
	@rm -rf .venv node_modules .rasa .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
