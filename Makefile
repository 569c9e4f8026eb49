# make demo: installs what is missing into .venv and runs the main job.
# make test: installs what is missing into .venv and runs every check.
# make results: runs again what published figures come from and takes under ten minutes, and prints old, new,
# difference; ONLY="NAME..." runs entries of docs/results.toml by name, WRITE=1 puts the new figures there.
# Programs run as modules: pip's scripts name their Python in a first line that does not hold every path.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test results clean

demo: $(VENV)/installed
	$(BIN)/python -m sw.cli demo

test: $(VENV)/installed
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest -n 2 --dist loadfile

results: $(VENV)/installed
	$(BIN)/python -m published again $(ONLY) $(if $(WRITE),--write)

clean:
	rm -rf $(VENV) build runs

$(VENV)/installed: pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or newer is needed, $(PYTHON) is $$("$(PYTHON)" --version 2>&1); set PYTHON=..." >&2; exit 2; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "error: $(PYTHON) has no venv module; on Debian: apt install python3-venv" >&2; exit 2; }
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -e '.[all]'
	touch $@
