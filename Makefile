# make demo   installs into .venv and opens the page on http://127.0.0.1:7860
# make test   installs what the tests need into .venv and runs all of them
# make check   the same without slow and browser tests, but with the linter and the type checker: two to three minutes
# make minkowski   compiles MinkowskiEngine, the other backend of the sparse convolutions, for the CPU into .venv
# Another interpreter: make demo PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCK := requirements.lock
MINKOWSKI := MinkowskiEngine==0.5.4

.DEFAULT_GOAL := demo
.PHONY: demo test check lock minkowski minkowski-wheel

demo: $(VENV)/.installed
	@$(BIN)/pose2action demo

test: $(VENV)/.installed-test
	@$(BIN)/python -m pytest

# In two processes, beside which the type checker works.
check: $(VENV)/.installed-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy & types=$$!; \
	  $(BIN)/python -m pytest -m "not slow and not browser" -q -n 2; tests=$$?; \
	  wait $$types && exit $$tests

minkowski: $(VENV)/.installed-minkowski

# The exact versions of everything that is installed, for all Pythons and systems in pyproject.toml's [tool.uv]; what
# is already in the file stays where it fits; make lock UPGRADE=--upgrade takes the newest of all. The systems are left
# out of the markers in the end: on others the same versions are worth a try.
lock: | $(BIN)/python
	@set -e; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; $(BIN)/python -m venv "$$tools"; \
	  "$$tools/bin/python" -m pip --disable-pip-version-check install --quiet uv; \
	  "$$tools/bin/uv" pip compile --quiet --universal --python-version 3.10 --all-extras --no-header --no-annotate \
	    --no-emit-index-url $(UPGRADE) --output-file $(LOCK) pyproject.toml
	@sed -E -i.before -e "s/( and )?\(\(platform_machine.*\)\)$$//" -e "s/ and python_full_version < '3\.13'//" \
	  -e "s/python_full_version < '3\.13' and //" -e "s/ ; python_full_version < '3\.13'$$//" $(LOCK)
	@rm $(LOCK).before

# The stamps make the second call fast; a change of what is to be installed installs again. The lock only names
# versions: what is not needed is not installed, and a torch of another index ("+cpu") is as good.
$(VENV)/.installed: pyproject.toml $(LOCK) | $(BIN)/python
	@echo "Installing pose2action into $(VENV) (the first time this takes some minutes) ..."
	@$(PIP) install --constraint $(LOCK) --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml $(LOCK) | $(BIN)/python
	@echo "Installing pose2action and its tests into $(VENV) (the first time this takes some minutes) ..."
	@$(PIP) install --constraint $(LOCK) --editable ".[test]"
	@touch $(VENV)/.installed $@

# MinkowskiEngine has no wheels and takes ten minutes to compile, so its wheel is kept: by PyTorch's version, for which
# pip does not tell wheels apart, hence its own cache is of no use here.
WHEELS = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pose2action/wheels/torch-$(shell $(BIN)/python -c \
  'from importlib.metadata import version; print(version("torch"))')
INSTALL_WHEEL = $(PIP) install --force-reinstall --no-deps --no-index --find-links "$(WHEELS)" $(MINKOWSKI)
# Under another name: a line that calls $(MAKE) is run even by "make -n".
AGAIN = $(MAKE)

$(VENV)/.installed-minkowski: $(VENV)/.installed
	@$(INSTALL_WHEEL) 2>/dev/null || { $(AGAIN) --no-print-directory minkowski-wheel && $(INSTALL_WHEEL); }
	@touch $@

# Its setup.py removes what the first pip on the PATH has installed. A compiler process takes up to 2.5 GB. Its CUDA
# sources are older than the CUDA of today's PyTorch, so this is the CPU alone.
minkowski-wheel: $(VENV)/.installed
	@command -v $(CXX) >/dev/null || { \
	  echo "MinkowskiEngine is compiled here and needs a C++ compiler; on Debian and Ubuntu install g++."; exit 1; }
	@printf '#include <cblas.h>\nint main() {}' | $(CXX) -x c++ - -lopenblas -o /dev/null 2>/dev/null || { \
	  echo "MinkowskiEngine is compiled here and needs OpenBLAS; on Debian and Ubuntu install libopenblas-dev."; exit 1; }
	@$(BIN)/python -c 'import os, sysconfig; open(os.path.join(sysconfig.get_path("include"), "Python.h"))' 2>&- || { \
	  echo "MinkowskiEngine is compiled here and needs Python's headers; on Debian and Ubuntu install python3-dev."; \
	  exit 1; }
	@echo "Compiling $(MINKOWSKI) (about ten minutes on two cores) ..."
	@$(PIP) install "pip>=23.1" ninja==1.13.2 setuptools==84.2.1
	@PATH="$(CURDIR)/$(BIN):$$PATH" MAX_JOBS=$${MAX_JOBS:-$$($(BIN)/python -c 'import os; \
	  print(max(1, min(os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2_500_000_000)))')} \
	  $(PIP) wheel --no-cache-dir --no-deps --no-build-isolation --use-pep517 --wheel-dir "$(WHEELS)" \
	  --config-settings="--global-option=--blas=openblas --cpu_only" $(MINKOWSKI)

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "There is no $(PYTHON) here: install Python 3.10, 3.11 or 3.12, or name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' || { \
	  echo "pose2action needs Python 3.10, 3.11 or 3.12, and $(PYTHON) is $$($(PYTHON) --version 2>&1);" \
	       "name another one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python could not make a virtual environment; on Debian and Ubuntu install python3-venv."; exit 1; }
