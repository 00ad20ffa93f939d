# `make run` builds and starts the demo; it needs Go and nothing else. `make test` installs what the tests need and runs
# them all. `make build` makes bin/varco, `make bench` prints what things cost, `make generate` makes the generated files anew.

GO      ?= go
LISTEN  ?= 127.0.0.1:8080
BANK    ?= 127.0.0.1:8081
DATA    ?= data/demo
GOVERSION := $(shell sed -n "s/^go //p" go.mod)

.PHONY: run build test bench generate go

run: build
	@exec bin/varco demo --data $(DATA) --listen $(LISTEN) --bank-listen $(BANK)

build: go
	@echo "Building bin/varco; the first time takes a minute or two …"
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o bin/varco ./cmd/varco

test: go
	@tools/test.sh

bench: go
	@$(GO) run ./provider/internal/bench

generate: go
	@tools/generate.sh

# Inside a module, a recent Go fetches the version that go.mod asks for; an old one only believes it can build it.
go:
	@command -v $(GO) >/dev/null || { echo "Go is missing: install Go $(GOVERSION) or newer (https://go.dev/dl) and put it on your PATH." >&2; exit 1; }
	@have=$$($(GO) version 2>/dev/null | sed -n 's/^go version go\([0-9.]*\).*/\1/p'); \
	 [ "$$(printf '%s\n' $(GOVERSION) "$$have" | sort -V | head -n 1)" = "$(GOVERSION)" ] || \
	 { echo "Go $${have:-here} is too old: install Go $(GOVERSION) or newer (https://go.dev/dl), or allow it to fetch that with GOTOOLCHAIN=auto." >&2; exit 1; }
