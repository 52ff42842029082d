# Every path here is relative, so a checkout in a folder with spaces in its name works.
SHELL := /bin/sh
PYTHON ?= python3
PY := .venv/bin/python
# Test processes: most tests wait for a server, so two cores keep three of them going.
WORKERS ?= 3
.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench chaos venv lock clean

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: .venv/.ready  ## set up, then play the story on an embedded cluster
	@$(PY) -m karptui demo $(ARGS)

test: .venv/.ready  ## set up, then run every test (the first run builds a real Kubernetes control plane)
	@$(PY) -m tests.control_plane.build
	@$(PY) -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

lint: .venv/.ready  ## format check, lint, import contracts, types
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@.venv/bin/lint-imports
	@$(PY) -m pyright

format: .venv/.ready  ## rewrite the code as `make lint` wants it
	@$(PY) -m ruff check --fix-only -q .
	@$(PY) -m ruff format .

chaos: .venv/.ready  ## kill the controllers at every write and see what the next ones make of it
	@$(PY) -m tests.chaos $(ARGS)

bench: .venv/.ready  ## measure; prints figures, asserts nothing
	@$(PY) -m tests.bench $(ARGS)

venv: .venv/.ready  ## only the environment, in .venv

# Hashes only: uv.lock and pylock.toml would name an index.
lock:  ## resolve pyproject.toml anew into requirements.lock
	uv pip compile pyproject.toml --group dev --universal --upgrade --generate-hashes --no-annotate --no-header -q -o requirements.lock

.venv/.ready: requirements.lock pyproject.toml
	@sh .ci/venv "$(PYTHON)"

clean:  ## remove the environment and everything built
	rm -rf .venv build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
