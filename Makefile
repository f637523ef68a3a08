# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` lists the rest.
# Another interpreter: make test PYTHON=python3.12 VENV=.venv-3.12

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Whether the tests whose packages need Python 3.12 are run too, in an environment of their own.
ELSEWHERE ?= yes
# ModuleX's package, one of the peers, needs Python 3.12.
BENCH_PYTHON ?= $(shell scripts/pythons | awk '$$1 != "3.11" { print $$2; exit }')
BENCH_VENV ?= .venv-bench

.DEFAULT_GOAL := help
.PHONY: help demo test check docs format manifest bench clean

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(VENV)/.demo ## The whole story offline, with no account
	@$(BIN)/modulex-mem0 demo

test: $(VENV)/.test ## All tests; options in ARGS, as in make test ARGS="-k add_memories"
	@$(if $(filter yes,$(ELSEWHERE)),scripts/test-elsewhere $(ARGS))
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.check ## Formatting, linters, types, import rules, and whether generated files are current
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/modulex-mem0 manifest --check
	$(BIN)/modulex-mem0 docs --check
	$(BIN)/modulex-mem0 docs --check --error-codes
	$(BIN)/python -m benchmarks report --check

docs: $(VENV)/.docs ## The documentation site, into build/site
	$(BIN)/zensical build --clean --strict

format: $(VENV)/.check ## Format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

manifest: $(VENV)/.demo ## Derive manifests/ and the generated pages from the declarations
	$(BIN)/modulex-mem0 manifest
	$(BIN)/modulex-mem0 docs
	$(BIN)/modulex-mem0 docs --error-codes

bench: $(BENCH_VENV)/.bench ## Measure against every peer, into docs/performance.md; ARGS=--quick prints tables alone
	$(BENCH_VENV)/bin/python -m benchmarks run $(ARGS)
	$(if $(ARGS),,$(BENCH_VENV)/bin/python -m benchmarks report)

clean: ## Remove environments, caches and build products
	rm -rf .venv* build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Each stamp says that the environment holds what its command needs.
$(VENV)/bin/python:
	@scripts/make-environment $(PYTHON) $(VENV)

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[cli,sandbox,semantic]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[cli,sandbox,semantic,fast,mcp,langchain]' --group test
	@touch $@ $(VENV)/.demo

$(VENV)/.check: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[cli,sandbox,semantic,fast,mcp,langchain]' --group test --group check
	@touch $@ $(VENV)/.demo $(VENV)/.test

$(VENV)/.docs: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

$(BENCH_VENV)/bin/python:
	@scripts/make-environment $(or $(BENCH_PYTHON),$(PYTHON)) $(BENCH_VENV)

$(BENCH_VENV)/.bench: pyproject.toml | $(BENCH_VENV)/bin/python
	$(BENCH_VENV)/bin/python -m pip install --quiet --editable '.[cli,sandbox]' --group bench
	@touch $@
