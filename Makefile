# A newcomer has Python 3.11 and make; no target may need more.

PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.up-to-date
# Half of the tests wait for a broker most of the time; each of these processes has a broker of its own.
TESTS_AT_ONCE ?= 3
PACKAGES := schemas processors streams gateways tidings deploy
# Every package of the lock has a wheel for Linux and macOS; an sdist would need a compiler.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench chaos docs lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## Make .venv with the locked packages (nothing to do when up to date)

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not on PATH: install Python 3.11, or say make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing the locked packages into .venv; this takes a minute or two, once."
	@# A virtual environment of another Python, or of one that has gone, cannot be mended by installing over it.
	@$(BIN)/python -c 'import ssl, sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@$(PIP_INSTALL) --require-hashes --only-binary :all: -r requirements.lock
	@PYTHONWARNINGS=ignore $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Run Tidings against a local Kafka and watch messages leave
	$(BIN)/tidings demo

test: setup ## Run all tests (a local Kafka is started for them)
	@# The tests start hundreds of processes, and each would compile all that it loads.
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n $(TESTS_AT_ONCE) --dist loadfile --no-loadscope-reorder

check: setup ## Lint, format, types, imports, generated files and links, in under a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m schemas.generate --check
	$(BIN)/python -m tidings.docs --check
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/unit/test_docs.py -k "every_link or in_the_index"

docs: setup ## Write the generated reference pages and schemas again
	$(BIN)/python -m schemas.generate
	$(BIN)/python -m tidings.docs

bench: setup ## Measure the engine beside its peers, about 15 minutes
	$(BIN)/python -m bench

chaos: setup ## Kill workers and the broker for five minutes and look for losses
	$(BIN)/python -m tests.chaos

lock: setup ## Resolve all dependencies again into requirements.lock
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
		--extra dev --extra local-kafka --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--output-file requirements.lock pyproject.toml

clean: ## Remove what was built: .venv and caches, not data
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
