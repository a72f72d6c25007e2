# Each target does its own set-up: Rust, a C compiler and make are all it asks for.

CARGO_TARGET_DIR ?= target
sqlflow := $(CARGO_TARGET_DIR)/release/sqlflow

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo demo-full build test format lint docs doc-tests tests features kills faults gigabyte reloads bench bench-connectors bench-target clean libduckdb rust-components

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 26

demo: build ## build the sample project and show a result
	$(sqlflow) build --project-dir sample_project
	$(sqlflow) show carrier_delays --project-dir sample_project --limit 10

demo-full: build ## the sample project from PostgreSQL and S3 too, and back there
	scripts/demo-full $(sqlflow)

build: libduckdb ## the release binary
	cargo build --release --locked
	@echo "built $(sqlflow)"

# Everything uses the dev profile. The dependencies are compiled twice all the same, once to metadata
# for clippy and rustdoc and once to code for the tests: cargo shares nothing between the two.
test: format lint docs doc-tests tests ## all that CI runs

format: rust-components ## formatting, checked
	cargo fmt --check

lint: libduckdb rust-components ## clippy; a warning is an error
	cargo clippy --locked --all-targets -- -D warnings

docs: libduckdb ## the API's docs; a dead link is an error
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

doc-tests: libduckdb ## the examples in the docs
	cargo test --locked --doc

tests: libduckdb ## unit and integration tests, with cargo-nextest where it is installed
	@if cargo nextest --version >/dev/null 2>&1; then set -x; cargo nextest run --locked; \
	else set -x; cargo test --locked --lib --bins --tests; fi

kills: libduckdb ## the crash tests in full, into both engines: some 800 kills in some minutes, and readers of 50 replaces
	SQLFLOW_TEST_KILLS=20 cargo test --locked --test it -- crash:: target_replaced --nocapture

faults: libduckdb ## what breaks on the way to other systems, in full: 200 faults of each sort of transfer
	SQLFLOW_TEST_FAULTS=200 cargo test --locked --test it faults -- --nocapture

reloads: libduckdb ## a hundred loads of each kind of source that does not change, which give no alert
	SQLFLOW_TEST_RELOADS=100 cargo test --locked --test it drift::reloads -- --nocapture

gigabyte: libduckdb ## 1 GB of text from PostgreSQL to DuckDB and back, with the memory that it takes
	cargo test --locked --test it a_gigabyte_of_text -- --ignored --nocapture

features: libduckdb ## every set of features builds without a warning
	for features in "" postgres s3 postgres,s3; do \
	  RUSTFLAGS="-D warnings" cargo check --locked --no-default-features --features "$$features" || exit 1; done

bench: build ## measure: make bench ARGS="--dbt PATH"; see bench/README.md
	bench/run --sqlflow $(sqlflow) $(ARGS)

bench-connectors: build ## measure PostgreSQL and S3: make bench-connectors ARGS="--duckdb-python PATH"
	cargo build --release --locked --example s3_server
	bench/connectors.py --sqlflow $(sqlflow) $(ARGS)

bench-target: build ## measure PostgreSQL as the target: make bench-target ARGS="--duckdb-python PATH"
	bench/target.py --sqlflow $(sqlflow) $(ARGS)

clean: ## remove what cargo built and what the sample project made
	cargo clean
	for project in sample_project sample_project/variants/*; do \
		rm -rf $$project/target $$project/*.duckdb $$project/*.duckdb.wal; done

libduckdb:
	@scripts/libduckdb >/dev/null

# A minimal Rust has neither.
rust-components:
	@cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	@cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
