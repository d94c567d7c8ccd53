# The two commands are `make up` and `make test`; everything else is a part of them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
CARGO ?= cargo
SEKISHO = target/release/sekisho
DATA ?= var
# Some tests fill small disks of their own. Where these can be mounted, no test may skip itself.
SEKISHO_SKIP ?= $(shell [ "$$(id -u)" = 0 ] \
  && unshare --mount mount -t tmpfs tmpfs /mnt 2>/dev/null && echo never || echo may)

.PHONY: help up build deps test lint advisories fuzz-smoke bench golden clean

help: ## What can be made here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## The program, optimised
	$(CARGO) build --release --locked --bin sekisho

up: build ## Number 20,000 residents and serve the API on loopback until Ctrl-C
	$(SEKISHO) up --data $(DATA)

deps: ## What the tests need: PostgreSQL and the test runner
	./deps.sh

test: deps lint ## Everything that CI checks; where small disks can be mounted no test skips itself
	@[ "$(SEKISHO_SKIP)" = never ] || echo "tests of a full disk skip themselves where nothing can be mounted"
	SEKISHO_SKIP=$(SEKISHO_SKIP) $(CARGO) nextest run --workspace --locked --no-fail-fast
	$(CARGO) test --workspace --locked --doc --quiet
	./fuzz/smoke.sh

lint: ## Format, clippy, documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked --document-private-items --quiet

advisories: ## Known advisories of all dependencies; needs cargo-deny and the RustSec database
	$(CARGO) deny check advisories

fuzz-smoke: ## Every fuzz target for a few seconds
	./fuzz/smoke.sh

bench: deps build ## All benchmarks, on both databases; writes docs/performance.md
	./bench.sh

golden: ## Regenerate every golden file; review the difference before committing it
	SEKISHO_GOLDEN=write $(CARGO) nextest run --workspace --locked golden

clean: ## Remove what was built, not what was stored
	$(CARGO) clean
