# Two commands do everything: `make demo` and `make test`. None of them needs root.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
# Airflow starts twice as fast with compiled bytecode.
unexport PYTHONDONTWRITEBYTECODE

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort

.venv/.ready: requirements-test.lock pyproject.toml scripts/setup
	scripts/setup

setup: .venv/.ready ## install everything into .venv

DEMO := ENGINE=local IGWIRE_STATE=$(CURDIR)/.igwire/demo IGWIRE_CATALOGUE=$(CURDIR)/.igwire/demo/newsroom.yaml IGWIRE_ALLOW_LOOPBACK=127.0.0.0/24 IGWIRE_HOME=$(CURDIR)

demo: .venv/.ready ## Elasticsearch, the newsroom, a run through Airflow, three searches, the page
	@$(DEMO) $(BIN)/igwire demo

test: .venv/.ready ## lint, types, import rules, unit, DAG, integration and browser tests
	scripts/test

soak: .venv/.ready ## the long suites: kill loops, faults
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder tests/soak

bench: .venv/.ready ## benchmarks, as ratios (QUICK=1: each within two minutes)
	@for program in benchmarks/[a-z]*.py; do [ -e "$$program" ] || continue; echo "== $$program"; $(BIN)/python "$$program" $(if $(QUICK),--quick) || exit 1; done

up: .venv/.ready ## the standing system on the real catalogue (needs IGWIRE_CONTACT)
	@$(DEMO) $(BIN)/igwire down --quiet
	@$(BIN)/igwire up $(if $(YES),--yes)

down: .venv/.ready ## stop the standing system and the demo
	@$(BIN)/igwire down; $(DEMO) $(BIN)/igwire down --quiet

lock: ## resolve the dependencies anew
	.venv/bin/uv pip compile pyproject.toml --extra test --generate-hashes --no-header --python-version 3.11 -q -o requirements-test.lock
	.venv/bin/uv pip compile pyproject.toml -c requirements-test.lock --generate-hashes --no-header --no-annotate --python-version 3.11 -q -o requirements.lock

.PHONY: help setup demo test soak bench up down lock
