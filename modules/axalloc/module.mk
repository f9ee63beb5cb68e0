# axalloc: page allocator, byte allocator, and the facade over both. ALLOC_DIR and PAGES_DIR are the
# folders of the two allocators that this build takes.
deps := axbase axsync axlog
srcs := src/alloc.c src/counters.c src/heap.c src/pages.c src/malloc.c src/page.c
# The guard takes its callers' return addresses, so these stay functions of their own.
srcs-nolto := $(if $(CONFIG_AXALLOC_GUARD),src/alloc.c src/malloc.c)
srcs := $(filter-out $(srcs-nolto),$(srcs)) \
    $(if $(CONFIG_AXALLOC_GUARD),src/guard.c src/guard_windows.c) \
    $(if $(CONFIG_AXALLOC_GUARD_PAGES),src/guard_pages.c)
guard-cold := $(if $(CONFIG_AXALLOC_GUARD),src/guard_report.c src/guard_find.c src/guard_walk.c)
# What an allocator does to a region once, and its report, are in files of these names.
allocator-sources := $(sort $(wildcard $(ALLOC_DIR)/*.c $(PAGES_DIR)/*.c))
srcs-cold := $(filter %/region.c %/check.c,$(allocator-sources)) $(guard-cold) src/reclaim.c
srcs += $(filter-out $(srcs-cold),$(allocator-sources))
includes := $(ALLOC_DIR) $(PAGES_DIR)
test-deps := axtest axcpu
host-tests := conformance_bytes conformance_pages test_regressions test_facade test_random \
    $(if $(CONFIG_AXALLOC_BYTES_TLSF),test_tlsf) $(if $(CONFIG_AXALLOC_PAGES_BITMAP),test_bitmap) \
    $(if $(CONFIG_AXALLOC_PAGES_BUDDY),test_pages_buddy)
host-support := host/guard_ports.c
host-benches := bytes_axle bytes_facade bytes_libc pages
fuzzers := pages
target-tests := tests/target/suite.c
