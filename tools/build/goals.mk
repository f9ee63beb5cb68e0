# Goals that stand above one configuration; those that need one run make again for it.

.PHONY: help list clean format check test test-host test-build test-qemu bench-boot

help:
	@cat tools/build/help.txt
list:
	@tools/build/list

# Each runs in a make of its own, with the variables of this one.
suite = '$1=$(MAKE) $2'
test:
	+@tools/test/suites $(foreach s,test-host test-build test-qemu,$(call suite,$s,$s))

# Every byte allocator with the first page allocator, the samples among the tests too, then the other
# page allocators; then fuzzing.
sample-allocators := $(patsubst %/Kconfig,%,$(wildcard modules/axalloc/tests/bytes/*/Kconfig))
pairs := $(foreach a,$(byte-allocators) $(sample-allocators),$a:$(firstword $(page-allocators))) \
    $(foreach p,$(wordlist 2,99,$(page-allocators)),$(firstword $(byte-allocators)):$p)
host-configurations = $(if $(strip $(pairs)),$(pairs),:)
pair-variables = ALLOC=$(firstword $(subst :, ,$1)) PAGES=$(lastword $(subst :, ,$1))
test-host:
	+@tools/test/suites \
	    $(foreach c,$(host-configurations),$(call suite,host $c,PLATFORM=host host-tests $(call pair-variables,$c))) \
	    $(call suite,fuzz,PLATFORM=host LLVM=1 HOST_FUZZ=1 host-fuzz)

test-build:
	+@tools/test/build
test-qemu:
	+@tools/test/qemu
check:
	+@tools/check/check
bench-boot:
	+@tools/bench/boot

format:
	clang-format -i $$(git ls-files --cached --others --exclude-standard '*.c' '*.h')

# Build folders know themselves by their `inputs`; what else is in $(O), fetched sources too, stays.
built-folders = $(patsubst %/inputs,%,$(wildcard $(O)/*/*/inputs))
clean:
	$(if $(built-folders),rm -rf $(built-folders))
	$(if $(built-folders),-rmdir --ignore-fail-on-non-empty $(sort $(dir $(built-folders))) $(O))
