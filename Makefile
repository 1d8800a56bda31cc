# SPDX-License-Identifier: BSD-3-Clause
#
# The front door. Everything is made by the toolchain root in the cache (vsoc/setup), so this machine needs little more than make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

KERNELS := debian lts
# Those beyond: what make test needs, and all of them. qcom and debug are built from source.
TEST_KERNELS := debug
MORE_KERNELS := 16k rt qcom debug
# Which kernel make demo and make shell boot.
KERNEL ?= debian
JOBS ?= $(shell nproc)
# Two CPUs of a virtual SoC are seldom both at work.
TEST_JOBS ?= $(shell echo $$((2 * $(JOBS))))
MINUTES ?= 10

in := vsoc/in
ninja := $(in) ninja -j $(JOBS)
ctest := $(in) ctest --test-dir build/host --output-on-failure --progress -j $(TEST_JOBS)
# Name, Kbuild file and sources of the driver's modules, for vsoc/kbuild.
driver_modules := qtee Kbuild kmod shmbridge zerocopy tracepoints samples tests/kernel include
kernel_files := find kmod shmbridge zerocopy tracepoints samples include tests/kernel vsoc/tests/kmod -name '*.[ch]'
cxx_files := find vsoc lib demo samples bpf tune tests bench dashboards include kmod -name '*.cpp' -o -name '*.hpp'

.PHONY: help demo test test-kernels soak bench bench-record bench-machine dashboard shell all machine vsoc firmware modules setup update check format clean

help: ## this list
	@printf 'QTEE driver and virtual SoC. The first make of any kind sets up what it needs (some minutes, once).\n\n'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 21
	@printf '\nKERNEL=debian|lts|16k|rt|qcom|debug chooses the kernel of demo and shell, of which all but the first two\nare made by vsoc/setup kernel-NAME first; JOBS=n how much is built at once, TEST_JOBS=n how many processors tests may take;\nCTEST_ARGS="-R name" which tests; MINUTES=n how long a soak is; NOTE="text" names a run of bench, SETTINGS="qtee.NAME=VALUE" is for it.\n'

demo: machine ## boot the virtual SoC and talk to QTEE through our driver, step by step
	@vsoc/run --kernel $(KERNEL) --driver qtee -- qtee-demo

test: vsoc ## everything: host unit tests, each guest test on debian and lts, the hostile ones on debug too
	@vsoc/setup $(TEST_KERNELS:%=kernel-%) web browser
	@$(MAKE) modules KERNELS="$(KERNELS) $(TEST_KERNELS) $$(qcom=$$(sed -n 's/^kernel-qcom=//p' build/pieces); [ ! -d "$$qcom" ] || echo qcom)"
	@echo "== tests"
	@$(ctest) -LE '^more$$' $(CTEST_ARGS)

test-kernels: vsoc ## what make test leaves out: the guest tests on 16 KiB pages, PREEMPT_RT, qcom, debug; bpftrace and perf
	@vsoc/setup $(MORE_KERNELS:%=kernel-%) guest-tools
	@$(MAKE) modules KERNELS="$(KERNELS) $(MORE_KERNELS)"
	@echo "== tests on $(MORE_KERNELS)"
	@$(ctest) -L '^more$$' $(CTEST_ARGS)

soak: SOAK_KERNEL := $(if $(filter file,$(origin KERNEL)),debug,$(KERNEL))
soak: vsoc ## the hostile suite for MINUTES=n on each transport, on debug unless KERNEL says otherwise
	@vsoc/setup $(patsubst %,kernel-%,$(filter $(MORE_KERNELS),$(SOAK_KERNEL)))
	@$(MAKE) modules KERNELS=$(SOAK_KERNEL) KERNEL=$(SOAK_KERNEL)
	@for transport in auto smc direct; do \
	  seed=$$((RANDOM << 15 | RANDOM)); \
	  echo "== $(SOAK_KERNEL), transport $$transport, $(MINUTES) minutes, seed $$seed"; \
	  vsoc/run --kernel $(SOAK_KERNEL) --driver qtee --timeout $$(($(MINUTES) * 60 + 900)) \
	    --module-param qtee.transport=$$transport -- test_hostile --seconds $$(($(MINUTES) * 60)) --seed $$seed; \
	done

# Of bench: both kernels that have mainline's driver, one where it is to be quick.
BENCH_KERNELS := $(if $(filter file,$(origin KERNEL)),debian $(if $(QUICK),,qcom),$(KERNEL))
bench: bench-machine ## what calls cost beside mainline and the floors, on debian and qcom; QUICK=1: debian, within 3 minutes
	@for kernel in $(BENCH_KERNELS); do QUICK="$(QUICK)" VERBOSE="$(VERBOSE)" NOTE="$(NOTE)" SETTINGS="$(SETTINGS)" bench/run $$kernel; done

bench-record: BENCH_KERNELS := debian
bench-record: bench-machine ## keep the counts that make test compares with in bench/recorded.json
	@bench/gate --record debian

bench-machine: build/host/build.ninja build/guest/build.ninja build/firmware/build.ninja
	@vsoc/setup $(patsubst %,kernel-%,$(filter $(MORE_KERNELS),$(BENCH_KERNELS)))
	@echo "== building the firmware"; $(ninja) -C build/firmware
	@echo "== building programs of the guest"; $(ninja) -C build/guest vsoc-init bench_guest qtee-exporter qtee-lat qtee-slow qtee-stacks qtee-top qtee-trace
	@echo "== building programs of this machine"; $(ninja) -C build/host vsoc-run qtee-bench
	@$(MAKE) modules KERNELS="$(BENCH_KERNELS)" KERNEL=debian

RUNS ?= build/bench/runs
dashboard: build/host/build.ninja ## one page of all results that make bench wrote, or of those in the folder RUNS
	@vsoc/setup web
	@$(ninja) -C build/host qtee-dashboard > build/dashboard.log || { cat build/dashboard.log; exit 1; }
	@$(in) dashboards/benchmarks/bundle build/dashboard/parts
	@build/host/bin/qtee-dashboard --runs $(RUNS) $(addprefix --goals ,$(wildcard bench/goals.json)) --parts build/dashboard/parts \
	  --output build/dashboard/index.html

shell: machine ## a root shell in the guest, with our driver loaded
	@vsoc/run --kernel $(KERNEL) --driver qtee --shell --timeout 0 --no-leak-check

all: vsoc modules ## build all there is

# What a run needs, and no tests.
machine: build/host/build.ninja build/guest/build.ninja build/firmware/build.ninja
	@echo "== building the firmware"; $(ninja) -C build/firmware
	@echo "== building programs of the guest"; $(ninja) -C build/guest vsoc-init qtee-demo qtee-report
	@echo "== building programs of this machine"; $(ninja) -C build/host vsoc-run ta-images
	@$(MAKE) modules KERNELS=$(KERNEL)

vsoc: build/host/build.ninja build/guest/build.ninja build/guest32/build.ninja build/firmware/build.ninja ## build what is C++: host, guest and firmware
	@echo "== building firmware"; $(ninja) -C build/firmware
	@echo "== building programs of the guest"; $(ninja) -C build/guest
	@echo "== building programs of the guest that are 32-bit"; $(ninja) -C build/guest32 test_user
	@echo "== building programs of this machine"; $(ninja) -C build/host

firmware: build/firmware/build.ninja ## build the firmware only
	@$(ninja) -C build/firmware

modules: setup ## build the kernel modules for debian and lts, or KERNELS
	@for kernel in $(KERNELS) $(filter-out $(KERNELS),$(KERNEL)); do \
	  echo "== building modules for the kernel $$kernel"; \
	  vsoc/kbuild $$kernel $(driver_modules); \
	  vsoc/kbuild $$kernel vsoc vsoc/tests/kmod/Kbuild vsoc/tests/kmod; \
	done

setup: ## make what is missing in the cache: toolchain root, guest root, kernels
	@vsoc/setup

update: ## make the cache anew, with Debian's newest packages
	@vsoc/setup --refresh

# A build tree belongs to one toolchain root: with another, it is made anew.
build/host/build.ninja build/guest/build.ninja build/guest32/build.ninja build/firmware/build.ninja: build/%/build.ninja: setup
	@toolchain=$$(sed -n 's/^toolchain=//p' build/pieces); \
	if [ ! -f $@ ] || [ "$$(cat build/$*/.toolchain 2>/dev/null)" != "$$toolchain" ]; then \
	  echo "== configuring build/$*"; \
	  rm -rf build/$*/CMakeCache.txt build/$*/CMakeFiles; \
	  $(in) cmake -S . -B build/$* -G Ninja -DQTEE_TARGET=$* -DCMAKE_C_COMPILER_LAUNCHER=ccache \
	    -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
	    $(if $(filter-out host,$*),--toolchain $(CURDIR)/cmake/$*.cmake) > build/$*.log || { cat build/$*.log; exit 1; }; \
	  echo "$$toolchain" > build/$*/.toolchain; \
	fi

check: setup ## the static checks: formatting, licences, sizes of files; of kernel code checkpatch, kernel-doc and sparse
	@vsoc/setup scripts
	@echo "== formatting"; $(in) sh -c "$(cxx_files) | xargs clang-format-19 --dry-run -Werror"
	@echo "== licence lines"; vsoc/tests/source-check
	@echo "== checkpatch"; $(kernel_files) | xargs vsoc/tests/kernel/checkpatch
	@echo "== kernel-doc"; $(kernel_files) | xargs vsoc/tests/kernel/kernel-doc
	@for kernel in $(KERNELS); do echo "== sparse with the kernel $$kernel"; vsoc/tests/kernel/sparse $$kernel $(driver_modules); done

format: setup ## format the C++ sources
	@$(in) sh -c "$(cxx_files) | xargs clang-format-19 -i"

clean: ## remove build/; the cache stays
	rm -rf build
