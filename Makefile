# Everything a person or CI does with this repository. `make help` lists it.
# Only Python 3.11 or newer is needed; everything else goes into .venv.
# PYTHON=/path/to/python chooses an interpreter, ARGS passes more to what a target calls.

VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
EXAMPLE ?= examples/synthetic-whatsapp-chat.zip
REPORT ?= report.html
DEMO ?= --data lamppost-demo
ARGS ?=

export VENV

.DEFAULT_GOAL := help
.PHONY: help setup setup-service setup-dev run test lint types architecture licences audit browser pytest \
  test-scale quiet evaluation contact-curve calibrate docs docs-check site screenshots format lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv for using Lamppost
	@sh scripts/setup.sh run

setup-service: ## Make .venv for the service and the review pages too
	@sh scripts/setup.sh service

setup-dev: ## Make .venv for the checks
	@sh scripts/setup.sh dev

run: setup-service ## Scan the bundled synthetic chat, write report.html, then serve the demo; DEMO=no ends before
	@$(BIN)/lamppost scan $(EXAMPLE) --child Mia --age 13 --country GB --html $(REPORT) $(ARGS)
ifneq ($(DEMO),no)
	@exec $(BIN)/lamppost demo $(DEMO)
endif

test: setup-dev lint types architecture docs-check licences audit browser pytest ## Run every check

lint: setup-dev ## Style and formatting
	@$(BIN)/ruff check --output-format concise .
	@$(BIN)/ruff format --check .

types: setup-dev ## Types, strictly
	@$(BIN)/mypy

architecture: setup-dev ## The house: who may import whom
	@$(BIN)/lint-imports --no-logo

docs-check: setup-dev ## Are the generated pages fresh, and does the site build?
	@$(PY) scripts/generate_docs.py --check
	@$(PY) -W ignore -m properdocs build --strict --quiet --config-file mkdocs.yml --site-dir $(VENV)/site

licences: setup-dev ## May every package we depend on be used and passed on?
	@$(PY) scripts/licences.py

audit: setup-dev ## Known flaws in the packages we depend on
	@$(PY) scripts/audit.py

browser: setup-dev
	@sh scripts/chromium.sh

pytest: setup-dev ## The tests alone: make pytest ARGS="tests/importers -x"
	@$(PY) -m pytest -m "not scale" $(ARGS)

test-scale: setup-dev ## Slow tests: large inputs, speed, memory
	@$(PY) -m pytest -m scale $(ARGS)

quiet: setup-dev ## How often ordinary chat alarms, on a public corpus
	@$(BIN)/lamppost evaluate --skip robustness --skip ablations --skip baselines $(ARGS)

contact-curve: setup-dev ## What the contact gate prevents, and its cost; writes docs/contact-gate.md
	@$(PY) scripts/contact_curve.py $(ARGS)

evaluation: setup-dev ## Every figure of the protocol into docs/evaluation.md
	@$(BIN)/lamppost evaluate --json $(VENV)/evaluation.json --html evaluation.html $(ARGS)
	@$(PY) scripts/evaluation_page.py $(VENV)/evaluation.json

calibrate: setup-dev ## Measure every pattern on ordinary chat and write signals/rates
	@$(BIN)/lamppost calibrate $(ARGS)

docs: setup-dev ## Write the generated pages and build the site into site/
	@$(PY) scripts/generate_docs.py
	@$(PY) -m properdocs build --strict --quiet --config-file mkdocs.yml --site-dir site

screenshots: setup-dev browser ## Take the pictures of the documentation
	@$(PY) scripts/screenshots.py

format: setup-dev ## Put the code in shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: setup-dev ## Lock dependencies after a change of pyproject.toml; ARGS=--upgrade takes newer ones
	@sh scripts/lock.sh $(ARGS)

clean: ## Remove what was built, .venv included
	@rm -rf $(VENV) build dist site out report.html evaluation.html lamppost-demo
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
