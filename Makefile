# make demo   installs into .venv and opens the page on http://127.0.0.1:7860
# make test   installs what the tests need into .venv and runs all of them
# Another interpreter: make demo PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := demo
.PHONY: demo test

demo: $(VENV)/.installed
	@$(BIN)/pose2action demo

test: $(VENV)/.installed-test
	@$(BIN)/python -m pytest

# The stamps make the second call fast; a change of pyproject.toml installs again.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing pose2action into $(VENV) (the first time this takes some minutes) ..."
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(BIN)/python
	@echo "Installing pose2action and its tests into $(VENV) (the first time this takes some minutes) ..."
	@$(PIP) install --editable ".[test]"
	@touch $(VENV)/.installed $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "There is no $(PYTHON) here: install Python 3.10, 3.11 or 3.12, or name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' || { \
	  echo "pose2action needs Python 3.10, 3.11 or 3.12, and $(PYTHON) is $$($(PYTHON) --version 2>&1);" \
	       "name another one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python could not make a virtual environment; on Debian and Ubuntu install python3-venv."; exit 1; }
