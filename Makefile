# Makefile - the commands that people type. Meson and Ninja do the work; tools/ has the scripts.
#
#   make run      starts a relay and shows a conversation between two people     make test     everything, N passed, N failed
#   make build    build/sotto, build/sottod (and sottod-mail), build/sotto-bench, build/libsotto.so   make install  PREFIX=/usr/local DESTDIR=
#   make bench    all benches (BENCH="crypto --json" for one)                     make lint     what make test checks first
#   make test-long   what takes tens of minutes: long walks, ours against another implementation of MLS; the server
#                    killed 200 times, attacked with 15,000 devices there, through a day of 10 million messages
#   make vectors DIR=PATH   every test vector file below a folder                 make fuzz     SECONDS_EACH=60 each target
#   make setup, make setup-test, make setup-long   only install what is missing   make clean

PREFIX ?= /usr/local
DESTDIR ?=
BENCH ?=
SECONDS_EACH ?= 60

.PHONY: all setup setup-test setup-long build run test test-long vectors bench fuzz lint install clean
all: build

setup:
	@tools/setup -q build

setup-test:
	@tools/setup -q test

setup-long:
	@tools/setup -q long

build: setup
	@tools/configure release -Dprefix=$(PREFIX)
	@ninja -C build --quiet

run: build
	@tools/run

test: setup-test
	@tools/test

test-long: setup-long
	@tools/test long

vectors: setup-test
	@test -n "$(DIR)" || { echo 'make: which folder? make vectors DIR=PATH' >&2; exit 2; }
	@tools/configure check
	@ninja -C build-check --quiet tests/sotto-vectors
	@build-check/tests/sotto-vectors "$(DIR)"

bench: build
	@if [ -n "$(BENCH)" ]; then build/sotto-bench $(BENCH); else build/sotto-bench all; fi

fuzz: setup-test
	@tools/fuzz $(SECONDS_EACH)

lint: setup-test
	@tools/configure check
	@ninja -C build-check --quiet
	@tools/lint

# The programs that were built, and where the system has no OpenSSL 3.5, the libraries from the private prefix.
install:
	@test -f build/sotto || { echo 'make: nothing built yet; first: make build' >&2; exit 1; }
	@meson configure build -Dprefix=$(PREFIX) >/dev/null
	@DESTDIR=$(DESTDIR) meson install -C build --quiet
	@tools/install-private build "$(DESTDIR)"

clean:
	rm -rf build build-*
