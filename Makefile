# Everything a developer runs. `make` alone lists the targets.

GO        ?= go
BINARY    := bin/clevertap-segment
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
DATE      ?= $(shell date -u +%Y-%m-%dT%H:%M:%SZ)
LDFLAGS   := -s -w -X main.version=$(VERSION) -X main.date=$(DATE)
TAGS      ?=
FUZZ      ?= Fuzz
FUZZTIME  ?= 30s
BENCH     ?= .
COUNT     ?= 6
BENCHTIME ?= 1s
EXAMPLES  := ./config-examples
# Variables that an example needs and has no default for.
NEEDED    := SEGMENT_WEBHOOK_SECRET=TEST-SECRET
SDK_FILES := cmd/clevertap-segment/testdata/sdk
SDK       := tmp/sdk
SHELL     := bash

.DEFAULT_GOAL := help
.PHONY: $(shell awk -F: '/^[a-z0-9-]+:.*\#\# /{print $$1}' Makefile)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/clevertap-segment (TAGS="kafka aws gcp" adds components, see the README for their licences)
	@mkdir -p bin
	$(GO) build -trimpath -tags "$(TAGS)" -ldflags "$(LDFLAGS)" -o $(BINARY) ./cmd/clevertap-segment

test: ## everything: lint, licences, build, example configs, unit and end-to-end tests
	@$(MAKE) --no-print-directory lint licences build configs configs-aws configs-kafka unit

lint: ## formatting, go vet, staticcheck, govulncheck
	@unformatted="$$(gofmt -l cmd inputs outputs plugins processors 2>/dev/null)"; \
	if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@$(MAKE) --no-print-directory vulnerabilities

# The database is asked on the net. Without it there is nothing to compare with, and the check says so.
vulnerabilities: ## known vulnerabilities in what the binary calls
	@out="$$($(GO) tool govulncheck ./cmd/clevertap-segment 2>&1)" && echo "govulncheck: nothing known" || \
	case "$$out" in \
	*"fetching vulnerabilities"*) echo "SKIPPED govulncheck: the vulnerability database cannot be reached" ;; \
	*) echo "$$out"; exit 1 ;; \
	esac

licences: ## check that the default binary holds nothing under the Redpanda Community License
	$(GO) test -count=1 -run '^TestLicences' -v ./cmd/clevertap-segment

configs: build ## lint the example configs and run their tests
	$(NEEDED) $(BINARY) lint $(EXAMPLES)/*.yaml $(EXAMPLES)/scale/*.yaml
	@rm -rf tmp/identities && mkdir -p tmp/identities
	$(NEEDED) IDENTITIES=tmp/identities $(BINARY) test $(filter-out %_benthos_test.yaml,$(wildcard $(EXAMPLES)/*.yaml $(EXAMPLES)/scale/*.yaml))

configs-aws: ## the same for the examples that need the tag aws
	@mkdir -p bin
	$(GO) build -tags aws -o $(BINARY)-aws ./cmd/clevertap-segment
	BUCKET=exports $(BINARY)-aws lint $(EXAMPLES)/aws/*.yaml
	BUCKET=exports $(BINARY)-aws test $(filter-out %_benthos_test.yaml,$(wildcard $(EXAMPLES)/aws/*.yaml))

configs-kafka: ## the same for the examples that need the tag kafka
	@mkdir -p bin
	$(GO) build -tags kafka -o $(BINARY)-kafka ./cmd/clevertap-segment
	$(BINARY)-kafka lint $(EXAMPLES)/kafka/*.yaml
	$(BINARY)-kafka test $(filter-out %_benthos_test.yaml,$(wildcard $(EXAMPLES)/kafka/*.yaml))

# The tests say what they had to skip in a file, because go test does not show it for packages that pass.
define go-test
@mkdir -p tmp && rm -f tmp/skipped
@status=0; \
CLEVERTAP_SEGMENT_BINARY=$(CURDIR)/$(BINARY) SKIP_LOG=$(CURDIR)/tmp/skipped $(GO) test $(1) || status=$$?; \
if [ -s tmp/skipped ]; then sort -u tmp/skipped; else echo "nothing skipped"; fi; \
exit $$status
endef

unit: build sdk ## unit and end-to-end tests with the race detector, in random order
	$(call go-test,-race -shuffle=on -timeout 15m ./...)

test-e2e: build sdk ## the end-to-end tests alone: the binary, Segment's SDKs, Chromium, Redis (LONG=1: longer outages)
	$(call go-test,-count=1 -timeout 10m -run '^TestE2E' ./cmd/clevertap-segment $(if $(filter-out 0,$(LONG)),-e2e.long))

# Where this fails, the tests that need the packages are skipped and say so, or fail if nothing may be skipped.
sdk: ## install the npm packages for the tests with Segment's SDKs, as their lockfile pins them
	@mkdir -p $(SDK)
	@cmp -s $(SDK_FILES)/package-lock.json $(SDK)/installed || { \
		rm -f $(SDK)/installed && cp $(SDK_FILES)/package.json $(SDK_FILES)/package-lock.json $(SDK)/ && \
		npm ci --prefix $(SDK) --ignore-scripts --no-audit --no-fund && cp $(SDK_FILES)/package-lock.json $(SDK)/installed; \
	} || echo "the npm packages of $(SDK_FILES) could not be installed"

fuzz: ## run every fuzz target for FUZZTIME (30s) each, or those that FUZZ names (FUZZ=FuzzTrust FUZZTIME=10m)
	@set -e; found=; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '$(FUZZ)' $$pkg | grep '^Fuzz' || true); do \
			echo "== $$target ($$pkg)"; found=yes; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -timeout 0 $$pkg; \
		done; \
	done; [ -n "$$found" ] || { echo "no fuzz target is named $(FUZZ)"; exit 1; }

bench: bench-go bench-pipelines ## all benchmarks; docs/benchmarks.md tells how to read them

bench-go: ## Go benchmarks into tmp/benchmarks.txt (BENCH=regexp, COUNT=6, BENCHTIME=1s)
	@mkdir -p tmp
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) -benchtime $(BENCHTIME) -timeout 30m ./... >tmp/benchmarks.log || { cat tmp/benchmarks.log; exit 1; }
	@grep -E '^(goos|goarch|pkg|cpu|Benchmark)' tmp/benchmarks.log >tmp/benchmarks.txt; cat tmp/benchmarks.txt
	@echo "compare with the figures kept: $(GO) tool benchstat docs/benchmarks.txt tmp/benchmarks.txt"

bench-pipelines: ## whole pipelines side by side (PIPELINES="-only clevertap -rounds 5 -markdown", bin/bench -h)
	@mkdir -p bin
	$(GO) build -trimpath -ldflags "-s -w" -o bin/bench ./cmd/bench
	bin/bench $(PIPELINES)

bench-http: build ## measure segment_http next to the engine's http_server (ARGS="-markdown", ARGS="-stall 30s")
	@$(GO) build -o bin/bench-http ./cmd/bench-http
	@bin/bench-http -binary $(BINARY) $(ARGS)

demo: build ## send invented data through a local sandbox, both directions, and report (KEEP=1 leaves it running)
	@$(GO) build -o bin/demo ./cmd/demo
	@bin/demo -binary $(BINARY) $(if $(filter-out 0,$(KEEP)),-keep)

FAULTS := CLEVERTAP_SEGMENT_BINARY=$(CURDIR)/$(BINARY)

test-faults: build ## failures against every source, with a ledger (LONG=1: every case, which takes some minutes)
	$(FAULTS) $(GO) test -count=1 -timeout 30m -v ./cmd/faults $(if $(filter-out 0,$(LONG)),-faults.long) \
		| grep -Ev '^=== (RUN|PAUSE|CONT)'; exit $${PIPESTATUS[0]}

test-hostile: build ## hostile and honest senders on the public example: memory, disk, latency (LONG=1: a minute instead of five seconds)
	$(FAULTS) $(GO) test -count=1 -timeout 10m -v -run '^TestE2ERooms' ./cmd/clevertap-segment $(if $(filter-out 0,$(LONG)),-hostile.long) \
		| grep -Ev '^=== (RUN|PAUSE|CONT)'; exit $${PIPESTATUS[0]}

million: build ## a million calls from Redis through three processes that are killed in turn (CALLS=n)
	$(FAULTS) $(GO) run ./cmd/faults million $(if $(CALLS),-calls $(CALLS))

soak: build ## ten minutes at a steady rate with failures: does anything grow? (DURATION=1m)
	$(FAULTS) $(GO) run ./cmd/faults soak $(if $(DURATION),-duration $(DURATION))

throughput: build ## calls per second with one process, two and three
	$(FAULTS) $(GO) run ./cmd/faults throughput

clean: ## remove what was built
	rm -rf bin tmp
