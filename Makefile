# Everything a person or CI starts. `make` alone says what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := node_modules/.bin
NODE := $(BIN)/node

.PHONY: help demo test fuzz test-node test-stack trivy check build bench docs clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

# npm brings Node 24 itself (the action's own runtime), so any recent Node can start this.
$(NODE): package-lock.json
	@echo 'installing npm packages (once) …'
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

demo: $(NODE) ## a local cluster, a deploy by the bundle, then a broken one and its diagnosis
	@$(NODE) scripts/demo.ts

test: $(NODE) ## lint, types, unit, 20,000 hostile inputs, documents, workflows, bundle, and a real API server with simulated nodes
	@$(NODE) scripts/test.ts lint types unit slow fuzz docs workflows bundle kwok

test-node: $(NODE) ## on a real kubelet, containerd and registry (root, Debian)
	@$(NODE) scripts/test.ts node

test-stack: $(NODE) ## manifests/ and example/ for real: images, a real node, backup, restore, linters (root, Debian; long)
	@$(NODE) scripts/test.ts stack

fuzz: $(NODE) ## hostile inputs for five minutes, another seed each time; what fails is saved
	@npm run --silent fuzz -- --seconds 300

trivy: $(NODE) ## build the scanner that tests, demo and bench use where it is there (Go; 10 minutes, once)
	@$(NODE) e2e/support/tools/trivy.ts

check: $(NODE) ## lint, types and unit tests only: seconds
	@$(NODE) scripts/test.ts lint types unit docs

build: $(NODE) ## rebuild dist/
	@$(NODE) scripts/build.ts

bench: $(NODE) ## ratios against kubectl on a local cluster
	@npm run --silent bench

docs: $(NODE) ## regenerate the tables in the README
	@$(NODE) scripts/docs.ts

clean: ## remove what was built or installed here
	rm -rf node_modules build .tmp
