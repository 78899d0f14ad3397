# pegbox: `make demo` sets everything up and runs the main job; `make test` sets everything up and runs every test.
SHELL := bash
PREFIX ?= /usr/local
BUILD := build/release
JOBS ?= $(shell nproc)
export CLICOLOR_FORCE =
export CMAKE_COLOR_DIAGNOSTICS = OFF

.PHONY: help setup build demo test search test-peers test-system bench asan tsan check format install clean

help:
	@echo 'make demo         set up, build, and tune a small language model on text of this machine'
	@echo 'make test         set up, build, and run every test that needs no Python peer'
	@echo 'make build        build/bin/pegbox, build/bin/pegbox-trainer, build/venv'
	@echo 'make test-peers   the tests against PyTorch, transformers, PEFT and Optuna (installs them: 5 GB)'
	@echo 'make test-system  the tests with SIGKILL, full disks and other faults (installs PostgreSQL)'
	@echo 'make bench        the comparisons under bench/, one after another; results in bench/results'
	@echo 'make install PREFIX=/usr/local   the programs, with libtorch beside them'
	@echo 'make search       the search half alone, built and tested without torch and Rust'
	@echo 'make asan, tsan   the rooms without torch, tested under sanitizers; make format: format the sources'

setup:
	@tools/setup.sh

build: setup
	@tools/configure.sh release
	@cmake --build $(BUILD) -j $(JOBS)

demo: build
	@build/bin/pegbox demo

check: setup
	@python3 tools/check_layers.py
	@python3 tools/check_coroutines.py
	@tools/check_format.sh

# Suites named Quality ask how good an answer is, over many studies; they walk the same paths as the others.
asan tsan: setup
	@tools/configure.sh $@
	@cmake --build build/$@ -j $(JOBS)
	@ctest --test-dir build/$@ --output-on-failure -j $(JOBS) --no-tests=error --repeat until-pass:3 --exclude-regex Quality

search: setup
	@tools/configure.sh search
	@cmake --build build/search -j $(JOBS)
	@ctest --test-dir build/search --output-on-failure -j $(JOBS) --no-tests=error

# The rooms without torch are tested under sanitizers as well. Some tests wait for processes and leases; on a crowded
# machine one may need another go.
test: check asan build
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS) --no-tests=error --repeat until-pass:3

test-peers: build
	@tools/setup_peers.sh
	@PYTHONPATH=$(CURDIR)/$(BUILD)/python build/venv-peers/bin/python -m pytest -q tests/peers

test-system: build
	@tools/setup_system.sh
	@build/venv/bin/python tests/system/run.py

bench: build
	@tools/setup_peers.sh
	@export PYTHONPATH=$(CURDIR)/$(BUILD)/python; for program in bench/*.py; do echo "== $$program"; build/venv-peers/bin/python $$program || exit 1; done

install: build
	@tools/install.sh '$(PREFIX)'

format: setup
	@git ls-files '*.h' '*.cc' | xargs build/venv/bin/clang-format -i

clean:
	rm -rf build/release build/search build/debug build/asan build/tsan build/bin
