# Test programs for this machine: the modules, freestanding as ever, under AddressSanitizer and
# UndefinedBehaviorSanitizer, with cmocka (host-tests) or libFuzzer (fuzzers, built by clang).

# Each module is an archive here, so that a test may bring its own version of a port.
define archive
$(call stamp,$(B)/lib/$1.list,$2)
$(B)/lib/$1.a: $2 $(B)/lib/$1.list
	$$(Q)rm -f $$@ && $$(AR) rcsT $$@ $2
endef
define module-archive
$(call unit,$1/support,modules/$1,$(hosted-flags) $(call include-path,$(closure.$1)))
$(call compile,$1/support,$(host-support.$1))
$(eval $(call archive,$1,$(call objects,$1) $(call objects,$1/support)))
endef
$(foreach m,$(module-names),$(call module-archive,$m))

# $(call program,<unit>,<source of main>,<modules>,<link flags>)
define program
$(B)/programs/$1: $(call object,$1,$2) $(3:%=$(B)/lib/%.a) $(B)/programs/$1.link
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(isa-flags) -g -o $$@ $$< -Wl,--start-group $(3:%=$(B)/lib/%.a) -Wl,--end-group $4
programs += $(B)/programs/$1
endef
define host-program
$(call unit,$1/$2,modules/$1,$(hosted-flags) $(call include-path,$3))
$(call compile,$1/$2,$4)
$(call stamp,$(B)/programs/$1/$2.link,$(CC) $(isa-flags) $3 $5)
$(eval $(call program,$1/$2,modules/$1/$4,$3,$5))
endef
test-wraps = $(patsubst $2:%,-Xlinker --wrap=%,$(filter $2:%,$(host-wraps.$1)))
# HOST_MODULES, HOST_TESTS: the modules whose tests are built and run, and which; all unless given.
# HOST_LIMIT: seconds that one may take.
programs :=
# HOST_FUZZ: 1, or the fuzzers to take instead.
test-modules = $(call closure,$1 axtest $(test-deps.$1))
ifdef HOST_FUZZ
$(foreach m,$(or $(HOST_MODULES),$(module-names)),$(foreach f,$(if $(filter 1,$(HOST_FUZZ)),$(fuzzers.$m),$(filter $(HOST_FUZZ),$(fuzzers.$m))),\
    $(call host-program,$m,$f,$(call test-modules,$m),fuzz/$f.c,-fsanitize=fuzzer $(host-libs.$m))))
else
$(foreach m,$(or $(HOST_MODULES),$(module-names)),$(foreach t,$(if $(HOST_TESTS),$(filter $(HOST_TESTS),$(host-tests.$m)),$(host-tests.$m)),\
    $(call host-program,$m,$t,$(call test-modules,$m),tests/host/$t.c,-lcmocka $(host-libs.$m) $(call test-wraps,$m,$t))))
endif

# The benchmarks of every module, built by nobody but who asks; `make bench` does, with FEATURES=release.
tests-programs := $(programs)
programs :=
$(foreach m,$(module-names),$(foreach b,$(host-benches.$m),\
    $(call host-program,$m,bench-$b,$(call test-modules,$m),bench/$b.c,-lcmocka -lpthread $(host-libs.$m))))
benches := $(programs)
programs := $(tests-programs)

# $(B)/lib<module>.so, of a module that has the sources for it and of all it depends on.
define library
$(call unit,$1/library,modules/$1,$(hosted-flags) $(call include-path,$(closure.$1)))
$(call compile,$1/library,$(host-library.$1))
$(eval $(call library-link,$1,$(filter-out %.S.o,$(foreach m,$(closure.$1),$(call objects,$m))) $(call objects,$1/library)))
endef
# It stays when it is closed: threads that have a cache call it when they end.
library-link-flags := -shared -Wl,--gc-sections,-z,defs,-z,now,-z,nodelete
define library-link
$(call stamp,$(B)/lib$1.link,$(CC) $(isa-flags) $(library-link-flags) $2)
$(B)/lib$1.so: $2 $(B)/lib$1.link
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(isa-flags) $$(optimise) $$(library-link-flags) -Wl,-soname,lib$1.so -o $$@ $2
host-library: $(B)/lib$1.so
endef
$(if $(CONFIG_AXALLOC_PAGES_PORT),$(foreach m,$(module-names),$(if $(host-library.$m),$(call library,$m))))

.PHONY: host-library
host-library:
	@echo $^
.PHONY: build host-tests host-fuzz host-bench
host-limit = $(if $(HOST_LIMIT),--limit $(HOST_LIMIT))
build: $(programs)
host-bench: $(benches)
	@echo $(B)/programs
host-tests: $(programs)
	$(Q)tools/test/programs --label $(notdir $(B)) $(host-limit) $(programs)
host-fuzz: $(programs)
	$(Q)tools/test/programs --label fuzz $(host-limit) --fuzz-runs $(FUZZ_RUNS) $(programs)
