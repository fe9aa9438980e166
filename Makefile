.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ one machine, no cloud account

demo: $(READY) ## route local/prompts.jsonl end to end on this machine and print what it cost
	@$(RUN) -m local.demo

up: $(READY) ## start the local cloud with Switchyard deployed on it, and leave it running
	@$(RUN) -m local.up

ask: export PROMPT := $(value PROMPT)
ask: $(READY) ## route one prompt through it: make ask PROMPT="…"
	@$(RUN) -m local.ask

down: $(READY) ## stop the local cloud
	@$(RUN) -m local.cloud down

##@ checks

test: lint types unit terraform-test local-test ## everything

lint: $(READY) ## ruff
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: $(READY) ## mypy, strict
	$(RUN) -m mypy

unit: $(READY) ## unit, property and workflow tests
	$(RUN) -m pytest -n auto --dist loadfile tests --ignore tests/local_cloud --ignore tests/local_patches

terraform-test: $(READY) package ## terraform fmt and the plan-only tests of the module
	@$(RUN) -m tools.terraform_checks

local-test: $(READY) ## the local cloud, end to end
	$(RUN) -m pytest tests/local_patches tests/local_cloud

##@ build

package: $(READY) ## build the function zip and the layer for Lambda on arm64
	@$(RUN) -m tools.package function
	@$(RUN) -m tools.package layer arm64

lock: ## pin every dependency again
	@tools/lock.sh

clean: ## remove what was built
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): requirements/dev.lock requirements/bootstrap.lock pyproject.toml tools/venv.sh
	@PYTHON="$(PYTHON)" tools/venv.sh $(VENV)
	@touch $@

.PHONY: help demo up ask down test lint types unit terraform-test local-test package lock clean
