# Everything from a fresh clone: `make demo` and `make test`. Needs terraform, python3 (3.11 or newer) and make.

PYTHON ?= python3
VENV   := .venv
SCAN   := .venv-scan

# Each of these groups has a local AWS of its own and mostly waits, so they run beside each other.
RECOVERY := tests/e2e/test_recovery.py tests/e2e/test_rolling_out.py
ADOPTION := tests/e2e/test_adoption.py tests/e2e/test_renaming.py
KEY      := tests/e2e/test_adding_a_key.py
RUN    := $(VENV)/bin/python

# Terraform and its provider collect garbage less often, which takes a fifth to a third off their processor time, for
# 100 MB each.
export GOGC ?= 400

# Whether a switch is on: KEEP=no means no.
on = $(filter-out 0 n no off false,$(1))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help demo test check sandbox package package-check lint unit terraform-test simulation soak mutants mutation \
        bench pictures e2e recovery key local-aws adoption scan docs verify clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/demo.installed ## Deploy to the local AWS, let users work, compare with the promises (KEEP=1: leave it running)
	@$(RUN) -m demo $(if $(call on,$(KEEP)),--keep)

test: ## All tests (CI also runs make scan)
	@$(MAKE) --no-print-directory $(VENV)/test.installed
	@$(MAKE) --no-print-directory --jobs=5 --output-sync=target \
	        simulation e2e recovery adoption key local-aws unit terraform-test lint package-check

check: lint package-check $(VENV)/test.installed ## The fast part of the tests, for the inner loop
	$(RUN) -m pytest --quiet --numprocesses=2 tests/unit

sandbox: $(VENV)/demo.installed ## Start the local AWS (PORT=5000; QUICK=1: a minute lasts a second)
	@$(RUN) -m sandbox $(if $(PORT),--port=$(PORT)) $(if $(call on,$(QUICK)),--quick)

package: ## Build the function's package from lambda_src
	@$(PYTHON) package/build.py

lint: $(VENV)/test.installed ## Style and types
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy lambda_src/nonpersistent
	$(RUN) -m mypy sandbox simulation demo tests package benchmarks scripts/fleetlib scripts/module_docs
	scripts/terraform fmt -check -recursive -diff

package-check:
	$(PYTHON) package/build.py --check

unit: $(VENV)/test.installed ## The function, the package and the repository, with the function's coverage
	$(RUN) -m pytest --quiet --numprocesses=2 tests/unit tests/repo --cov --cov-report=term --cov-fail-under=100
	$(RUN) -m pytest --quiet --numprocesses=2 tests/scripts

terraform-test: ## Validate the module and the examples, run their Terraform tests
	scripts/terraform-test

simulation: $(VENV)/test.installed ## Hundreds of days of trouble, and every order of events in a small world
	$(RUN) -m pytest --quiet --numprocesses=2 tests/simulation tests/cases tests/benchmarks

soak: $(VENV)/test.installed ## As many random worlds as wanted (SEEDS=10000), a calm quarter of a year
	$(RUN) -m simulation --seeds $(or $(SEEDS),10000)
	$(RUN) -m simulation.exhaustive --mishaps 2
	$(RUN) -m simulation.quarter

mutants: $(VENV)/test.installed ## Put known bugs into the function and see who catches them
	$(RUN) -m simulation.mutants

mutation: $(VENV)/mutation.installed ## Change the function in every small way and see what no unit test notices (slow)
	nice $(RUN) -m tests.mutation

bench: $(VENV)/bench.installed ## Compare the module with the naive recipe in the same worlds; writes docs/benchmarks.md
	$(RUN) -m benchmarks; limits=$$?; $(RUN) scripts/docs && exit $$limits

pictures: $(VENV)/bench.installed ## Draw docs/demo.svg from a run of the demo, docs/dashboard.svg from a simulated week
	$(RUN) -m demo --svg docs/demo.svg
	$(RUN) -m benchmarks.dashboard

e2e: $(VENV)/test.installed ## Apply the module to the local AWS and let users work
	$(RUN) -m pytest --quiet tests/e2e $(patsubst %,--ignore=%,$(RECOVERY) $(ADOPTION) $(KEY))

recovery: $(VENV)/test.installed ## Break parts of the deployed module and see it recover; roll an image out
	$(RUN) -m pytest --quiet $(RECOVERY)

key: $(VENV)/test.installed ## Add a key to a deployed fleet: its rights and its rebuilds meanwhile
	$(RUN) -m pytest --quiet $(KEY)

local-aws: $(VENV)/test.installed ## The local AWS itself, and the policies as Terraform plans them
	$(RUN) -m pytest --quiet tests/sandbox tests/policies

adoption: $(VENV)/test.installed ## Adopt the module as a stranger would; give a fleet another name
	$(RUN) -m pytest --quiet $(ADOPTION)

scan: $(VENV)/demo.installed $(SCAN)/installed ## Scan module, examples, policies and workflows for what is unsafe
	@scripts/scan $(RUN) $(SCAN)/bin

docs: $(VENV)/test.installed ## Write the README's tables: inputs, outputs, what a month costs
	$(RUN) scripts/docs

verify: $(VENV)/scripts.installed ## Read your AWS account against the assumptions, change nothing (NAME=, REGION=)
	@$(RUN) scripts/fleet verify $(if $(NAME),--name $(NAME)) $(if $(REGION),--region $(REGION))

clean: ## Remove what was installed or made
	rm -rf $(VENV) $(SCAN) .mutation .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
	find . -name .terraform -type d -prune -exec rm -rf {} +
	find . -name .terraform.lock.hcl -delete

define is_python_new_enough
@command -v $(PYTHON) >/dev/null || { echo '$(PYTHON) is not on PATH; version 3.11 or newer is needed' >&2; exit 1; }
@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.exit(sys.version_info < (3, 11) and "python3 " + v + " is too old; version 3.11 or newer is needed")'
endef

# For those who run a fleet: no Terraform, no local AWS.
$(VENV)/scripts.installed: scripts/requirements.txt
	$(is_python_new_enough)
	@echo "Installing boto3 into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/demo.installed: demo/requirements.txt sandbox/requirements.txt
	$(is_python_new_enough)
	@scripts/terraform version >/dev/null
	@echo "Installing what the local AWS needs into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/test.installed: tests/requirements.txt $(VENV)/demo.installed
	@echo "Installing what the tests need into $(VENV) ..."
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/bench.installed: benchmarks/requirements.txt $(VENV)/test.installed
	@echo "Installing what draws the benchmarks into $(VENV) ..."
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/mutation.installed: tests/mutation/requirements.txt $(VENV)/test.installed
	@echo "Installing mutmut into $(VENV) ..."
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(SCAN)/installed: tests/scan-requirements.txt
	@echo "Installing the scanners into $(SCAN) ..."
	@$(PYTHON) -m venv $(SCAN)
	@$(SCAN)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@
