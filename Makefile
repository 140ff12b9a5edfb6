# The few commands that a developer types. Everything goes into .venv; nothing else is touched.

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

## demo: install, and load 10,000 rows into the embedded sandbox
demo: $(VENV)/installed
	$(BIN)/bulkflow run examples/quickstart/accounts.bulkflow

## test: install what the tests need, and run them all
test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -q -n auto

## order: the tests in a random order; ORDER=N, as it is printed, is one of them again
order: $(VENV)/installed-dev
	$(BIN)/python -m pytest -q -n auto -p randomly --randomly-seed=$(ORDER) --randomly-dont-reset-seed

## oldest: run the tests with the oldest versions of the dependencies that pyproject.toml allows
oldest:
	$(PYTHON) -m venv --clear $(VENV)-oldest
	$(OLDEST)/python -m pip install --quiet --disable-pip-version-check uv
	$(OLDEST)/python -m uv pip install --quiet --python $(OLDEST)/python \
		--resolution lowest-direct --editable ".[test,lsp,sandbox,speed]"
	$(OLDEST)/python -m pytest -q -n auto

## check: lint, format, types, import rules, known weaknesses (once a day, where they can be asked for)
check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	PYTHONPATH=tests $(BIN)/python -m support.audit $(VENV)-audit

## crash: kill loads at every point and at random, go on with them, and count their rows
crash: $(VENV)/installed-dev
	PYTHONPATH=tests $(BIN)/python -m crash --schedules $(SCHEDULES)

## fuzz: damaged input to all that reads pipelines, data, answers and requests; what breaks is kept
fuzz: $(VENV)/installed-dev
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS)

## whole: loads of random files with random clauses, held to a reference of plain Python
whole: $(VENV)/installed-dev
	PYTHONPATH=tests $(BIN)/python -m whole --draws $(SCHEDULES)

## timeouts: 200 runs under GNU `timeout`, each with its handlers and `always`
timeouts: $(VENV)/installed-dev
	BULKFLOW_TIMEOUTS=200 $(BIN)/python -m pytest -q -s tests/cli/test_signals.py -k under_timeout

## soak: a hundred thousand calls through one client on a bad day
soak: $(VENV)/installed-dev
	BULKFLOW_SOAK=100000 $(BIN)/python -m pytest -q -s tests/salesforce/test_soak.py

## audit: the look at known weaknesses alone; fails where nobody can be asked
audit: $(VENV)/installed-dev
	PYTHONPATH=tests $(BIN)/python -m support.audit $(VENV)-audit --must-ask

## format: write the code as ruff wants it
format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## docs: write the pages that are made from the program
docs: $(VENV)/installed-dev
	BULKFLOW_CONFIG_DIR=$(VENV)/no-orgs $(BIN)/bulkflow words --markdown > docs/words.md
	$(BIN)/bulkflow explain --markdown > docs/errors.md

## bench: the data path beside `wc -l`, raw sockets, another client and DuckDB; takes some minutes
bench: $(VENV)/installed-dev
	$(BIN)/python bench/path.py --peer
	$(BIN)/python bench/parts.py --parts 4000
	$(BIN)/python bench/rewrite.py
	$(BIN)/python bench/reconcile.py --rows 1000000 --failed 1.0
	$(BIN)/python bench/load.py

## scanner: build the compiled scanner, and install it into .venv (needs a C compiler)
scanner: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check ./plugins/bulkflow-scanner

## peers: drive the sandbox with the Salesforce CLI (needs node and npm)
peers: $(VENV)/installed-dev
	$(BIN)/python -m pytest -q tests/clients/peers.py

## editors: hand what is made for editors and pages to Mermaid and VS Code's own parts (node, npm)
editors: $(VENV)/installed-dev
	$(BIN)/python -m pytest -q tests/editors/peers.py

clean:
	rm -rf $(VENV) $(VENV)-oldest build dist .bulkflow examples/*/.bulkflow plugins/bulkflow-scanner/build

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@
