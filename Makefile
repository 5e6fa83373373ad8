# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# Needs Go, git and make, nothing else. CI=true makes the output sparser.

.DEFAULT_GOAL := help
.SUFFIXES:
# The steps of `test` fail fast in their order, also under -j.
.NOTPARALLEL:

MODULE := github.com/vantiq-upgrade/kubectl-vantiq-upgrade

# One set of compiler settings for everything, so that building, linting and
# testing share go's cache; only the race detector wants cgo, where there is any.
# The version is stamped below: go's own stamping fails in a checkout of another user.
HOST_CGO := $(shell go env CGO_ENABLED)
export CGO_ENABLED := 0
export GOFLAGS := $(shell go env GOFLAGS) -trimpath -buildvcs=false

##@ Use

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

.PHONY: build
build: ## Build the plugin: bin/kubectl-vantiq_upgrade
	@hack/heartbeat.sh 'Building bin/kubectl-vantiq_upgrade' go build -ldflags "$(LDFLAGS)" -o bin/kubectl-vantiq_upgrade ./cmd/kubectl-vantiq_upgrade

.PHONY: sandbox
sandbox: bin/sandbox bin/kubectl ## Build a real control plane and a kubectl from source: bin/sandbox, bin/kubectl

.PHONY: demo
demo: build sandbox ## Play an upgrade against the sandbox
	@hack/demo.sh

##@ Develop

.PHONY: test
test: verify lint-scripts lint-root unit-root test-picture sandbox lint-sandbox unit-sandbox krew-verify e2e ## Run verify, lint, unit, krew and e2e; needs nothing prebuilt

.PHONY: verify
verify: bin/tools/deepcopy-gen ## Check the rules of the house: tidy modules, headers, generated files
	@go run ./hack/verify

.PHONY: lint
lint: lint-scripts lint-root lint-sandbox ## Run shellcheck, and golangci-lint on every module

.PHONY: unit
unit: unit-root unit-sandbox ## Run the unit tests of every module

.PHONY: test-picture
test-picture: ## Look at the placement picture in headless Chromium, where there is one
	go test -v -count=1 -shuffle=on -timeout 20m ./test/picture/...

.PHONY: e2e
e2e: build sandbox ## Run the sandbox's own tests, then the suite against a real control plane
	cd sandbox && SANDBOX_BIN='$(CURDIR)/bin/sandbox' go test -count=1 -shuffle=on -timeout 20m -parallel 3 ./test/e2e/...
	E2E_BIN_DIR='$(CURDIR)/bin' go test -v -count=1 -shuffle=on -timeout 40m -p 2 -parallel 20 ./test/e2e/... ./test/faults/... ./test/bench/...

.PHONY: bench
bench: build sandbox ## Measure against kubectl on a real control plane, an hour or so; writes docs/benchmarks.md
	go test -run '^$$' -bench 'Snapshot|Plan|Judge' -benchmem ./test/bench/...
	@hack/heartbeat.sh 'Measuring' env E2E_BIN_DIR='$(CURDIR)/bin' BENCH_PAGE='$(CURDIR)/docs/benchmarks.md' \
		go test -run '^$$' -bench Table -benchtime 1x -timeout 180m ./test/bench/...

# dist-again.sh and the older version link the plugin of this machine twice more, from a warm cache.
.PHONY: krew-verify
krew-verify: dist bin/kubectl bin/tools/krew bin/tools/validate-krew-manifest ## Install, upgrade and remove the archives of dist with a real krew, offline
	@hack/dist-again.sh $(HOST) 'VERSION=$(VERSION)' 'GIT_COMMIT=$(GIT_COMMIT)' 'BUILD_DATE=$(BUILD_DATE)' 'COMMIT_TIME=$(COMMIT_TIME)'
	@$(MAKE) --no-print-directory dist DIST_DIR=bin/older VERSION=$(OLDER_VERSION) DIST_PLATFORMS=$(HOST)
	KREW_DIST_DIR='$(CURDIR)/$(DIST_DIR)' KREW_OLDER_DIR='$(CURDIR)/bin/older' KREW_BIN_DIR='$(CURDIR)/bin' KREW_PLATFORMS='$(DIST_PLATFORMS)' \
		go test -v -count=1 -shuffle=on -timeout 20m ./test/krew/...

.PHONY: generate
generate: bin/tools/deepcopy-gen ## Write the generated code and pages anew
	@hack/generate.sh

.PHONY: fmt
fmt: bin/tools/golangci-lint ## Format the code of every module
	@bin/tools/golangci-lint fmt
	@cd sandbox && ../bin/tools/golangci-lint fmt

.PHONY: clean
clean: ## Remove what was built here and what tests left behind; go's cache stays
	rm -rf bin dist
	find . -name '*.test' -type f -exec rm -f {} +

##@ Release

.PHONY: dist
dist: bin/tools/cyclonedx-gomod ## Build the archives of a release; VERSION=v1.2.3 or DIST_PLATFORMS=linux/amd64 may be given
	@LDFLAGS='$(LDFLAGS)' SOURCE_DATE_EPOCH='$(COMMIT_TIME)' hack/dist.sh '$(DIST_DIR)' '$(VERSION)' '$(BUILD_DATE)' $(DIST_PLATFORMS)

.PHONY: publish
publish: dist ## Put the archives on the release page of the tag (needs gh and a token)
	gh release create '$(VERSION)' dist/kubectl-vantiq_upgrade_* dist/checksums.txt \
		--verify-tag --generate-notes $(if $(findstring -,$(VERSION)),--prerelease)

DIST_DIR       = dist
DIST_PLATFORMS = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
HOST           = $(shell go env GOHOSTOS)/$(shell go env GOHOSTARCH)
# No version is older than this one.
OLDER_VERSION  = v0.0.0-0

# The plugin's version comes from git, with a default where there is no tag or no checkout.
VERSION     = $(shell git describe --tags --dirty --match 'v*' 2>/dev/null || echo v0.0.0-dev)
GIT_COMMIT  = $(shell git rev-parse --verify --quiet HEAD 2>/dev/null || :)
BUILD_DATE  = $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null || :)
# Seconds since 1970; without a checkout the oldest time that a zip file can hold.
COMMIT_TIME = $(shell git log -1 --format=%ct 2>/dev/null || echo 315532800)
VERSION_PKG = $(MODULE)/pkg/version
LDFLAGS     = -s -w \
	-X $(VERSION_PKG).gitVersion=$(VERSION) \
	-X $(VERSION_PKG).gitCommit=$(GIT_COMMIT) \
	-X $(VERSION_PKG).buildDate=$(BUILD_DATE)

SANDBOX_SOURCES := $(shell find sandbox -type f ! -name '*_test.go' ! -name '*.md' ! -path '*/testdata/*')

bin/sandbox bin/kubectl: bin/%: hack/build-sandbox.sh $(SANDBOX_SOURCES)
	@hack/build-sandbox.sh $* ./cmd/$*

bin/tools/golangci-lint: TOOL := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
bin/tools/deepcopy-gen: TOOL := k8s.io/code-generator/cmd/deepcopy-gen
bin/tools/golangci-lint bin/tools/deepcopy-gen: tools/go.mod
bin/tools/cyclonedx-gomod: TOOL := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
bin/tools/krew: TOOL := sigs.k8s.io/krew/cmd/krew
bin/tools/validate-krew-manifest: TOOL := sigs.k8s.io/krew/cmd/validate-krew-manifest
bin/tools/cyclonedx-gomod bin/tools/krew bin/tools/validate-krew-manifest: tools/release/go.mod
bin/tools/%:
	@hack/heartbeat.sh "Building $@" go build -C $(<D) -ldflags '-s -w' -o '$(CURDIR)/$@' $(TOOL)

.PHONY: lint-scripts
lint-scripts:
	@hack/shellcheck.sh

.PHONY: lint-root lint-sandbox unit-root unit-sandbox
lint-root: bin/tools/golangci-lint
	@hack/heartbeat.sh 'Linting the plugin' bin/tools/golangci-lint run ./...

# The linters want the dependencies compiled, which is all of Kubernetes: let the
# build of the sandbox do that first, it says what it is about.
lint-sandbox: bin/tools/golangci-lint sandbox
	@cd sandbox && ../hack/heartbeat.sh 'Linting the sandbox' ../bin/tools/golangci-lint run ./...

unit-root:
	@CGO_ENABLED=$(HOST_CGO) hack/unit.sh .

unit-sandbox:
	@CGO_ENABLED=$(HOST_CGO) hack/unit.sh sandbox
