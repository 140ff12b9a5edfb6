# Commands for developers. Everything is installed into .venv; nothing outside of the checkout changes.

PYTHON ?= python3
SCHEDULES ?= 3000
SECONDS ?= 300
ORDER ?= $(shell date +%s)
VENV := .venv
BIN := $(VENV)/bin
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
endif
OLDEST := $(VENV)-oldest/$(notdir $(BIN))

.PHONY: demo test order oldest check crash fuzz whole timeouts soak audit format docs bench scanner peers editors clean

## demo: install bulkflow, and load 10,000 rows into the embedded sandbox
demo: $(VENV)/installed
	$(BIN)/bulkflow run examples/quickstart/accounts.bulkflow

## test: install the test dependencies, and run all tests
test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -q -n auto

## order: run the tests in a random order; ORDER=N repeats one, whose number it prints
order: $(VENV)/installed-dev
	$(BIN)/python -m pytest -q -n auto -p randomly --randomly-seed=$(ORDER) --randomly-dont-reset-seed

## oldest: run the tests with the oldest versions of the dependencies that pyproject.toml allows
oldest:
	$(PYTHON) -m venv --clear $(VENV)-oldest
	$(OLDEST)/python -m pip install --quiet --disable-pip-version-check uv
	$(OLDEST)/python -m uv pip install --quiet --python $(OLDEST)/python \
		--resolution lowest-direct --editable ".[test,lsp,sandbox,speed]"
	$(OLDEST)/python -m pytest -q -n auto

## check: run the linter, the formatter, the type checker, the import rules, and `audit` once a day
check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	PYTHONPATH=tests $(BIN)/python -m support.audit $(VENV)-audit

## crash: kill loads at every point and at random, resume them, and count their rows
crash: $(VENV)/installed-dev
	PYTHONPATH=tests $(BIN)/python -m crash --schedules $(SCHEDULES)

## fuzz: feed damaged pipelines, data, responses and requests to their readers; keep what breaks them
fuzz: $(VENV)/installed-dev
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS)

## whole: load random files with random clauses, and compare with a reference in plain Python
whole: $(VENV)/installed-dev
	PYTHONPATH=tests $(BIN)/python -m whole --draws $(SCHEDULES)

## timeouts: run a load 200 times under GNU `timeout`; check that handlers and `always` run
timeouts: $(VENV)/installed-dev
	BULKFLOW_TIMEOUTS=200 $(BIN)/python -m pytest -q -s tests/cli/test_signals.py -k under_timeout

## soak: send a hundred thousand requests through one client, with faults
soak: $(VENV)/installed-dev
	BULKFLOW_SOAK=100000 $(BIN)/python -m pytest -q -s tests/salesforce/test_soak.py

## audit: look up known vulnerabilities of the dependencies; fails if that is not possible
audit: $(VENV)/installed-dev
	PYTHONPATH=tests $(BIN)/python -m support.audit $(VENV)-audit --must-ask

## format: fix and format the code with ruff
format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## docs: generate docs/words.md and docs/errors.md
docs: $(VENV)/installed-dev
	BULKFLOW_CONFIG_DIR=$(VENV)/no-orgs $(BIN)/bulkflow words --markdown > docs/words.md
	$(BIN)/bulkflow explain --markdown > docs/errors.md

## bench: compare the data path with `wc -l`, raw sockets, another client and DuckDB; takes minutes
bench: $(VENV)/installed-dev
	$(BIN)/python bench/path.py --peer
	$(BIN)/python bench/parts.py --parts 4000
	$(BIN)/python bench/rewrite.py
	$(BIN)/python bench/reconcile.py --rows 1000000 --failed 1.0
	$(BIN)/python bench/load.py
	$(BIN)/python bench/extract.py --peer

## scanner: build the compiled scanner, and install it into .venv (needs a C compiler)
scanner: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check ./plugins/bulkflow-scanner

## peers: test the sandbox with the Salesforce CLI (needs node and npm)
peers: $(VENV)/installed-dev
	$(BIN)/python -m pytest -q tests/clients/peers.py

## editors: test graphs and the VS Code extension with Mermaid and VS Code's parts (needs node, npm)
editors: $(VENV)/installed-dev
	$(BIN)/python -m pytest -q tests/editors/peers.py

## clean: delete everything that the targets above made
clean:
	rm -rf $(VENV) $(VENV)-oldest build dist .bulkflow examples/*/.bulkflow plugins/bulkflow-scanner/build

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@
