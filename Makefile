.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
# The peers that benchmarks compare with hold other versions back: they have their own environment.
BENCH_VENV := .venv-bench
BENCH_RUN := $(BENCH_VENV)/bin/python
BENCH_READY := $(BENCH_VENV)/.ready
# So does the scanner of the Terraform plan.
SECURITY_VENV := .venv-security
SECURITY_READY := $(SECURITY_VENV)/.ready

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ one machine, no cloud account

demo: $(READY) ## route local/prompts.jsonl end to end on this machine and print what it cost: make demo PROMPTS=mine.txt
	@PROMPTS="$(PROMPTS)" $(RUN) -m local.demo

demo-workflows: $(READY) ## run the workflows on top on the cloud of make up; print answers and what each step cost
	@$(RUN) -m local.demo_workflows

dashboard: $(READY) ## write build/dashboard.html of the running local cloud, or of the last demo: make dashboard SERVE=1 shows it
	@$(RUN) -m local.dashboard $(if $(SERVE),--serve)

up: $(READY) ## start the local cloud with Faregate deployed on it, and leave it running
	@$(RUN) -m local.up

# As it was written: a $ in a prompt is no variable of make's.
ifdef PROMPT
override PROMPT := $(value PROMPT)
export PROMPT
endif
ask: $(READY) ## route one prompt through it: make ask PROMPT="…"
	@$(RUN) -m router ask --local -- "$$PROMPT"

chat: $(READY) ## chat with it in the terminal, over its HTTP API: streams, and shows what each turn and the session cost: make chat MODEL=SIMPLE
	@$(RUN) -m local.chat $(if $(MODEL),--model '$(MODEL)')

env: $(READY) ## print the variables that point the AWS CLI at it
	@$(RUN) -m local.cloud env

down: $(READY) ## stop the local cloud
	@$(RUN) -m local.cloud down

doctor-local: ## what this machine lacks for the demo and the tests, and what to install
	@PYTHON="$(PYTHON)" tools/python.sh && $(PYTHON) -m local.doctor

##@ checks

# Side by side, since the local cloud mostly waits. It takes longest and goes first; a deployment's life lets it go first, and
# the others take what both leave: that is the shortest. No result depends on it: FIRST=unit swaps the two. Each one's output
# in one piece where make can.
SIDE_BY_SIDE := -j 8 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
FIRST ?= local
LATER := nice -n 5
LAST := nice -n 10
ORDER := $(if $(filter unit,$(FIRST)),CLOUD='$(LAST)' LIFE='$(LAST)',YIELDING='$(LAST)' LIFE='$(LATER)')

test: $(READY) ## everything: make test FIRST=unit lets the local cloud yield instead
	@echo "lint, types, unit tests, the module's tests and the local cloud, side by side: minutes, and then their output"
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) $(ORDER) lint types unit emulator-test terraform-test security local-test lifetime-test

# Nothing yields here: what yields to eight loops gets a twentieth of the machine, and would take hours.
test-busy: $(READY) ## everything, beside eight busy loops: no result may depend on the machine's speed
	@$(RUN) -m tools.busy $(MAKE) --no-print-directory test LATER= LAST=

# What is left out, make test runs: property tests, the sets, pages in Chromium, the emulator, Terraform, the local cloud.
test-quick: ## before each commit, two minutes: lint, types, unit and workflow tests, the second interpreter; slow cases left out
	@$(MAKE) --no-print-directory -j 3 lint types quick

# The files whose tests take longest go first, so that no processor waits for the other at the end.
quick: $(READY)
	@FAREGATE_EXAMPLES=few $(RUN) -m pytest -q -n auto --dist loadfile --no-loadscope-reorder -m "not slow" tests/workflow tests/unit

lint: $(READY) ## ruff
	$(YIELDING) $(RUN) -m ruff check .
	$(YIELDING) $(RUN) -m ruff format --check .

types: $(READY) ## mypy, strict
	$(YIELDING) $(RUN) -m mypy

unit: $(READY) chromium ## unit, property and workflow tests, and the dashboard in Chromium
	$(YIELDING) $(RUN) -m pytest -n auto --dist loadfile tests $(addprefix --ignore ,tests/local_cloud tests/local_patches tests/local_rights)

chromium:
	@tools/chromium.sh

terraform-test: $(READY) package ## terraform fmt and the plan-only tests of the module
	@$(YIELDING) $(RUN) -m tools.terraform_checks

security: $(SECURITY_READY) package ## checkov over the plan of examples/complete: each finding mended, or skipped with its reason
	@$(YIELDING) $(RUN) -m tools.plan_scan

emulator-test: $(READY) ## the local cloud's own parts: what it adds to the emulator, the simulator
	$(YIELDING) $(RUN) -m pytest tests/local_patches

# A deployment of their own: it is shaken, changed and destroyed.
LIFETIME := $(addprefix tests/local_cloud/,test_soak.py test_api_auth.py test_lifecycle.py)

# Three clouds: Terraform's provider and the tests mostly wait. What the functions of all three did is then compared with their
# rights.
local-test: $(READY) chromium ## the local cloud, end to end
	$(CLOUD) $(RUN) -m pytest -n 3 --dist loadfile --no-loadscope-reorder tests/local_cloud $(addprefix --ignore ,$(LIFETIME))
	$(RUN) -m pytest tests/local_rights

lifetime-test: $(READY) ## a deployment's life: soaked in faults, given other callers, taken over by a release, changed in place, destroyed
	LOCAL_TEST_FOLDER=lifetime-test $(LIFE) $(RUN) -m pytest $(LIFETIME)

test-clients: $(READY) ## clients and coding agents from PyPI and npm (1.4 GB) at the local cloud's API; writes docs/clients.md
	LOCAL_TEST_FOLDER=test-clients FAREGATE_CLIENTS=record $(RUN) -m pytest tests/local_cloud/test_clients.py tests/local_cloud/test_coding_agents.py

##@ measurements

eval: $(BENCH_READY) ## routing quality beside LiteLLM's routers: labels, difficulty, red team, languages, speed; with gates
	$(BENCH_RUN) -m eval.benchmark

bench: $(BENCH_READY) ## pricing beside genai-prices and LiteLLM; analyze with its guards off and on; a hot budget by simulation; what the function that streams adds beside LiteLLM's proxy; cold starts beside boto3's own
	$(BENCH_RUN) -m eval.price_agreement
	$(BENCH_RUN) -m eval.price_bench
	$(RUN) -m eval.guard_bench
	$(RUN) -m eval.budget_scale
	$(RUN) -m eval.streaming --litellm $(BENCH_VENV)/bin/litellm
	$(RUN) -m tools.cold_start

prices-check: $(BENCH_READY) ## compare the price book with LiteLLM's published table, with the age of each row's confirmation
	$(BENCH_RUN) -m tools.prices check

prices-confirm: $(BENCH_READY) ## note which prices LiteLLM's table confirms, and when models retire
	$(BENCH_RUN) -m tools.prices confirm

verify-aws: $(READY) package ## on a real AWS account: deploy, check what only AWS can show, destroy; asks first: make verify-aws REGION=eu-central-1
	@$(RUN) -m tools.verify_aws $(if $(REGION),--region $(REGION))

faults: $(READY) ## what goes wrong, on the local cloud, as a table
	$(RUN) -m pytest tests/local_cloud/test_fault*.py

soak: N ?= 2000
soak: $(READY) ## N requests through every entry point, a fifth of them faulty, with kills, aborts and replays; then the audit: make soak N=2000
	@$(RUN) -m tests.soak --requests $(N)

load: N ?= 64
load: $(READY) ## requests/s, p50 and p95 through each entry point at 1, 8 and 32 clients, a burst of 1,000, files of 1,000 and 10,000: make load N=64
	@$(RUN) -m tests.load --requests $(N)

##@ build

package: $(READY) ## build the function zip and the layer for Lambda on arm64
	@$(RUN) -m tools.package function
	@$(RUN) -m tools.package layer arm64

release: $(READY) ## module, workflow and built code in one file that Terraform takes as a module source
	@$(RUN) -m tools.release

train: $(READY) ## train the shipped weights again, to the byte, from FAREGATE_DATA (../shared/data)
	$(RUN) -m eval.train

# LiteLLM would fetch a newer table than the locked one.
prices: $(READY) $(BENCH_READY) ## add to the price book what genai-prices knows and it does not; write what its models can do
	$(RUN) -m tools.prices generate
	LITELLM_LOCAL_MODEL_COST_MAP=True $(BENCH_RUN) -m tools.prices capabilities

lock: ## pin every dependency again
	@tools/lock.sh

clean: ## remove what was built
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): requirements/dev.lock requirements/bootstrap.lock pyproject.toml tools/venv.sh
	@PYTHON="$(PYTHON)" tools/venv.sh $(VENV) requirements/dev.lock
	@touch $@

$(BENCH_READY): $(READY) requirements/bench.lock
	@PYTHON="$(PYTHON)" tools/venv.sh $(BENCH_VENV) requirements/bench.lock
	@touch $@

$(SECURITY_READY): $(READY) requirements/security.lock
	@PYTHON="$(PYTHON)" tools/venv.sh $(SECURITY_VENV) requirements/security.lock
	@touch $@

.PHONY: help demo demo-workflows dashboard up ask chat env down doctor-local test test-busy test-quick quick lint types unit chromium \
	terraform-test security emulator-test local-test lifetime-test test-clients eval bench prices-check prices-confirm faults soak load package release train \
	prices lock clean
