# Axle's build. `make help` says what to type; this page says how it works, in reading order.
#
#   options.mk    the variables of the command line: defaults, and one clear line for a wrong one
#   config.mk     platform + flags -> $(B)/.config (Kconfig) -> CONFIG_* here and <module/config.h>
#   toolchain.mk  the compiler and its flags, for gcc and clang
#   compile.mk    how one source becomes one object, and when it becomes it again
#   modules.mk    reads modules/*/module.mk; the include path of a module is its declared closure
#   image.mk      platform + app + modules -> one flat image     (ISA riscv64, aarch64)
#   host.mk       modules -> test programs for this machine      (ISA host)
#   process.mk    an app as a process of this machine            (platform linux-host)
#   goals.mk      goals that stand above one configuration: help, list, test, check, clean
#
# One make handles one configuration: a platform and a set of flags, with its objects in
# $(B) = $(O)/<platform>/<flags joined by +>. Goals that need several run make again for each.

MAKEFLAGS += --no-builtin-rules --no-builtin-variables --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := build

goals := $(or $(MAKECMDGOALS),build)
goals-without-config := help list clean format check hosted test test-host test-hosted test-build test-qemu test-bench \
    stress detection coverage bench-boot bench-paging bench-dma bench bench-docs compare ptdump
goals-without-setup := help list clean
goals-with-config := $(filter-out $(goals-without-config),$(goals))

include tools/build/options.mk
$(call need,$(if $(filter clean,$(goals)),$(if $(filter-out clean,$(goals)),,y),y),clean goes alone: make clean$(,) then make $(filter-out clean,$(goals)))

# What a goal needs installed; quick and silent when it is all there.
ifneq ($(filter-out $(goals-without-setup),$(goals)),)
ifndef AXLE_SETUP_DONE
setup-for := run $(if $(filter 1,$(LLVM)),llvm) $(if $(filter debug test test-qemu,$(goals)),debug) \
             $(if $(filter test test-% detection coverage check format bench-boot bench-paging bench-dma host-%,$(goals)),llvm test) \
             $(if $(filter image test test-qemu,$(goals))$(filter uboot%,$(BOOT)),uboot) \
             $(if $(filter bench bench-docs compare test test-bench,$(goals)),test bench)
ifneq ($(shell tools/setup $(setup-for) >&2 && echo ready),ready)
$(error the tools named above are missing)
endif
export AXLE_SETUP_DONE := 1
endif
endif

# As many jobs as processors, unless -j was given or a make above us shares its jobs. (make 4.3 does
# not show -j in MAKEFLAGS while it reads makefiles.)
jobs := $(shell case " $$MAKEFLAGS $$(tr '\0' ' ' < /proc/$$PPID/cmdline)" in \
    (*' -j'*|*' --job'*) ;; (*) echo -j$$(nproc) ;; esac)
ifneq ($(jobs),)
MAKEFLAGS += $(jobs)
endif

include tools/build/goals.mk
ifneq ($(goals-with-config),)
include tools/build/config.mk
# Without its configuration, make stops reading here, makes it, and starts again; if that failed,
# the reason is on the terminal by now.
ifneq ($(configured),)
include tools/build/toolchain.mk
include tools/build/compile.mk
include tools/build/modules.mk
include tools/build/$(if $(filter-out host,$(ISA)),image,$(if $(platform-dir),process,host)).mk
$(finish-units)
-include $(dependency-files)
else
.PHONY: $(goals)
$(goals):
	@exit 1
endif
endif
