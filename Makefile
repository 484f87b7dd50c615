# Lodtraek: two commands matter, `make demo` and `make test`. Everything runs in .venv, made by `make install`.
PYTHON ?= python3
BIN := .venv/bin
MARK := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo check fix test test-slow test-cluster reproduce oracle bench lock clean

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(MARK)  ## Make .venv with every pinned dependency and the product itself

$(MARK): lock/uv.txt lock/all.txt pyproject.toml
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or later is needed; mend: make PYTHON=python3.12 install"'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r lock/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r lock/all.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps --editable .
	bash scripts/install_postgres.sh
	@touch $@

demo: install  ## Run the whole trial of 2021 on embedded defaults; leaves demo/report.html
	PATH="$(CURDIR)/$(BIN):$$PATH" bash scripts/demo.sh

check: install  ## Lint, types, layers, lock file
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: install  ## Format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: install  ## Run the tests
	$(BIN)/pytest -n auto -m "not slow and not cluster"

test-slow: install  ## Run the statistical and fault suites
	$(BIN)/pytest -n auto -m slow

test-cluster: install  ## Run the engine on Apache Spark beside the local one; installs PySpark, and Java where it may
	bash scripts/install_java.sh
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r lock/cluster.txt
	$(BIN)/pytest -m cluster tests/cluster

reproduce: install  ## Compute every published table again; fails where a cell changes its status
	$(BIN)/analysis reproduce --markdown reproduced.md

oracle: install .venv-oracle/.installed  ## Ask packages that are not ours for the figures ours are compared with
	.venv-oracle/bin/python -m tests.oracle.peers --check
	$(BIN)/pytest -q tests/oracle

.venv-oracle/.installed: lock/oracle.txt
	$(BIN)/python -m venv --clear --without-pip .venv-oracle
	$(BIN)/uv pip install --quiet --python .venv-oracle/bin/python --require-hashes -r lock/oracle.txt
	@touch $@

experiment: install  ## Run the experiment on experiments at full size (half an hour); fails where it contradicts the published table
	$(BIN)/analysis experiment --replications 500 --published protocols/experiments/conversation-mode.json

bench: install  ## Time the product beside its peers; writes bench/results.json
	$(BIN)/python -m bench

lock:  ## Resolve the pins anew (versions and hashes, no host)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra replications --group dev pyproject.toml -o lock/all.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra cluster --constraint lock/all.txt pyproject.toml -o lock/cluster.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  lock/oracle.in -o lock/oracle.txt
	grep -A99 '^uv==' lock/all.txt | awk 'NR>1 && /^[a-z]/ {exit} !/# via/' > lock/uv.txt

clean:  ## Remove what the targets made
	rm -rf .venv .venv-oracle demo dist build .pytest_cache .mypy_cache .ruff_cache
