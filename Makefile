# make run    install what the app needs into .venv and start it, for this machine only
# make run HOST=192.168.1.20    ... for a class: the address or name of this machine in its network
# make bundle   ... for computers without internet
# make test   install what the tests need besides; lint, types, tests
# make test-slow   what takes longer: trainings, every page and setting in a real browser
# Python 3.11 to 3.13. Another one than the first found: make run PYTHON=/path/to/python3

CANDIDATES := python3.12 python3.13 python3.11 python3 python
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
# Searched only while .venv is missing. Each candidate is run: a name on the path may be a stub.
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(FITS)' >/dev/null 2>&1 && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

OPEN := --server.address=0.0.0.0 $(addprefix --server.allowedHosts=,$(HOST) localhost)

.PHONY: run bundle test test-slow fuzz check browser pictures bench clean

run: $(VENV)/app
	$(BIN)/streamlit run app.py $(if $(HOST),$(OPEN))

# A file's tests stay in one process: they share an app and a browser. The files keep their order
# (tests/conftest.py): those that take longest begin. One thread of OpenBLAS each, as in the app: more
# of them spin while they wait for a busy core.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder -r fER

test: check browser
	$(PYTEST) -m "not slow"

# The app and all of its packages in one archive, for computers without internet that have the same
# system and version of Python. Without training: make bundle REQUIREMENTS=deploy/requirements-read.txt
BUNDLE := digit-lab.tar
REQUIREMENTS := requirements.txt
bundle: $(VENV)/python
	sh deploy/bundle.sh $(BIN)/python $(abspath $(BUNDLE)) $(REQUIREMENTS)

# What trains networks, and in a real browser what is not on the main paths; before a release.
test-slow: check browser
	$(PYTEST) -m slow

# Up to a million damaged files for the parsers, in at most SECONDS; another SEED continues.
SECONDS := 3600
SEED := 0
fuzz: $(VENV)/tests
	$(BIN)/python tests/support/fuzzing.py --seconds $(SECONDS) --seed $(SEED)

# Lint, types, and who may import whom.
check: $(VENV)/tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# A Chromium for the browser tests: the one that is there, or a new one.
browser: $(VENV)/tests
	$(BIN)/python tests/browser/chromium.py

# The pictures of all pages and tabs, in docs/pictures/.
pictures: browser
	$(BIN)/python tests/browser/pictures.py

# Every figure that the README and docs/ quote, beside the new one; hours. Some: make bench ONLY=speed
bench: $(VENV)/tests
	$(BIN)/python tests/benchmarks/bench.py $(ONLY)

$(VENV)/python:
	@test "$$(uname -sm)" != "Darwin x86_64" || { echo "Intel Macs cannot run the app: LiteRT, which reads the digits, and TensorFlow have no packages for them. Use a Mac with Apple silicon, Linux or Windows."; exit 2; }
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 with venv is needed and was not found. Install one (Debian: apt-get install python3 python3-venv), or name it: make run PYTHON=/path/to/python3"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/app: requirements.txt deploy/requirements-read.txt | $(VENV)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/tests: tests/requirements.txt $(VENV)/app
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

clean:
	rm -rf $(VENV) test-artifacts .pytest_cache .mypy_cache .ruff_cache .hypothesis
