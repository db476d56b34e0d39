# `make up` shows the platform at work; `make test` and `make check` are what CI runs. Each makes .venv itself.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv/.complete
RUN := .venv/bin

.PHONY: help venv up down test test-long check fix proto bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(VENV) ## create or refresh .venv from requirements.lock

$(VENV): requirements.lock pyproject.toml deploy/environment.sh
	@bash deploy/environment.sh

up: $(VENV) ## start Kafka and the four services, load the sample (SCALE=0.01: a small one; DETACH=1 leaves them running)
	@$(RUN)/swtalent up $(if $(SCALE),--scale $(SCALE)) $(if $(filter 1 true yes,$(DETACH)),--detach)

down: $(VENV) ## stop what `make up DETACH=1` left running
	@$(RUN)/swtalent down

test: $(VENV) ## all tests but the long ones, those on a real Kafka included
	@$(RUN)/pytest -m "not long" $(ARGS)

test-long: $(VENV) ## all tests, the long ones too
	@$(RUN)/pytest --timeout=3600 $(ARGS)

check: $(VENV) ## format, lint, types, import rules, proto lint and breaking, stub freshness
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/buf lint
	$(RUN)/python -m deploy.proto breaking
	$(RUN)/python -m deploy.proto check

fix: $(VENV) ## format, and repair what the linter can
	$(RUN)/ruff check --fix-only --quiet .
	$(RUN)/ruff format .

proto: $(VENV) ## regenerate proto/gen
	@$(RUN)/python -m deploy.proto generate

bench: $(VENV) ## benchmarks: one line per figure, JSON in bench/results/
	@$(RUN)/python -m bench $(ARGS)

clean: ## remove the environment and caches (data of `make up` stays in .data/)
	rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench/results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
