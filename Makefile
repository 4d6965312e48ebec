# make run: set up .venv and start the app.   make test: the same, then lint, format, types and every test.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: run test check clean

run: .venv/app
	$(BIN)/streamlit run app.py

test: .venv/dev check
	$(BIN)/pytest

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/app: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -r requirements.txt
	touch $@

.venv/dev: .venv/app requirements-dev.txt
	$(BIN)/python -m pip install -q -r requirements-dev.txt
	touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
