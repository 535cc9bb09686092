# Every task of the project, one target each; by hand and in CI alike. `make` alone lists them.
# Needs Python >= 3.11 with pip, make and cargo; everything else is installed below .venv*/ here.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.NOTPARALLEL:

# rustup puts cargo where a shell that is not a login shell may not look.
export PATH := $(PATH):$(HOME)/.cargo/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The first interpreter that starts and really is new enough: a pyenv shim may exist for a version that is not selected.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done)

BIN := .venv/bin
RELEASE := .venv-release/bin
DIST := build/dist
CARGO_TEST := cargo test --workspace --exclude tickpath-python
# Link-time optimisation would make each of the six builds slower than its exploration.
LOOM := LOOM_MAX_PREEMPTIONS=2 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target-loom \
	cargo test --quiet -p tickpath-core --release --no-default-features --test loom_event_ring
PLANTED_BUGS := 1 2 3 4 5
# What the object tier and the lifecycle promise (tests/README.md): no file, no process, no engine, no Hypothesis.
UNIT := $(wildcard tests/core/test_bus*.py tests/core/test_execution*.py tests/core/test_state*.py tests/core/test_time*.py) \
	tests/control tests/contract

MANIFESTS := pyproject.toml Cargo.toml Cargo.lock $(wildcard rust/*/Cargo.toml)
RUST := $(MANIFESTS) $(shell find rust -name '*.rs')
PACKAGE := $(RUST) $(shell find python -name '*.py' -o -name '*.pyi' -o -name py.typed) README.md LICENSE

# $(call new_venv,FOLDER): an empty environment with a pip that knows dependency groups. Debian's python3 comes without
# ensurepip; virtualenv, fetched into build/, does the same there.
define new_venv
	@test -n "$(PYTHON)" || { echo "make: no Python >= 3.11 found; name one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	@command -v cargo >/dev/null || { echo "make: cargo not found; install Rust first (rustup), then try again" >&2; exit 2; }
	rm -rf $(1)
	@$(PYTHON) -m venv $(1) >/dev/null 2>&1 || { rm -rf $(1); \
		$(PYTHON) -m pip install --quiet --target build/virtualenv virtualenv && \
		PYTHONPATH=build/virtualenv $(PYTHON) -m virtualenv --quiet $(1); }
	$(1)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
endef

.venv/.created:
	$(call new_venv,.venv)
	@touch $@

.venv/.installed: .venv/.created pyproject.toml
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

# The package in place (`maturin develop`): Python files are used where they lie, only Rust needs a build.
.venv/.built: .venv/.installed $(RUST)
	PIP_QUIET=1 $(BIN)/maturin develop --quiet
	@touch $@

# The package as a user gets it: `pip install .` builds the release wheel.
.venv-release/.created:
	$(call new_venv,.venv-release)
	@touch $@

.venv-release/.installed: .venv-release/.created $(PACKAGE)
	@echo "building the release package (the first time takes a minute or two)" >&2
	$(RELEASE)/python -m pip install --quiet .
	@touch $@

.PHONY: help run test test-rust test-unit test-python check fmt fmt-check clippy lint types imports stubs stubs-check loom bench \
	wheel sdist test-wheel clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv-release/.installed ## Run the main job: make run ARGS="--events 50000 --json"
	@$(RELEASE)/tickpath run $(ARGS)

test: test-rust test-python ## Pass every test: Rust, then Python

test-rust: .venv/.installed ## Test the core (the bindings are tested from Python)
	$(CARGO_TEST)

test-unit: .venv/.built ## Pass the unit tests: rings, executor, lifecycle, metrics, scenarios; under a second
	$(BIN)/python -m pytest -q -m "not slow" --assert=plain -p no:hypothesispytest $(UNIT) $(ARGS)

test-python: .venv/.built ## Test the package: make test-python ARGS="tests/core -x"
	$(BIN)/python -m pytest $(ARGS)

check: fmt-check clippy lint types imports stubs-check ## Run every lint and type check

fmt: .venv/.installed ## Format Rust and Python
	cargo fmt --all
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

fmt-check: .venv/.installed ## Check the formatting of Rust and Python
	cargo fmt --all --check
	$(BIN)/ruff format --check

clippy: .venv/.installed ## Lint Rust, warnings denied
	PYO3_PYTHON=$(CURDIR)/$(BIN)/python cargo clippy --workspace --all-targets -- -D warnings

lint: .venv/.installed ## Lint Python
	$(BIN)/ruff check

types: .venv/.built ## Type-check Python, strictly
	$(BIN)/mypy python tests tools $(wildcard benches)

imports: .venv/.built ## Check who may import whom
	$(BIN)/lint-imports

stubs: .venv/.installed ## Generate python/tickpath/_native.pyi
	$(BIN)/python tools/stubs.py

stubs-check: .venv/.built ## Check that the stub is what the module is
	$(BIN)/python tools/stubs.py --check
	$(BIN)/python -m mypy.stubtest tickpath._native

loom: ## Explore the event ring's interleavings; each planted bug must be found
	$(LOOM)
	@set -e; for bug in $(PLANTED_BUGS); do \
		echo "planted bug $$bug"; \
		if $(LOOM) --features planted-bug-$$bug --no-run 2>&1; then :; else echo "planted bug $$bug does not build" >&2; exit 1; fi; \
		if $(LOOM) --features planted-bug-$$bug >/dev/null 2>&1; then echo "planted bug $$bug was NOT found" >&2; exit 1; fi; \
		echo "planted bug $$bug: found"; \
	done

bench: .venv-release/.installed ## Measure against the reference and Python's queues: make bench ARGS=...
	@$(RELEASE)/python -m benches.object_tier $(addprefix --also ,$(wildcard /usr/bin/python3.11)) $(ARGS)

wheel: .venv/.installed ## Build the release wheel into build/dist
	@mkdir -p $(DIST) && rm -f $(DIST)/*.whl
	$(BIN)/maturin build --quiet --release --out $(DIST)

sdist: .venv/.installed ## Build the source distribution into build/dist
	@mkdir -p $(DIST) && rm -f $(DIST)/*.tar.gz
	$(BIN)/maturin sdist --out $(DIST)

test-wheel: wheel sdist ## Install wheel and sdist into empty environments of every Python found, and run them
	TICKPATH_DIST=$(CURDIR)/$(DIST) $(BIN)/python -m pytest --override-ini timeout=600 -rs tests/packaging

clean: ## Remove what the targets made
	rm -rf .venv .venv-release build dist target target-loom .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find python tests benches tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
	rm -f python/tickpath/*.so
