# Everything that a person or CI runs. Each target installs what it needs.
# The newest that is there: from 3.12 on PyAV can change the rate of an open x264, which is worth a keyframe each time.
PYTHON ?= $(shell for each in python3.13 python3.12 python3; do \
  $$each -c "import ensurepip, venv" >/dev/null 2>&1 && echo $$each && break; done || echo python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
NODE_STAMP := web_client/node_modules/.installed
# Those that hold on a machine which others use as well, so that two run at a time.
SHARED_BROWSER_TESTS := tests/browser/faults tests/browser/loss tests/browser/pages

# Every target that says what it is for.
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

play: $(STAMP)                ## Start Farplay on this machine and print the link
	@$(BIN)/farplay up

test: check                   ## Everything that gates a change, real browsers included
	node --test tests/js
	$(BIN)/python scripts/find_chromium.py
	$(BIN)/python scripts/find_firefox.py
	$(BIN)/python scripts/find_nat_tools.py
	$(BIN)/python scripts/find_title_programs.py
	$(BIN)/python -m pytest -q -n 4 --dist worksteal --durations=10 tests/unit tests/process tests/media tests/network
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --durations=10 $(SHARED_BROWSER_TESTS)
	$(BIN)/python -m pytest -q --durations=10 $(SHARED_BROWSER_TESTS:%=--ignore %) tests/browser

check: $(STAMP) $(NODE_STAMP) ## Style, types, import rules, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd web_client && npx --no-install tsc -p .

unit: $(STAMP)                ## The fast tests only
	$(BIN)/python -m pytest -q tests/unit

test-walls: $(STAMP)          ## The attack suite with walls switched off: which attacks each wall holds; needs root
	$(BIN)/python -m tests.support.attacks.without_walls

test-k8s: $(STAMP)            ## Pools in a real cluster: KUBECONFIG=FILE names its administrator
	@test -n "$$KUBECONFIG" || { echo "Name a cluster: KUBECONFIG=FILE make test-k8s"; exit 1; }
	$(BIN)/python -m pytest -q --durations=5 tests/kubernetes

soak: $(STAMP)                ## What takes minutes: a minute without a broker, a minute of killed brokers
	TEST_BROKERLESS_S=60 $(BIN)/python -m pytest -q tests/browser/faults/test_failures.py -k broker
	CHAOS_S=60 $(BIN)/python -m pytest -q -s tests/process/test_chaos.py

fuzz: $(STAMP)                ## Property tests with new examples; a failing one is printed with its blob
	TEST_PROPERTIES=fuzz $(BIN)/python -m pytest -q -n 2 tests/unit

pictures: $(STAMP)            ## Take the pictures of README and docs anew
	$(BIN)/python scripts/find_chinese_font.py
	TEST_PICTURES_PLAYED_S=45 $(BIN)/python -m pytest -q tests/browser/pages/test_pictures.py
	mkdir -p docs/images
	cp test-results/pictures/* docs/images/

bench: $(STAMP)               ## Latency, quality and CPU, beside baselines in the same run
	$(BIN)/python -m tests.bench.run

bench-peers: $(STAMP)         ## The same beside Selkies, installed apart from PyPI; needs network, and Xvfb or root
	$(BIN)/python -m tests.bench.peers

bench-bus: $(STAMP)           ## How long messages take between two brokers on one PostgreSQL
	$(BIN)/python -m tests.bench.bus

bench-broker: $(STAMP)        ## Placement over up to 10,000 nodes, and session starts per second at three brokers
	$(BIN)/python -m tests.bench.broker

sim: $(STAMP)                 ## A day of a million players on simulated machines: waiting, load, cost; four minutes or so
	$(BIN)/python -m tests.bench.sim

bench-net: $(STAMP)           ## The same stream over bad networks between two namespaces; needs root
	$(BIN)/python -m tests.bench.net

bench-density: $(STAMP)       ## How many streams this machine holds, titles drawing, nobody decoding here
	$(BIN)/python -m tests.bench.density

bench-quality: $(STAMP)       ## The picture against its encoder offline at 8 and 4 Mbit/s, and the game's clock under inputs
	$(BIN)/python -m tests.bench.quality

bench-sound: $(STAMP)         ## How late sound is heard in a real Chromium, and whether it breaks off
	$(BIN)/python -m tests.bench.sound

check-titles: $(STAMP)        ## Check the titles that ship with Farplay; some five minutes
	@for title in games/*/title.toml; do \
	  $(BIN)/farplay title check $$(dirname $$title) --screenshots test-results/titles || exit 1; done

picture-dashboard: $(STAMP)   ## A fleet of fake nodes and players for five minutes, as the Grafana dashboard shows it
	$(BIN)/python -m tests.bench.dashboard

playthrough: $(STAMP)         ## An automatic player plays each game for two minutes
	$(BIN)/python -m tests.bench.playthrough

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Farplay needs Python 3.11 or newer; try: make PYTHON=python3.13")'
	@echo "Setting up Python packages in $(VENV); about a minute, the first time only"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@# setuptools warns of folders beside an editable package, in ten lines
	@PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(NODE_STAMP): web_client/package-lock.json
	cd web_client && npm ci --silent --no-audit --no-fund
	@touch $@

lock: $(STAMP)                ## Resolve the dependencies anew, for every Python that we support
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-emit-index-url --no-emit-find-links --no-header --group dev pyproject.toml -o requirements.lock

wheel: $(STAMP)               ## Build what people install into build/wheel
	rm -rf build/wheel
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir build/wheel .

images: wheel                 ## Build the container images of broker and node, with podman, docker or buildah
	deploy/images/build.sh

clean:                        ## Remove what the targets made
	rm -rf $(VENV) web_client/node_modules build dist *.egg-info bench-results test-results
