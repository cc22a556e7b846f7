# Lettrage. `make demo` and `make test` are all a newcomer needs; both prepare what they use.
SHELL := /bin/sh
RUN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help demo test check bench lock environment environment-dev goldens format

help:            ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

demo: environment           ## load the demo company, run one night, open the Dagster UI on loopback
	@$(RUN)/python scripts/demo.py

test: environment-dev       ## every check: style, types, import rules, all tests
	@$(RUN)/python scripts/checks.py --all

check: environment-dev      ## the fast part of the checks, for every change
	@$(RUN)/python scripts/checks.py

bench: environment-dev      ## print the benchmark tables
	@$(RUN)/python -m benchmarks

goldens: environment-dev    ## write the expected readings of fixtures/statements anew; read them before committing
	@$(RUN)/python scripts/goldens.py

format: environment-dev     ## format the code
	@$(RUN)/ruff format . && $(RUN)/ruff check --fix .

lock: environment-dev       ## work out the lock files from pyproject.toml
	@$(RUN)/python scripts/lock.py

environment:
	@scripts/environment.sh

environment-dev:
	@scripts/environment.sh dev
