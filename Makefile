# make run    the kiosk's bench and the central server beside it: simulated reader, door and cards, no hardware needed
# make test   the tests          make check   format, lint, types and tests
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
SOURCE := kiosk hardware sync tests

# The tests and measurements start hundreds of processes, and each would compile anew what it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test compiled check format lint types bench powercut ext4 kills idle simulate anything clocks hours-reference soak quiet screens pages network release deb vm container arm64 lock clean help

run: $(READY)
	$(BIN)/kiosk demo $(ARGS)

test: $(READY)
	.ci/need systemd-analyze:systemd chromium:chromium Xvfb:xvfb xdotool:xdotool cc:gcc "ls /usr/include/stdio.h":libc6-dev "ls /usr/lib/postgresql/*/bin/initdb":postgresql
	$(BIN)/pytest -n 4 --dist worksteal $(ARGS)

# The tests as pytest compiles them, once: in a fresh clone each of its processes would do it for itself.
compiled: $(READY)
	$(BIN)/pytest --collect-only -qq >/dev/null

check: lint types test

lint: $(READY)
	$(BIN)/ruff format --check $(SOURCE)
	$(BIN)/ruff check $(SOURCE)
	.ci/need shellcheck:shellcheck
	shellcheck systemd/install systemd/boot systemd/compositor systemd/pace systemd/package

types: $(READY)
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format $(SOURCE)
	$(BIN)/ruff check --fix $(SOURCE)

# Measurements, printed as tables: they judge nothing and are not part of the tests.
bench: $(READY)
	$(BIN)/python -m tests.bench tap $(ARGS)
	$(BIN)/python -m tests.bench network $(ARGS)
	$(BIN)/python -m tests.bench drain
	$(BIN)/python -m tests.bench poison
	$(BIN)/python -m tests.bench rush
	$(BIN)/python -m tests.bench gaps
	$(BIN)/python -m tests.bench ingest
	$(BIN)/python -m tests.bench guesses
	$(BIN)/python -m tests.bench waiting
	$(BIN)/python -m tests.bench hostile
	$(BIN)/python -m tests.bench screen

# Power cuts at every point of a tap, a sale, a page of the server's feed, a snapshot and an upgrade; takes a while.
powercut: $(READY)
	.ci/need cc:gcc "ls /usr/include/stdio.h":libc6-dev
	$(BIN)/python -m tests.crash_states.power_cut $(ARGS)
	$(BIN)/python -m tests.crash_states.damage

# A new ledger on a real ext4 in a loop device, cut at 0.5 to 50 s, with controls that must fail; as root, three minutes.
ext4: $(READY)
	.ci/need mkfs.ext4:e2fsprogs
	$(BIN)/python -m tests.crash_states.ext4 $(ARGS)

# `kill -9` under load: what was answered is there, nobody pays twice, and how soon the kiosk is back.
KILLS ?= 500
kills: $(READY)
	$(BIN)/python -m tests.crash_states.kills $(KILLS)

idle: $(READY)
	$(BIN)/python -m tests.bench idle $(ARGS)

# Lives of a network with everything going wrong; prints what broke, and how to live that life again.
SEEDS    ?= 100
JOBS     ?= $(shell nproc)
DATABASE ?= sqlite
simulate: $(READY)
	$(BIN)/python -m tests.simulator --seeds $(SEEDS) --jobs $(JOBS) --database $(DATABASE) $(ARGS)

# A kiosk sends anything, and every page and every screen is opened; on both databases.
ANYTHING ?= 50
anything: $(READY)
	ANYTHING=$(ANYTHING) $(BIN)/pytest -q tests/whole/network/test_anything.py

# Every screen in every size and language, in docs/screens, and a host's day, played on a real window, in docs/day; the
# README shows some. ARGS="--full FOLDER": the screens only, in full size.
screens: $(READY)
	$(BIN)/python -m tests.pictures.gallery $(or $(ARGS),docs/screens)
	$(if $(ARGS),,.ci/need Xvfb:xvfb xdotool:xdotool)
	$(if $(ARGS),,$(BIN)/python -m tests.pictures.staff_day docs/day)

# Lives of a machine that loses power, network and clock: no door may open outside hours for it, nobody be charged twice.
HISTORIES ?= 100000
CHARGES   ?= 2000
clocks: $(READY)
	$(BIN)/python -m tests.clocks --histories $(HISTORIES) --charges $(CHARGES) $(ARGS)

hours-reference:
	.ci/need node:nodejs npm:npm
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && cp tests/hours/reference/answers.cjs "$$folder" && \
	npm install --silent --no-audit --no-fund --prefix "$$folder" opening_hours@3.15.0 && \
	for corpus in corpus:answers regions:answers-regions; do \
	    TZ=UTC node "$$folder/answers.cjs" tests/hours/reference/$${corpus%:*}.txt \
	        tests/hours/reference/$${corpus#*:}.jsonl; \
	done

# A month of one kiosk: 50,000 taps, power cuts, a server that goes away, and twice a page of the ledger's file zeroed,
# which the next start mends; memory, descriptors, disk for each day, bytes written per tap, the greatest WAL.
# For sizes: make soak ARGS="--taps 100000"
soak: $(READY)
	$(BIN)/python -m tests.soak $(ARGS)

# A paired kiosk at which nobody taps: its watchdog must be fed all the while. For less: make quiet MINUTES=2
MINUTES ?= 20
quiet: $(READY)
	$(BIN)/python -m tests.soak.quiet --minutes $(MINUTES)

# The pictures in docs/pages.
pages: $(READY)
	.ci/need chromium:chromium
	$(BIN)/python -m tests.pictures.pages docs/pages

# What is handed out, in build/: a release to unpack and install without an index of packages, and Debian packages.
# For the other kind of machine: make deb ARCHITECTURE=arm64
ARCHITECTURE ?= $(shell dpkg --print-architecture)
VERSION      := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' pyproject.toml)
release: $(READY)
	PYTHON=$(BIN)/python systemd/package release $(ARCHITECTURE)

deb: $(READY)
	.ci/need dpkg-deb:dpkg lintian:lintian
	PYTHON=$(BIN)/python systemd/package deb $(ARCHITECTURE)
	lintian --fail-on error build/*_$(VERSION)_$(ARCHITECTURE).deb

# A whole Debian 12 and 13 in a virtual machine, the kiosk installed in it and its power cut: some two hours each, some
# 6 GB; pictures of its screen in docs/machine. What held for the same release is not done again: after a failure the
# same command goes on. Some stages on one of them: make vm DEBIAN=13 ARGS="cuts idle"
DEBIAN  ?= 12 13
RELEASE := build/kiosk-$(VERSION)-amd64.tar.gz
vm: $(READY) $(RELEASE)
	.ci/need mmdebstrap:mmdebstrap qemu-system-x86_64:qemu-system-x86 mke2fs:e2fsprogs
	for release in $(DEBIAN); do $(BIN)/python -m tests.machine --debian $$release --release $(RELEASE) \
	    --pictures docs/machine $(ARGS) || exit 1; done

$(RELEASE): $(READY) $(shell git ls-files kiosk hardware sync systemd pyproject.toml 'requirements-*.txt')
	$(MAKE) release ARCHITECTURE=amd64

# Release, packages, units and secrets in a container with systemd as its first process: a quarter of an hour, as root.
container: $(READY)
	.ci/need mmdebstrap:mmdebstrap systemd-nspawn:systemd-container
	$(MAKE) release deb ARCHITECTURE=amd64
	$(BIN)/python -m tests.machine.container --release build/kiosk-$(VERSION)-amd64.tar.gz --deb build/kiosk_$(VERSION)_amd64.deb $(ARGS)

# The package and the core of the tests on an arm64 Debian, each program emulated: as root.
arm64: $(READY)
	.ci/need mmdebstrap:mmdebstrap qemu-aarch64-static:qemu-user-static
	$(MAKE) deb ARCHITECTURE=arm64
	$(BIN)/python -m tests.machine.arm64 build/kiosk_$(VERSION)_arm64.deb $(ARGS)

# Two kiosks and the server as processes, the cables pulled and put in again; prints what happens, pictures in docs/pages.
network: $(READY)
	.ci/need chromium:chromium
	$(BIN)/python -m tests.office.network.two_doors docs/pages

# The environment: versions and hashes from requirements-dev.txt, then this folder itself, in place. One that another
# Python made is made anew.
$(READY): requirements-dev.txt pyproject.toml .ci/need
	.ci/need "$(PYTHON):python3"
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15) and "Python 3.11 to 3.14 is needed, $(PYTHON) is %d.%d.%d: make run PYTHON=python3.13" % sys.version_info[:3])'
	.ci/need "$(PYTHON) -c 'import ensurepip'":python3-venv
	test "$$($(BIN)/python -V 2>&1)" = "$$($(PYTHON) -V 2>&1)" || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	touch $@

# Rewrites the locked versions (needs uv): everything, what a kiosk runs, what a server runs.
LOCK := uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header --no-annotate pyproject.toml
lock:
	$(LOCK) --upgrade --extra dev -o requirements-dev.txt
	$(LOCK) --constraints requirements-dev.txt --extra door -o requirements-door.txt
	$(LOCK) --constraints requirements-dev.txt --extra central -o requirements-central.txt

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
