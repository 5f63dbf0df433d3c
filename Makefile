# Tidings. `make help` lists what can be made. Needs Go, git and make; the rest is fetched or installed by the recipes.

SHELL := /bin/bash
.DEFAULT_GOAL := help

GOLANGCI_LINT_VERSION := v2.15.0
GOFUMPT_VERSION := v0.12.0
TOOLS := $(CURDIR)/.bin

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BINARY := bin/tidings
DB ?= data/tidings.db
RATE ?= 20
EVENTS ?= 100000
CONNECTIONS ?= 64,256
FUZZTIME ?= 10s
FUZZ ?= ./event/... ./provider/... ./internal/pull/... ./internal/ingest/... ./internal/awsbus/...

.PHONY: help run build test fuzz vet lint format bench generate e2e openapi mcp-check bus-check parquet-check web web-check pages screenshots postgres clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Build, serve on an embedded database with a demo source, and simulate mail gently (Ctrl-C stops)
	$(BINARY) serve --db $(DB) --demo-rate $(RATE)

# What is built is built the same way everywhere, so that the linter and vet need not compile it all once more.
BUILT := CGO_ENABLED=0 GOFLAGS=-trimpath

build: ## Build bin/tidings, static
	$(BUILT) go build -ldflags '-s -w -X main.version=$(VERSION)' -o $(BINARY) ./cmd/tidings

# The race detector makes SQLite, which is C translated to Go, six times as slow and finds nothing of ours in it. The same
# holds for what reckons on memory of its own: expressions, large numbers, passwords, the reader of commands. A package that has locks
# of its own can't be left out: the detector would see a race where they are. SQLite's driver and all else are watched.
UNWATCHED := modernc.org/sqlite/lib modernc.org/libc/... modernc.org/memory regexp regexp/syntax math/big \
  github.com/alecthomas/kong golang.org/x/crypto/argon2 golang.org/x/crypto/blake2b
RACE := -race $(foreach package,$(UNWATCHED),-gcflags='$(package)=-race=false -d=checkptr=0')

# Under CI the vetting came before.
test: ## Vet, then every test with the race detector, on SQLite and PostgreSQL
	@scripts/compiler.sh
	[ -n "$${CI:-}" ] || $(BUILT) go vet ./...
	@set -euo pipefail; \
	if [ -z "$${TIDINGS_TEST_POSTGRES:-}" ]; then \
	  TIDINGS_TEST_POSTGRES="$$(scripts/postgres.sh start)"; \
	  export TIDINGS_TEST_POSTGRES; \
	fi; \
	go test -vet=off -ldflags=-w $(RACE) -timeout 20m ./test/e2e ./... # what waits the most begins first

fuzz: ## Fuzz what reads bytes from outside, every target for FUZZTIME; FUZZ=./provider/ses for fewer packages
	@scripts/fuzz.sh $(FUZZTIME) $(FUZZ)

vet: $(TOOLS)/gofumpt-$(GOFUMPT_VERSION) ## Check the format, and what go vet finds
	@files="$$($(TOOLS)/gofumpt-$(GOFUMPT_VERSION) -l $$(git ls-files --cached --others --exclude-standard '*.go'))"; \
	if [ -n "$$files" ]; then echo "not formatted, run make format:"; echo "$$files"; exit 1; fi
	$(BUILT) go vet ./...

lint: $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION) vet ## Check style: gofumpt, go vet and golangci-lint
	$(BUILT) $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION) run ./...

format: $(TOOLS)/gofumpt-$(GOFUMPT_VERSION) ## Format the Go sources
	$(TOOLS)/gofumpt-$(GOFUMPT_VERSION) -w $$(git ls-files --cached --others --exclude-standard '*.go')

bench: build ## Measure speed and memory; EVENTS=2000000 for the full run, POSTGRES=postgres://… for PostgreSQL
	$(BINARY) bench --events $(EVENTS) --connections $(CONNECTIONS) $(if $(POSTGRES),--postgres '$(POSTGRES)')

generate: ## Make generated files again: goldens and docs
	go generate ./...

e2e: build ## Run the built binary against real engines: kill -9 rounds, disorder, openssl and curl
	@set -euo pipefail; \
	if [ -z "$${TIDINGS_TEST_POSTGRES:-}" ]; then \
	  TIDINGS_TEST_POSTGRES="$$(scripts/postgres.sh start)"; \
	  export TIDINGS_TEST_POSTGRES; \
	fi; \
	TIDINGS_TEST_BINARY="$(CURDIR)/$(BINARY)" go test -count=1 -timeout 10m ./test/e2e/...

openapi: build ## Lint the served OpenAPI document with an independent linter (needs npx)
	scripts/openapi.sh

mcp-check: build ## Ask over MCP with the inspector and the conformance suite of others (needs Node and npm)
	scripts/mcp.sh

bus-check: build ## Put events on the bus with the AWS SDK for JavaScript (needs Node and npm)
	scripts/bus.sh

parquet-check: build ## Open exported Parquet files with DuckDB (needs Node and npm)
	scripts/parquet.sh

web: build ## Make web/dist and its types of the API again (needs Node and npm)
	scripts/web.sh types
	scripts/web.sh build

web-check: build ## Fail if web/dist or its types are not what the sources give (needs Node and npm)
	scripts/web.sh check

pages: build ## Drive every page of the web UI in Debian's Chromium (needs Node and npm)
	scripts/pages.sh test

screenshots: build ## Make the pictures in docs/ui again (needs Node and npm)
	scripts/pages.sh screenshots

postgres: ## Start the private PostgreSQL that the tests use, and print its URL
	@scripts/postgres.sh start

clean: ## Remove the private PostgreSQL and what was built (not data/)
	scripts/postgres.sh remove
	rm -rf bin .bin

$(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION):
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv $(TOOLS)/golangci-lint $@

$(TOOLS)/gofumpt-$(GOFUMPT_VERSION):
	GOBIN=$(TOOLS) go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)
	mv $(TOOLS)/gofumpt $@
