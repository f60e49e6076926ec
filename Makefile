# make run   processes sample papers with the embedded line and prints a summary
# make test  checks style, types and behaviour, against real servers
# Both install what they need, on a bare Debian 12 with git, make and python3-venv (Python 3.11).

SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SOURCES := models stages pipeline ops benchmarks tests

SEED ?= 1
MINUTES ?= 30
TODAY := $(shell date +%F)

export PYTHON
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# One process per core; libraries that start threads of their own only get in each other's way.
export OMP_THREAD_LIMIT := 1
export OPENBLAS_NUM_THREADS := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help run test lint format soak broken chaos chaos-guards bench contest lock clean distclean packages-run packages-test

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
	@echo 'also: lint, format, soak, broken, chaos, chaos-guards, bench, contest, lock (new versions), clean, distclean'

run: build/samples
	$(BIN)/sohoa process build/samples --out build/out

# One test process per core, each with servers of its own; a file's tests stay together.
test: lint
	SOHOA_REQUIRE_SERVERS=1 $(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(SOURCES)

format: .venv/test.stamp
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

# The races of the suite, a thousand times each (half an hour).
soak: .venv/test.stamp
	SOHOA_REQUIRE_SERVERS=1 $(BIN)/pytest tests/contracts/test_ledger_contract.py -k together --rounds 1000 --durations 5

# Hundreds of broken files through intake and line (a quarter of an hour).
broken: .venv/test.stamp
	$(BIN)/pytest tests/faults/test_bad_input.py --broken -s

# Half an hour of faults on a small cluster with real servers; the dated report is kept. SEED=2 for other faults.
chaos: .venv/test.stamp
	$(BIN)/python -m benchmarks chaos --seed $(SEED) --minutes $(MINUTES) \
		--json benchmarks/chaos/reports/$(TODAY)-seed-$(SEED).json --report benchmarks/chaos/reports/$(TODAY)-seed-$(SEED).html

# The same run with each guard taken out, one after the other: every one of them has to fail.
chaos-guards: .venv/test.stamp
	$(BIN)/python -m benchmarks chaos --guards --seed $(SEED) --minutes $(MINUTES) \
		--json benchmarks/chaos/reports/$(TODAY)-guards.json --report benchmarks/chaos/reports/$(TODAY)-guards.html

bench: .venv/run.stamp
	$(BIN)/python -m benchmarks line

# OCR engines against each other on the same pages (an hour); the report is build/contest.html.
contest: .venv/run.stamp build/ocr-tools/stamp
	$(BIN)/python -m benchmarks ocr --json build/contest.json --report build/contest.html

# What turbo is compared with lives in an environment of its own: nothing of it is needed at run time.
build/ocr-tools/stamp: benchmarks/ocr/tools.lock
	@ops/setup.sh contest
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install -q --require-hashes -r $<
	touch $@

# Sample batches are made anew when their generator changes; then what was made of the old ones goes too.
build/samples: $(wildcard benchmarks/corpus/*.py) requirements.lock | .venv/run.stamp
	rm -rf build/samples build/samples.part build/out
	$(BIN)/python -m benchmarks.corpus build/samples.part --samples
	mv build/samples.part build/samples
	touch $@

# A stamp is as new as the last finished installation. The Debian packages are looked at each time.
.venv/run.stamp: requirements.lock pyproject.toml | packages-run
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --require-hashes -r requirements.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@

.venv/test.stamp: requirements-dev.lock requirements.lock pyproject.toml | packages-test
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --require-hashes -r requirements-dev.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@ .venv/run.stamp

packages-run:
	@ops/setup.sh run

packages-test:
	@ops/setup.sh test

# Keeps the pinned versions and adds what pyproject.toml asks for; delete the lock files first for new versions.
# setuptools is in the lock because it builds our own package, without a download of its own.
LOCK = build/uv/bin/uv pip compile -q --generate-hashes --no-header --no-annotate --no-emit-index-url \
	--no-emit-find-links --python-version 3.11
lock:
	$(PYTHON) -m venv build/uv
	build/uv/bin/pip install -q uv
	echo setuptools | $(LOCK) pyproject.toml - -o requirements.lock
	echo setuptools | $(LOCK) -c requirements.lock --group dev pyproject.toml - -o requirements-dev.lock
	$(LOCK) --group contest -o benchmarks/ocr/tools.lock

clean:
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find $(SOURCES) -name __pycache__ -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv sohoa.egg-info
