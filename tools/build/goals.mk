# Goals that stand above one configuration; those that need one run make again for it.

.PHONY: help list clean format check hosted test test-host test-hosted test-build test-qemu test-bench stress detection coverage \
    bench-boot bench-paging bench-dma bench bench-docs compare ptdump

help:
	@cat tools/build/help.txt
list:
	@tools/build/list

# The live map of the address space of PLATFORM.
ptdump:
	+@$(MAKE) run APP=ptdump

# Each runs in a make of its own, with the variables of this one.
suite = '$1=$(MAKE) $2'
test:
	+@tools/test/suites $(foreach s,test-host test-hosted test-build test-bench test-qemu,$(call suite,$s,$s))

# Everything with the first pair of allocators; axalloc's own tests with every other byte allocator,
# those outside bytes/ too that its tests bring, and with the other page allocators; then fuzzing.
example-allocators := $(patsubst %/Kconfig,%,$(wildcard modules/axalloc/tests/bytes/*/Kconfig))
pair = $1:$(or $2,$(firstword $(page-allocators)))
first-pair := $(call pair,$(firstword $(byte-allocators)))
other-pairs := $(foreach a,$(wordlist 2,99,$(byte-allocators)) $(example-allocators),$(call pair,$a)) \
    $(foreach p,$(wordlist 2,99,$(page-allocators)),$(call pair,$(or $(filter tlsf,$(byte-allocators)),$(firstword $(byte-allocators))),$p))
pair-variables = ALLOC=$(firstword $(subst :, ,$1)) PAGES=$(lastword $(subst :, ,$1))
host-suite = $(call suite,host $1,PLATFORM=host host-tests $(call pair-variables,$1) $2)
hardened-suite = $(call suite,host hardened $1,PLATFORM=host host-tests FEATURES=hardened HOST_MODULES=axalloc \
    $(call pair-variables,$1))
# The byte allocators' inputs are long, and so these runs fewer: fuzz-suite of <allocators>, <fuzzer>, <runs>.
fuzz-suite = $(call suite,fuzz $2 $(lastword $(subst =, ,$1)),PLATFORM=host LLVM=1 HOST_FUZZ=$2 HOST_MODULES=axalloc FUZZ_RUNS=$3 $1 host-fuzz)
fuzzers-but-bytes := $(filter-out bytes,$(notdir $(basename $(wildcard modules/*/fuzz/*.c))))
test-host:
	+@tools/test/suites \
	    $(call host-suite,$(first-pair)) $(foreach c,$(other-pairs),$(call host-suite,$c,HOST_MODULES=axalloc)) \
	    $(foreach a,$(firstword $(example-allocators)) $(byte-allocators),$(call hardened-suite,$(call pair,$a))) \
	    $(foreach a,$(filter tlsf,$(byte-allocators)),$(call suite,host caches $a,PLATFORM=host host-tests FEATURES=caches HOST_MODULES=axalloc ALLOC=$a)) \
	    $(foreach a,$(filter slab,$(byte-allocators)),$(call suite,host depot $a,PLATFORM=host LLVM=1 host-tests FEATURES=depot HOST_MODULES=axalloc ALLOC=$a)) \
	    $(call suite,host debug,PLATFORM=host host-tests FEATURES=debug HOST_MODULES=axalloc) \
	    $(foreach a,$(filter slab tlsf,$(byte-allocators)),$(call suite,tsan $a,PLATFORM=host LLVM=1 FEATURES=tsan ALLOC=$a HOST_MODULES=axalloc host-tests)) \
	    $(call suite,fuzz,PLATFORM=host LLVM=1 HOST_FUZZ="$(or $(fuzzers-but-bytes),none)" host-fuzz) \
	    $(foreach a,$(byte-allocators) $(example-allocators),$(call fuzz-suite,ALLOC=$a,bytes,10000)) \
	    $(foreach p,$(wordlist 2,99,$(page-allocators)),$(call fuzz-suite,PAGES=$p,pages,20000))

test-build:
	+@tools/test/build
test-hosted:
	+@tools/test/hosted $(if $(ALLOC),--alloc '$(ALLOC)')
test-qemu:
	+@tools/test/qemu
test-bench:
	+@tools/test/bench
check:
	+@tools/check/check
# Random operations on byte allocators against shadow models, OPS of each kind: for hours, if so many.
stress:
	+@AXALLOC_TEST_OPS=$(OPS) tools/test/suites $(foreach a,$(or $(ALLOC),$(byte-allocators)),\
	    $(call suite,stress $a,PLATFORM=host HOST_MODULES=axalloc HOST_TESTS=test_random HOST_LIMIT=86400 ALLOC=$a host-tests))
# Misuse of the heap, injected: what is detected under each byte allocator, or ALLOC=.
detection:
	+@tools/test/detection $(if $(ALLOC),--alloc '$(ALLOC)')
# Which lines and branches of axalloc the host tests run; of one allocator with ALLOC= or PAGES=.
coverage:
	+@tools/test/coverage $(if $(ALLOC),--alloc '$(ALLOC)') $(if $(PAGES),--pages '$(PAGES)')
# malloc() for programs of this machine: a library for each byte allocator, and the default.
# With features of its own a library lies in a folder that names them.
empty :=
hosted-folder := $(O)/hosted$(subst $(empty) ,,$(patsubst %,+%,$(sort $(FEATURES))))
hosted-default := slab
one-library = $(MAKE) PLATFORM=host ALLOC=$1 'FEATURES=$(sort hosted $(FEATURES))' host-library
hosted-allocators := $(or $(ALLOC),$(byte-allocators))
hosted: $(hosted-allocators:%=hosted-%)
	@ls $(hosted-folder)/*.so
hosted-%:
	+@mkdir -p $(hosted-folder)
	+@library=$$($(call one-library,$*) | tail -n 1) && cp -u "$$library" $(hosted-folder)/libaxalloc-$*.so
	@$(if $(filter $(hosted-default),$*),cp -u $(hosted-folder)/libaxalloc-$*.so $(hosted-folder)/libaxalloc.so)
bench-boot:
	+@tools/bench/boot
bench-paging:
	+@tools/bench/paging
bench-dma:
	+@tools/bench/dma

# Allocators beside their peers. BENCH: the parts, all of them unless given.
bench-options = $(if $(BENCH),--only '$(BENCH)') $(if $(ALLOC),--alloc '$(ALLOC)')
bench:
	+@tools/bench/bench $(bench-options)
bench-docs:
	+@tools/bench/bench $(bench-options) --docs

# Which allocator for a program: a trace, a command of this machine, or an app in QEMU.
quoted = '$(subst ','\'',$1)'
compared-app := $(foreach v,PLATFORM APP A FEATURES MEM ARGS,$(if $($v),$(call quoted,$v=$($v))))
compare:
	+@tools/bench/compare $(if $(ALLOC),--alloc '$(ALLOC)') $(if $(TRACE),--trace=$(call quoted,$(TRACE)),$(if $(RUN),--run=$(call quoted,$(RUN)),--app $(compared-app)))

format:
	clang-format -i $$(git ls-files --cached --others --exclude-standard '*.c' '*.h')

# Build folders know themselves by their `inputs`; what else is in $(O), fetched sources too, stays.
built-folders = $(patsubst %/inputs,%,$(wildcard $(O)/*/*/inputs))
clean:
	$(if $(built-folders),rm -rf $(built-folders))
	$(if $(built-folders),-rmdir --ignore-fail-on-non-empty $(sort $(dir $(built-folders))) $(O))
