# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` lists the rest.
# Another interpreter: make test PYTHON=python3.12 VENV=.venv-3.12

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check format manifest clean

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(VENV)/.demo ## The whole story offline, with no account
	@$(BIN)/modulex-mem0 demo

test: $(VENV)/.test ## All tests; options in ARGS, as in make test ARGS="-k add_memories"
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.check ## Formatting, linters, types, import rules, and whether generated files are current
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/modulex-mem0 manifest --check

format: $(VENV)/.check ## Format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

manifest: $(VENV)/.demo ## Derive manifests/ from the declarations
	$(BIN)/modulex-mem0 manifest

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
