# Build, test and install Outlast. Needs Go and nothing else; `make help` lists
# the targets.

GO        ?= go
TESTFLAGS ?=
# -short leaves out what takes minutes under the race detector; `make test` and
# `make test-full` run it.
RACEFLAGS ?= -short
FUZZTIME  ?= 10s
BENCH     ?= .
# Histories of `make sim` and `make sim-long`, of a part of the latter, and the seed of
# the first.
SIM       ?= 10000
SIMRACE   ?= 500
SIMLONG   ?= 1000000
SIMPART   ?= 10000
SIMFIRST  ?= 0
# Play them all as direct (2 % faults) or strict (30 %, and 20 % of others' writes).
SIMAS     ?=
# Of what a run of them says, leave out what go adds, and take its result.
SIMLINES   = { grep -v '^=== ' || true; } | awk '{ print } /^(FAIL|panic)/ { bad = 1 } END { exit bad }'
LDFLAGS   ?= -s -w

PREFIX  ?= $(HOME)/.local
DESTDIR ?=
bindir   = $(DESTDIR)$(PREFIX)/bin
mandir   = $(DESTDIR)$(PREFIX)/share/man/man1
bashdir  = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
zshdir   = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
fishdir  = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

# The build carries its version from git, where git can read this folder.
vcs = $(shell git rev-parse HEAD >/dev/null 2>&1 && echo true || echo false)

.DEFAULT_GOAL := help
.PHONY: help demo build install uninstall test test-full sim sim-bugs sim-long interop check fmt fmt-check vet lint arch cross race bench idle fuzz clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## play an outage with a throwaway service and check that nothing is lost
	$(GO) run ./cmd/outlast demo

# Without C: nothing of it is loaded, so the program starts sooner, takes 1.4 MB
# less, and runs on every distribution.
build: ## build bin/outlast
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=$(vcs) -ldflags '$(LDFLAGS)' -o bin/ ./cmd/outlast

install: build ## put program, man pages and completions below PREFIX (~/.local); DESTDIR for packages
	rm -rf bin/man
	mkdir -p bin/man
	bin/outlast generate man bin/man
	bin/outlast completion bash >bin/completion.bash
	bin/outlast completion zsh >bin/completion.zsh
	bin/outlast completion fish >bin/completion.fish
	install -d '$(bindir)' '$(mandir)' '$(bashdir)' '$(zshdir)' '$(fishdir)'
	install -m 755 bin/outlast '$(bindir)/outlast'
	install -m 644 bin/man/*.1 '$(mandir)'
	install -m 644 bin/completion.bash '$(bashdir)/outlast'
	install -m 644 bin/completion.zsh '$(zshdir)/_outlast'
	install -m 644 bin/completion.fish '$(fishdir)/outlast.fish'

uninstall: ## remove what install put there; your outline and settings stay
	rm -f '$(bindir)/outlast' '$(mandir)'/outlast.1 '$(mandir)'/outlast-*.1
	rm -f '$(bashdir)/outlast' '$(zshdir)/_outlast' '$(fishdir)/outlast.fish'

test: ## run all tests; skipped ones are listed with their reason
	@.ci/interop
	@{ $(GO) test -v -timeout 30m $(TESTFLAGS) ./... 2>&1; echo "go test exit status $$?"; } | awk -f .ci/summary.awk

test-full: ## run all tests anew, with the race detector, then fuzz each target
	OUTLAST_OUTAGE=full OUTLAST_MATCH=full OUTLAST_WATCH=full $(GO) test -race -count=1 -timeout 90m $(TESTFLAGS) ./...
	OUTLAST_SNAPSHOT_YEARS=full $(GO) test -count=1 -timeout 60m ./internal/snapshot -run DaysInTheLife $(TESTFLAGS)
	$(MAKE) fuzz

interop: ## install other readers of OPML where this may, and ask them about all we write
	@.ci/interop all
	INTEROP=full $(GO) test ./opml -count=1 -timeout 30m -v -run Interop $(TESTFLAGS)

check: fmt-check vet lint arch race ## format, vet, staticcheck, import table, tests with the race detector

fmt: ## format the code
	$(GO) tool gofumpt -w .

fmt-check:
	@out="$$($(GO) tool gofumpt -d .)" || exit 1; \
	if [ -n "$$out" ]; then echo "$$out"; echo 'not formatted; run: make fmt'; exit 1; fi

vet:
	$(GO) vet ./...

lint:
	$(GO) tool staticcheck ./...

arch:
	$(GO) test ./internal/arch

cross: ## see that the code builds for the other systems
	CGO_ENABLED=0 GOOS=darwin $(GO) vet ./...
	CGO_ENABLED=0 GOOS=windows $(GO) vet ./...

race:
	@if [ "$$($(GO) env CGO_ENABLED)" = 1 ]; then \
		echo '$(GO) test -race $(RACEFLAGS) $(TESTFLAGS) ./...'; \
		$(GO) test -race -timeout 30m $(RACEFLAGS) $(TESTFLAGS) ./...; \
	else echo 'race: SKIPPED, the race detector needs a C compiler'; fi

sim: ## play SIM (10000) random histories from seed SIMFIRST (0), all as SIMAS=direct or strict, then SIMRACE (500) with the race detector
	$(GO) test -count=1 -v -timeout 60m ./sync/simtest -run '^TestHistories$$' \
		-sim.as=$(SIMAS) -sim.first=$(SIMFIRST) -sim.count=$(SIM) 2>&1 | $(SIMLINES)
	@if [ "$$($(GO) env CGO_ENABLED)" = 1 ]; then \
		$(GO) test -race -count=1 -v -timeout 60m ./sync/simtest -run '^TestHistories$$' \
			-sim.as=$(SIMAS) -sim.first=$(SIMFIRST) -sim.count=$(SIMRACE) 2>&1 | $(SIMLINES); \
	else echo 'sim: SKIPPED with the race detector, which needs a C compiler'; fi

sim-bugs: ## plant bugs in the engine, and see that the simulation finds each
	$(GO) test -count=1 -v -timeout 60m ./sync/simtest -run '^TestPlantedBugsAreFound$$' -sim.bugs

# A process for each processor plays a part at a time, which takes less than one process
# with all of them. What a part came to is kept by what was built: a run that was ended
# goes on where it was, and one of another program begins anew.
sim-long: ## play SIMLONG (1000000) histories from seed SIMFIRST (0), or what is left of them, and sum them up
	$(GO) test -c -trimpath -o bin/simtest ./sync/simtest
	@dir="bin/sim-long/$$(cksum <bin/simtest | cut -d' ' -f1)-$(or $(SIMAS),drawn)-$(SIMPART)"; mkdir -p "$$dir"; \
	seq $(SIMFIRST) $(SIMPART) $$(($(SIMFIRST) + $(SIMLONG) - 1)) | xargs -P "$$(getconf _NPROCESSORS_ONLN)" -I SEED \
		sh -c '[ -e "$$0/SEED.json" ] || GOMAXPROCS=1 bin/simtest -test.timeout 0 -test.run "^TestHistories$$" \
			-sim.as=$(SIMAS) -sim.first=SEED -sim.count=$(SIMPART) -sim.save="$$PWD/$$0/SEED.json"' "$$dir"; \
	bin/simtest -test.v -test.run '^TestHistories$$' -sim.as=$(SIMAS) -sim.count=$(SIMLONG) -sim.load="$$PWD/$$dir" 2>&1 | $(SIMLINES)

bench: ## run the benchmarks; BENCH=regexp chooses
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem $(TESTFLAGS) ./...

idle: build ## measure the background service while it has nothing to do, on a million items (5 min)
	$(GO) test ./cmd/outlast -count=1 -v -timeout 30m -run '^TestIdle$$' -idle.program '$(CURDIR)/bin/outlast' $(TESTFLAGS)

fuzz: ## fuzz each target for FUZZTIME (10s)
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

clean: ## remove what was built
	rm -rf bin
