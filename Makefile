# What `python start.py` does, under make's names.
PYTHON ?= python3

.PHONY: run test check clean

run:
	$(PYTHON) start.py

test:
	$(PYTHON) start.py test

check:
	$(PYTHON) start.py check

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
