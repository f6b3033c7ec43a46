# The same verbs for a newcomer, a contributor and CI. `make help` lists them.
#
#   VENV=DIR       where the virtual environment lives (default .venv, or .venv-gpu with GPU=1)
#   PYTHON=python  the Python (3.11 or newer) that makes it
#   CPU=1          PyTorch's build for CPUs, without CUDA's libraries: 2.7 instead of 7.4 GB
#   GPU=1          faiss-gpu instead of faiss-cpu; they are exclusive, hence the environment of its own
#   ARGS="..."     more arguments for demo and the tests: make test ARGS="tests/metrics -x"
#   WORKERS=auto   processes that tests run in: one a core

PYTHON ?= python3
ifdef GPU
VENV ?= .venv-gpu
FAISS := gpu
else
VENV ?= .venv
FAISS := cpu
endif
BIN := $(VENV)/bin
ifdef CPU
SIZE := about 2.7 GB without CUDA
TORCH := $(BIN)/python -m pip install torch torchvision --index-url https://download.pytorch.org/whl/cpu
else
SIZE := about 7.4 GB on Linux, 2.7 GB without CUDA (CPU=1)
endif

.DEFAULT_GOAL := help
ROOT ?= data

# A lane of tests is a folder or two. What is in none of these is fast.
TRAINING := tests/training tests/end_to_end
DOCS := tests/docs
PAGE := tests/demo
LONG := tests/long
WORKERS ?= auto
PYTEST = $(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile

.PHONY: help demo test test-fast test-training test-docs test-page test-long
.PHONY: install browser lint types contracts format check results reproduce-pocket build clean

help: ## List the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'

demo: $(VENV)/.for-use ## Set everything up and open the search page on the built-in gallery
	$(BIN)/textreid demo $(ARGS)

test: install browser ## Set everything up and pass the tests, all but test-long: a quarter of an hour
	$(PYTEST) --ignore=$(LONG) $(ARGS)

test-fast: install ## The tests that need no training, no browser and no reader of the docs: minutes
	$(PYTEST) $(addprefix --ignore=,$(TRAINING) $(DOCS) $(PAGE) $(LONG)) $(ARGS)

test-training: install ## The tests that train, on one process and on two, killed and resumed
	$(PYTEST) $(TRAINING) $(ARGS)

test-docs: install ## The docs: every block is run, every link leads somewhere
	$(PYTEST) $(DOCS) $(ARGS)

test-page: install browser ## The search page, driven in a browser
	$(PYTEST) $(PAGE) $(ARGS)

test-long: install ## Every recipe overfits: too slow for every change, and covered in short by the others
	$(PYTEST) --dist=worksteal $(LONG) $(ARGS)

install: $(VENV)/.for-development ## Set up for development: the package, the tools, all test dependencies

browser: ## Make sure that there is a Chromium and an nginx for the tests that drive the search page
	@.ci/browser

lint: install ## Style: ruff, in check mode
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install ## Types: mypy
	$(BIN)/mypy

contracts: install ## Who may import whom: import-linter
	$(BIN)/lint-imports --no-cache --no-logo

check: lint types contracts test ## Everything that a change must pass

format: install ## Rewrite the sources in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

results: install ## Rewrite the README's measured table from benchmarks/results/
	$(BIN)/python benchmarks/readme.py

reproduce-pocket: install ## Train the built-in model again: make reproduce-pocket ROOT=data (some hours)
	$(BIN)/textreid train cuhk-pedes-pocket-start --root $(ROOT) --out runs/pocket-start
	$(BIN)/textreid train cuhk-pedes-pocket-middle --root $(ROOT) --out runs/pocket-middle
	$(BIN)/textreid train cuhk-pedes-pocket-late --root $(ROOT) --out runs/pocket-late
	$(BIN)/textreid train cuhk-pedes-pocket --root $(ROOT) --out runs/pocket

build: install ## Build the sdist and the wheel of what is committed into dist/
	rm -rf build && mkdir -p build dist
	git archive HEAD | tar -x -C build
	cd build && $(abspath $(BIN))/python -m hatchling build --directory $(abspath dist)
	rm -rf build

clean: ## Remove the virtual environments and every cache
	rm -rf .venv .venv-gpu dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("textreid needs Python 3.11 or newer; name one with PYTHON=...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.for-use: pyproject.toml | $(BIN)/python
	@echo "Installing textreid and PyTorch into $(VENV): some minutes, once; $(SIZE)."
	$(TORCH)
	$(BIN)/python -m pip install --editable '.[$(FAISS)]'
	@touch $@

$(VENV)/.for-development: pyproject.toml | $(BIN)/python
	@echo "Installing textreid, PyTorch and the tools into $(VENV): some minutes, once; $(SIZE)."
	$(TORCH)
	$(BIN)/python -m pip install --editable '.[dev,$(FAISS)]'
	@touch $@
