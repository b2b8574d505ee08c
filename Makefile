# One virtual environment, built from pyproject.toml, serves every target. PYTHON=... picks another interpreter.
VENV   := .venv
PY     := $(VENV)/bin/python
READY  := $(VENV)/.ready
CODE   := airflow_provider_intacct example_dags demo tests benchmarks
TESTS  ?= tests
# More workers than cores: many tests wait for a process to start or a second to pass.
WORKERS ?= 4
PYTEST := $(PY) -m pytest -n $(WORKERS) --dist loadgroup

# Hundreds of processes start here: what one of them has compiled serves the next, whatever the machine's own setting.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help venv demo airflow sandbox test check faults lint format bench wheel clean

help:  ## list all there is to do
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

demo: $(READY)  ## sandbox and real Airflow: post an accrual, clear the task, run it again, show that it is booked once
	@$(PY) -m demo

airflow: $(READY)  ## the same stack, left up until Ctrl-C, to look around in Airflow's UI
	@$(PY) -m demo --stay

sandbox: $(READY)  ## a local Sage Intacct company on http://127.0.0.1:8088, until Ctrl-C
	@$(PY) -m airflow_provider_intacct.sandbox --port 8088

test: lint check  ## what CI runs: lint, then all tests

check: $(READY)  ## all tests, or some: make check TESTS=tests/unit
	$(PYTEST) $(TESTS)

faults: $(READY)  ## every way of writing x every fault x every recovery (20 minutes), or one: make faults CASE="..."
	$(PY) -m tests.faults.campaign --workers $(WORKERS) $(if $(CASE),--case "$(CASE)") $(FAULTS)

lint: $(READY)  ## ruff, formatting, strict types, import contracts
	$(PY) -m ruff check $(CODE)
	$(PY) -m ruff format --check $(CODE)
	$(PY) -m mypy
	$(PY) $(VENV)/bin/lint-imports

format: $(READY)  ## mend what ruff can mend
	$(PY) -m ruff check --fix $(CODE)
	$(PY) -m ruff format $(CODE)

bench: $(READY)  ## the benchmarks
	$(PY) -m benchmarks

wheel: $(READY)  ## build dist/*.whl and *.tar.gz
	$(PY) -m hatchling build

venv: $(READY)  ## only build the virtual environment

$(READY): pyproject.toml scripts/venv.sh
	@PYTHON="$(PYTHON)" sh scripts/venv.sh $(VENV)
	@touch $(READY)

clean:  ## remove the virtual environment and all that tools left behind
	rm -rf $(VENV) dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
