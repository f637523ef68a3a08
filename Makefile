# `make demo` and `make test` work on a fresh machine. `make help` lists the other targets.
# To use another interpreter: make test PYTHON=python3.12 VENV=.venv-3.12

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# `yes` also runs the tests whose packages need Python 3.12, in an environment of their own.
ELSEWHERE ?= yes
# A file of tests stays in one process, since its tests share servers. One process: make test PROCESSES=0
PROCESSES ?= auto
PARALLEL = --numprocesses $(PROCESSES) --maxprocesses 4 --dist loadfile
# `yes` measures branch coverage over all environments, and fails if a branch is neither tested nor excused.
COVERAGE ?= no
# Percent of statements and branches below which it fails.
LEAST ?= 100
MEASURED = $(if $(filter yes,$(COVERAGE)),--cov --cov-append --cov-report=$(1))
# ModuleX's package, one of the contenders, needs Python 3.12.
BENCH_PYTHON ?= $(shell scripts/pythons | awk '$$1 != "3.11" { print $$2; exit }')
BENCH_VENV ?= .venv-bench

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-sdist test-editors mutation check docs format manifest page dist bench clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(VENV)/.demo ## Run a tour of the package, offline and without an account
	@$(BIN)/modulex-mem0 demo
	@echo "To see it in a browser: make serve"

serve: $(VENV)/.demo ## Serve the page, the REST API and MCP, with a sandbox; ARGS passes options: ARGS="--port 9000"
	@$(BIN)/modulex-mem0 serve --sandbox $(ARGS)

test: $(VENV)/.test ## Run all tests; ARGS passes options to pytest: make test ARGS="-k add_memories"
	@$(if $(call MEASURED),rm -f .coverage)
	@$(if $(filter yes,$(ELSEWHERE)),scripts/test-elsewhere $(PARALLEL) $(call MEASURED) $(ARGS))
	@$(if $(filter yes,$(ELSEWHERE)),scripts/test-langflow $(call MEASURED) $(ARGS))
	$(BIN)/python -m pytest $(PARALLEL) $(call MEASURED,term --cov-fail-under=$(LEAST)) $(ARGS)

test-sdist: $(VENV)/.test ## Build the sdist, unpack it and run all tests there
	rm -rf build/sdist
	$(BIN)/python -m hatchling build -t sdist -d build/sdist
	tar -xzf build/sdist/*.tar.gz -C build/sdist --strip-components 1
	$(MAKE) -C build/sdist test PYTHON=$(PYTHON) VENV=.venv ELSEWHERE=no ARGS="$(ARGS)"

test-editors: $(VENV)/.test ## Test in the editors themselves, in a browser; installs gigabytes, takes minutes
	@PYTHON=$(BIN)/python scripts/test-editors $(ARGS)

mutation: $(VENV)/.test ## Break the code in small ways, one at a time, and see that a test fails; takes half an hour
	$(BIN)/python -m pip install --quiet --group mutation
	$(BIN)/python -m tests.mutation $(ARGS)

check: $(VENV)/.check ## Check formatting, lint, types, import rules and generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/modulex-mem0 manifest --check
	$(BIN)/modulex-mem0 langflow modulex_mem0/hosts/langflow --check
	$(BIN)/modulex-mem0 docs --check
	$(BIN)/modulex-mem0 docs --check --error-codes
	$(BIN)/modulex-mem0 n8n n8n --check
	$(BIN)/python -m benchmarks report --check
	scripts/check-page
	scripts/check-release $(BIN)/modulex-mem0
	$(BIN)/zizmor --offline --quiet .github
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml

docs: $(VENV)/.docs ## Build the documentation site in build/site
	$(BIN)/zensical build --clean --strict

format: $(VENV)/.check ## Format the code and apply the linter's fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

manifest: $(VENV)/.demo ## Write manifests/, the generated pages and n8n/ from the declarations
	$(BIN)/modulex-mem0 manifest
	$(BIN)/modulex-mem0 langflow modulex_mem0/hosts/langflow
	$(BIN)/modulex-mem0 docs
	$(BIN)/modulex-mem0 docs --error-codes
	$(BIN)/modulex-mem0 n8n n8n

page: ## Build the page that `make serve` shows from its sources in web/; needs Node
	scripts/check-page write

dist: $(VENV)/.test ## Build the sdist and the wheel in dist/, and check what the package index will read
	$(BIN)/python -m pip install --quiet --group dist
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist
	$(BIN)/twine check --strict dist/*

bench: $(BENCH_VENV)/.bench ## Run the benchmarks and write docs/performance.md; ARGS=--quick only prints tables
	$(BENCH_VENV)/bin/python -m benchmarks run $(ARGS)
	$(if $(ARGS),,$(BENCH_VENV)/bin/python -m benchmarks report)

clean: ## Remove environments, caches and build output
	rm -rf .venv* build dist web/node_modules tests/clients/npm/node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# A stamp file means that the environment has what the target needs.
$(VENV)/bin/python:
	@scripts/make-environment $(PYTHON) $(VENV)

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[cli,sandbox,semantic,serve]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[cli,sandbox,semantic,serve,fast,mcp,langchain,temporal]' --group test --group telemetry --group temporal
	@touch $@ $(VENV)/.demo

$(VENV)/.check: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[cli,sandbox,semantic,serve,fast,mcp,langchain,temporal]' --group test --group telemetry --group temporal --group check
	@touch $@ $(VENV)/.demo $(VENV)/.test

$(VENV)/.docs: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

$(BENCH_VENV)/bin/python:
	@scripts/make-environment $(or $(BENCH_PYTHON),$(PYTHON)) $(BENCH_VENV)

$(BENCH_VENV)/.bench: pyproject.toml | $(BENCH_VENV)/bin/python
	$(BENCH_VENV)/bin/python -m pip install --quiet --editable '.[cli,sandbox,serve]' --group bench
	@touch $@
