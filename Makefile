# Every check, test, benchmark and demonstration of the project. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	--python-version 3.11 --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help env demo test chaos model fuzz checkov bench-idle bench-claims bench-robots bench-web bench-sitemaps bench-scans lint types boundaries format bench-rows docs dashboards capacity lock clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

env: $(VENV)/.installed ## make the environment in .venv

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: kind-up kind-down
kind-up: ## the whole demo in a cluster on this machine; needs Docker, kind, kubectl and Helm
	@k8s/kind/up

kind-down: ## remove that cluster and all that is in it
	kind delete cluster --name scrapersky

demo: env ## the whole pipeline on an embedded database and the loopback Internet
	$(BIN)/scrapersky demo

test: env ## all tests but the long ones
	$(BIN)/pytest -n 2 -m "not chaos and not image and not checkov"

CONTAINER_TESTS = $(patsubst %,tests/integration/test_%.py,queue_commits queue_order queue_promises queue_suspects queue_pooling migrations adoption database)
.PHONY: test-container-database
test-container-database: env ## what depends most on the server, on PostgreSQL's own image; needs Docker, Podman, or the CI machine's tools
	SCRAPERSKY_TEST_DATABASE=container $(BIN)/pytest -n 2 $(CONTAINER_TESTS)

CHAOS_KILLS ?= 1000
chaos: env ## kill workers, cut connections, restart the server; CHAOS_KILLS says how often
	CHAOS_KILLS=$(CHAOS_KILLS) $(BIN)/pytest -m chaos

GOOD_SITES ?= 200
hostile: env ## all hostile sites at once, while GOOD_SITES good ones are due; `make chaos` does it too
	GOOD_SITES=$(GOOD_SITES) $(BIN)/pytest -m chaos tests/e2e/test_hostile_sites.py

FUZZ_SECONDS ?= 60
fuzz: env ## let every reader of foreign bytes read mutants, FUZZ_SECONDS each; FUZZ_SEED repeats a run
	FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_SEED=$${FUZZ_SEED:-$$RANDOM} $(BIN)/pytest -n 2 -m fuzz --timeout 0

adoption: env ## adopt a database with a million pages while the old code goes on
	ADOPTION_PAGES=1000000 $(BIN)/pytest tests/integration/test_adoption_at_once.py -k old_code

MODEL_EXAMPLES ?= 1000
model: env ## the queue beside its model, in MODEL_EXAMPLES random histories of 40 steps
	MODEL_EXAMPLES=$(MODEL_EXAMPLES) $(BIN)/pytest --timeout 3600 tests/integration/test_queue_model.py

bench-idle: env ## what a run costs that finds nothing due, beside a bare script
	$(BIN)/python -m tests.benchmarks.idle_run

BENCH_HISTORY ?= 1000000
BENCH_DRAIN ?= 200000
bench-claims: env build/claim-peers/.installed ## rows a second beside pgqueuer, procrastinate and the bare statements; sizes: BENCH_HISTORY, BENCH_DRAIN
	$(BIN)/python -m tests.benchmarks.claims
	BENCH_HISTORY=$(BENCH_HISTORY) BENCH_DRAIN=$(BENCH_DRAIN) $(BIN)/python -m tests.benchmarks.claims_over_time

build/claim-peers/.installed: requirements/bench-claims.txt
	$(PYTHON) -m venv build/claim-peers
	build/claim-peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench-web: bench-robots bench-sitemaps bench-scans ## everything about the web, beside its peers

bench-robots: env build/protego/.installed ## robots.txt decisions, beside protego
	$(BIN)/python -m tests.benchmarks.web_robots

build/protego/.installed: requirements/bench-robots.txt
	$(PYTHON) -m venv build/protego
	build/protego/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

BENCH_PAGES ?= 10000000
bench-sitemaps: env build/sitemap-peers/.installed ## parsing and importing sitemaps; BENCH_PAGES fill the large table
	$(BIN)/python -m tests.benchmarks.sitemap_parsing
	BENCH_PAGES=$(BENCH_PAGES) $(BIN)/python -m tests.benchmarks.sitemap_import

build/sitemap-peers/.installed: requirements/bench-sitemaps.txt
	$(PYTHON) -m venv build/sitemap-peers
	build/sitemap-peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

build/scrapy/.installed: requirements/bench-scans.txt
	$(PYTHON) -m venv build/scrapy
	build/scrapy/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench-scans: env build/scrapy/.installed ## domain scans of 1,000 sites, beside Scrapy doing the same
	$(BIN)/python -m tests.benchmarks.domain_scans

lint: env ## ruff: style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env ## mypy --strict
	$(BIN)/mypy

boundaries: env ## the library imports no service, and no service another
	$(BIN)/lint-imports

checkov: env build/checkov/.installed ## checkov over all that the chart renders to, and over the Dockerfile
	$(BIN)/pytest -m checkov

build/checkov/.installed: requirements/checkov.txt
	$(PYTHON) -m venv build/checkov
	build/checkov/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

format: env ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: env ## make docs/{cli,configuration,metrics}.md and the chart's README from the code
	$(BIN)/python -m tests.support.generate_docs
	$(BIN)/python -m tests.support.generate_chart

dashboards: env ## draw docs/images/*.svg from what real runs pushed
	$(BIN)/python -m tests.support.picture

bench-rows: env ## what a row costs: CPU of a pod, disk of the database
	$(BIN)/python -m tests.benchmarks.row_costs

capacity: env ## print the table of docs/capacity.md
	$(BIN)/python -m tests.benchmarks.capacity

lock: env ## pin the dependencies anew, with hashes (needs `pip install uv` in .venv)
	$(UV_COMPILE) pyproject.toml -o requirements/runtime.txt
	$(UV_COMPILE) -c requirements/runtime.txt --group dev --all-extras pyproject.toml -o requirements/dev.txt
	$(UV_COMPILE) --group bench-robots -o requirements/bench-robots.txt
	$(UV_COMPILE) -c requirements/runtime.txt --group bench-claims -o requirements/bench-claims.txt
	$(UV_COMPILE) -c requirements/runtime.txt --group bench-sitemaps -o requirements/bench-sitemaps.txt
	$(UV_COMPILE) -c requirements/dev.txt --group bench-scans pyproject.toml -o requirements/bench-scans.txt
	echo hatchling | $(UV_COMPILE) -c requirements/dev.txt - -o requirements/build.txt
	echo cyclonedx-bom | $(UV_COMPILE) - -o requirements/sbom.txt
	echo checkov | $(UV_COMPILE) - -o requirements/checkov.txt
	echo trustme | $(UV_COMPILE) -c requirements/dev.txt - -o requirements/internet.txt

.PHONY: test-image image image-internet image-size sbom
test-image: env ## build the image and run every service from it; needs Docker, Podman, or the CI machine's tools
	$(BIN)/pytest -m image

ENGINE ?= docker
IMAGE ?= scrapersky:dev
IMAGE_BUILD ?= $(ENGINE) build
IMAGE_ARGS = --build-arg VERSION=$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml) \
	--build-arg REVISION=$$(git rev-parse HEAD) --build-arg SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct)

image: ## build the container image; ENGINE says with what, by default docker
	$(IMAGE_BUILD) $(IMAGE_ARGS) -t $(IMAGE) .

image-internet: ## build the image of the demo's small Internet, for a cluster of one's own
	$(IMAGE_BUILD) --target internet -t scrapersky-internet:dev .

image-size: ## what the image is made of
	@$(ENGINE) run --rm -i --entrypoint python $(IMAGE) - <image/contents.py

SBOM ?= build/sbom.cdx.json
sbom: build/sbom-tool/.installed ## what the image holds, as CycloneDX in build/sbom.cdx.json
	rm -rf build/sbom && $(PYTHON) -m venv --without-pip build/sbom
	container=$$($(ENGINE) create $(IMAGE)) && $(ENGINE) cp "$$container:/venv/lib" build/sbom/image; \
		$(ENGINE) rm "$$container" >/dev/null
	cp -a build/sbom/image/python3*/site-packages build/sbom/lib/python3*/
	build/sbom-tool/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml -o $(SBOM) build/sbom

build/sbom-tool/.installed: requirements/sbom.txt
	$(PYTHON) -m venv build/sbom-tool
	build/sbom-tool/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/sbom.txt
	@touch $@

clean: ## remove the environment and everything built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
