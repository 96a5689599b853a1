# The door to the house: what a person types. Everything else is Meson's.

BUILD ?= build
SAN ?= build-asan
# clang-19 takes half of the time of g++ 12, with sanitizers a third. It is the compiler of what is checked here and of the
# static tools; make demo, make tools and make headers use g++. CXX=g++ make ... for all of it.
ifeq ($(origin CXX),default)
CXX = $$(command -v ccache) $$(command -v clang++-19 || echo g++)
endif
# Where the memory is short each tool is several units instead of one.
UNITS = $$(packaging/unity.sh)
# The tests mostly wait for simulated boards: more of them than cores at once.
JOBS ?= 8

.PHONY: all demo check test asan asan-flash headers format format-check soak mutants fuzz bench pictures clean

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	packaging/setup.sh check
	CXX="$(CXX)" meson setup $(BUILD) -Dwerror=true -Doptimization=0 -Ddebug=false

# Both boards are built, flashed in one stop, verified and their printer brought back, and a drawing is drawn, with no
# hardware.
demo:
	packaging/setup.sh build
	test -e build-demo/build.ninja || meson setup build-demo $(UNITS) -Dtests=false -Doptimization=0 -Ddebug=false
	ninja -C build-demo tools/kflash tools/kplot tools/ksim
	build-demo/tools/kflash flash --all --yes --sim
	cp examples/sample.svg build-demo/
	build-demo/tools/kplot run build-demo/sample.svg --sim --sim-speed 20 --ink build-demo/sample.ink.png

# The tools as they are to be used, to install with meson install -C build-release --no-rebuild.
build-release/build.ninja:
	packaging/setup.sh build
	meson setup build-release $(UNITS) -Dtests=false -Doptimization=2 -Ddebug=false
.PHONY: tools
tools: build-release/build.ninja
	ninja -C build-release
# Every tool with the compiler of the system, as whoever installs from source has it.
.PHONY: native
native: demo
	ninja -C build-demo

# Each test once: the unit tests under ASan and UBSan, what tries the tools from outside on tools as they are.
check: clean-results format-check outside asan
	python3 .ci/summary.py $(BUILD) $(SAN)

.PHONY: clean-results outside
clean-results:
	rm -f $(BUILD)/meson-logs/testlog.json $(SAN)/meson-logs/testlog.json

TEST = meson test --print-errorlogs --num-processes $(JOBS)
test: all
	$(TEST) -C $(BUILD)
outside: $(BUILD)/build.ninja
	ninja -C $(BUILD) installed
	$(TEST) -C $(BUILD) --no-suite unit

# The unit tests of every area; the flash from outside besides with `make asan-flash`.
SAN_TEST = ASAN_OPTIONS=abort_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    $(TEST) -C $(SAN) --no-rebuild --timeout-multiplier 6
$(SAN)/build.ninja:
	packaging/setup.sh check
	CXX="$(CXX)" meson setup $(SAN) -Dwerror=true -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=0 -Ddebug=false
asan: $(SAN)/build.ninja
	ninja -C $(SAN) unit
	$(SAN_TEST) --suite unit
asan-flash: $(SAN)/build.ninja
	ninja -C $(SAN) tools/ksim tools/kflash
	$(SAN_TEST) 'kflash_flash 1 of 4' 'kflash_flash 2 of 4' 'kflash_flash 3 of 4' 'kflash_flash 4 of 4'

# Every header compiles alone, with g++ and with the clang-19/libc++ 19 of the static build.
headers:
	tests/house/headers.sh

format:
	git ls-files '*.hpp' '*.cpp' | xargs clang-format-19 -i
format-check:
	packaging/setup.sh check
	git ls-files '*.hpp' '*.cpp' | xargs clang-format-19 --dry-run --Werror

# Every effect of a flash fails or is cut off, one after the other; jobs and G-code of the largest promised size.
soak: all
	KF_JOG_KEYS=10000 $(BUILD)/tests/test_jog -t random_keys
	python3 -B tests/cli/fault_soak.py $(BUILD)/tools/kflash $(BUILD)/tools/ksim --all
	python3 -B tests/cli/fault_soak.py $(BUILD)/tools/kflash $(BUILD)/tools/ksim --batch --all
	python3 -B tests/cli/kplot_stream.py $(BUILD)/tools/kplot $(BUILD)/tools/ksim --all
	g++ -O2 -std=c++23 -ffp-contract=off -DFMT_HEADER_ONLY -DBOOST_TEST_DYN_LINK -Iinclude tests/main.cpp \
	    tests/drawing/order.cpp tests/drawing/merge.cpp tests/drawing/filters.cpp \
	    tests/drawing/every_filter.cpp -o $(BUILD)/soak_drawing -lboost_unit_test_framework
	python3 -B tests/cli/kcal_routines.py $(BUILD)/tools/kplot $(BUILD)/tools/ksim --all -k Killed
	python3 -B tests/cli/kcal_seeds.py $(BUILD)/tools/kplot $(BUILD)/tools/ksim --seeds 20
	KF_SOAK_STROKES=1000000 $(BUILD)/soak_drawing

# Each defect that must stay impossible is put back, in a copy: its test has to go red.
mutants: all
	python3 -B tests/mutants.py $(BUILD)

bench: all
	python3 -B tests/bench/flash.py $(BUILD)/tools/kflash $(BUILD)/tools/ksim $(if $(KATAPULT),--katapult $(KATAPULT))
	python3 -B tests/bench/batch.py $(BUILD)/tools/kflash $(BUILD)/tools/ksim
	g++ -O2 -std=c++23 -DFMT_HEADER_ONLY -Iinclude tests/bench/planner.cpp -o $(BUILD)/bench_planner
	$(BUILD)/bench_planner tests/planner/data
	g++ -O2 -std=c++23 -DFMT_HEADER_ONLY -Iinclude tests/bench/klippy_client.cpp -o $(BUILD)/bench_klippy -lboost_json -pthread
	python3 -B tests/bench/klippy.py $(BUILD)/bench_klippy $(BUILD)/tools/ksim
	$(MAKE) bench-drawings

# The emergency stop from a key to the wire; with RIG (tests/real/README.md) on Klipper, and held keys there.
.PHONY: bench-jog
bench-jog: all
	g++ -O2 -std=c++23 -DFMT_HEADER_ONLY -Iinclude -I$(BUILD)/include tests/bench/jog_console.cpp -o $(BUILD)/bench_jog \
	    -lboost_json -lyaml-cpp -lmd -lz -pthread
	python3 -B tests/bench/estop.py $(BUILD)/tools/ksim -- $(BUILD)/bench_jog '{socket}' '{folder}'
	python3 -B tests/bench/estop.py $(BUILD)/tools/ksim --pty --stroke ':G1 X200 F600\r' -- \
	    $(BUILD)/tools/kjog --sim --socket '{socket}'
	$(if $(RIG),/usr/bin/python3 -B tests/bench/estop.py --rig $(RIG) -- $(BUILD)/bench_jog '{socket}' '{folder}')
	$(if $(RIG),/usr/bin/python3 -B tests/real/accept_jog.py $(BUILD)/bench_jog $(RIG) --keys)
	$(if $(RIG),/usr/bin/python3 -B tests/real/accept_jog.py $(BUILD)/bench_jog $(RIG) --out $(BUILD)/jog.jsonl)

# kplot on large drawings, as users get it, against its bars and beside vpype and saxi where they are: their place by
# VPYPE=command and SAXI=node_modules.
SEEDS ?= 5
.PHONY: bench-drawings
bench-drawings: build-release/build.ninja
	ninja -C build-release tools/kplot
	g++ -O2 -std=c++23 -ffp-contract=off -DFMT_HEADER_ONLY -Iinclude tests/bench/order.cpp -o build-release/bench_order
	/usr/bin/python3 -B tests/bench/drawings.py build-release/drawings
	python3 -B tests/bench/drawings_table.py build-release/tools/kplot build-release/bench_order build-release/drawings \
	    --seeds $(SEEDS) $(if $(VPYPE),--vpype '$(VPYPE)') $(if $(SAXI),--saxi '$(SAXI)')

fuzz:
	tests/fuzz/run.sh

# What README.md shows, taken anew from the tools. Needs tmux.
pictures: demo
	python3 -B docs/pictures/make.py build-demo/tools

clean:
	rm -rf build build-release build-demo build-asan build-static-*

# What is released: docs/PACKAGING.md. Each of these works on what the one before left in dist/.
ARCHES = $(or $(patsubst dist/bin-%,%,$(wildcard dist/bin-*)),$(error There is nothing in dist/. Run: make static))
VERSION = $(shell packaging/version.sh)
.NOTPARALLEL:
.PHONY: static cross tarball deb apt-repo moonraker-zip flake html package-tests chroots package-check release

static:
	packaging/setup.sh static
	packaging/build-static.sh amd64
	packaging/selftest.sh amd64

cross:
	packaging/setup.sh static
	for arch in arm64 armhf; do packaging/build-static.sh $$arch && packaging/selftest.sh $$arch || exit 1; done

tarball:
	for arch in $(ARCHES); do packaging/tarball.sh $$arch || exit 1; done

deb:
	for arch in $(ARCHES); do packaging/deb.sh $$arch || exit 1; done
	lintian --fail-on error,warning dist/*_$(VERSION)_*.deb

# KEY is the releaser's own.
apt-repo:
	packaging/apt-repo.sh '$(or $(KEY),$(error make apt-repo KEY=you@example.org))'

# REPO is the releaser's own, on GitHub.
moonraker-zip:
	for arch in $(ARCHES); do packaging/moonraker-zip.sh $$arch $(or $(REPO),$(error make moonraker-zip REPO=owner/name)) || exit 1; done

flake:
	packaging/check-flake.sh

html:
	bash -ec '. packaging/env.sh; python3 packaging/manuals-html.py dist/html'

# The tarball and the package of this machine's processor, installed as a person would.
package-tests:
	packaging/test-install.sh dist/kf-$(VERSION)-linux-$$(dpkg --print-architecture).tar.xz
	packaging/test-apt-repo.sh
	packaging/test-dev.sh

# apt install kflash in clean systems of other releases and processors. A chroot needs root.
chroots:
	packaging/setup.sh chroots
	$(if $(filter 0,$(shell id -u)),,sudo --preserve-env=OUT,KF_CHROOT_CACHE,KF_DEBIAN_MIRROR) packaging/test-chroots.sh

# What CI does of all this: one processor, no root, no qemu.
package-check: static
	$(MAKE) ARCHES=amd64 tarball deb flake package-tests

# Everything there is, then the sums. The version stands in meson.build. KEY signs dist/apt, REPO is where Moonraker looks;
# without them these two are not made. What is released is a commit, and says of itself what changed: so CHANGELOG.md comes
# first, and what is not committed stops it.
release:
	rm -rf dist && mkdir dist
	packaging/changelog.sh > dist/CHANGES-$(VERSION).md
	@test -z "$$(git status --porcelain)" || { git status --short; echo "Commit this, then run make release again." >&2; exit 1; }
	$(MAKE) headers native
	$(MAKE) check
	$(MAKE) static
	$(MAKE) cross
	$(MAKE) tarball deb html flake
	$(if $(KEY),$(MAKE) apt-repo 'KEY=$(KEY)')
	$(if $(REPO),$(MAKE) moonraker-zip 'REPO=$(REPO)')
	$(MAKE) package-tests chroots
	cd dist && sha256sum *.tar.xz *.deb $(if $(REPO),*.zip) > SHA256SUMS
