# axalloc: page allocator, byte allocator, and the facade over both. ALLOC_DIR and PAGES_DIR are the
# folders of the two allocators that this build takes.
deps := axbase axcpu axsync axlog
srcs := src/alloc.c src/counters.c src/heap.c src/pages.c src/malloc.c src/page.c
# The contracts of other systems (docs/contracts.md); an image has those that it uses.
srcs += src/buffer.c src/frames.c src/ids.c src/manager.c src/mapped.c src/raw.c src/runs.c
# The guard takes its callers' return addresses, so these stay functions of their own.
srcs-nolto := $(if $(CONFIG_AXALLOC_GUARD),src/alloc.c src/malloc.c)
srcs := $(filter-out $(srcs-nolto),$(srcs)) \
    $(if $(CONFIG_AXALLOC_GUARD),src/guard.c src/guard_windows.c) \
    $(if $(CONFIG_AXALLOC_GUARD_PAGES),src/guard_pages.c)
guard-cold := $(if $(CONFIG_AXALLOC_GUARD),src/guard_report.c src/guard_find.c src/guard_walk.c) \
    $(if $(CONFIG_AXALLOC_LEAKS),src/track.c)
cflags := $(if $(CONFIG_AXALLOC_GUARD),-foptimize-sibling-calls)
# What an allocator does to a region once, and its report, are in files of these names.
allocator-sources := $(sort $(wildcard $(ALLOC_DIR)/*.c $(PAGES_DIR)/*.c))
srcs-cold := $(filter %/region.c %/check.c %/aligned.c,$(allocator-sources)) $(guard-cold) \
    src/source.c src/start.c src/growth.c src/spare.c src/reclaim.c src/report.c
srcs += $(filter-out $(srcs-cold),$(allocator-sources))
# FEATURES=trace: these calls go by the recorder.
trace-functions := axalloc_alloc axalloc_dealloc axalloc_dealloc_unsized axalloc_reallocate
srcs += $(if $(CONFIG_AXALLOC_TRACE),src/trace.c)
wraps := $(if $(CONFIG_AXALLOC_TRACE),$(trace-functions))
# The caches' port, and classes for an allocator that has none.
ports := ports/$(if $(filter host,$(ISA)),linux,kernel)
srcs += $(if $(CONFIG_AXALLOC_CACHES),src/cache.c $(if $(filter host,$(ISA)),,ports/kernel/caches.c))
srcs += $(if $(CONFIG_AXALLOC_CACHES),$(if $(CONFIG_AXALLOC_BYTES_SLAB),,src/classes.c))
srcs += $(if $(CONFIG_AXALLOC_DEPOT),src/depot.c)
includes := $(ALLOC_DIR) $(PAGES_DIR) $(ports)
test-deps := axtest axhal
host-tests := conformance_bytes conformance_pages test_regressions test_facade test_random \
    $(if $(CONFIG_AXALLOC_HARDENED),test_guard test_guard_pages test_guard_reports) \
    $(if $(CONFIG_AXALLOC_BYTES_TLSF),test_tlsf) $(if $(CONFIG_AXALLOC_BYTES_SLAB),test_slab test_slab_check) $(if $(CONFIG_AXALLOC_BYTES_BUDDY),test_buddy) \
    $(if $(CONFIG_AXALLOC_BYTES_LIST),test_list) $(if $(CONFIG_AXALLOC_PAGES_BITMAP),test_bitmap test_bitmap_check) \
    $(if $(CONFIG_AXALLOC_PAGES_BUDDY),test_pages_buddy test_pages_buddy_check)
# Without the guard, misuse does what the sanitizers end programs for, and breaks what counts.
host-tests += $(if $(CONFIG_AXALLOC_HARDENED)$(if $(CONFIG_DEBUG)$(CONFIG_COVERAGE),,release),detection)
host-tests += $(if $(CONFIG_AXALLOC_CACHES),$(if $(CONFIG_AXALLOC_GUARD)$(CONFIG_AXALLOC_BYTES_BUDDY),,test_cache)) \
    $(if $(CONFIG_AXALLOC_DEPOT),test_depot) test_regressions_more test_accounts test_edges test_exhaustion \
    $(if $(CONFIG_AXALLOC_LEAKS),test_leaks)
host-tests += conformance_arceos conformance_arceos_ids conformance_basic conformance_linux \
    conformance_linux_flags conformance_ostd conformance_xila
host-tests := $(if $(CONFIG_TSAN),,$(host-tests)) test_threads
host-wraps := $(addprefix test_exhaustion:axalloc_pages_,alloc alloc_at alloc_below)
host-wraps += test_cache:axalloc_port_cache_enter_slow
host-support := host/guard_ports.c hosted/unix_heap.c \
    $(if $(CONFIG_AXALLOC_CACHES),host/cache_port.c)
host-library := hosted/library.c hosted/window.c hosted/threads.c hosted/start.c hosted/port.c
process-srcs := $(if $(CONFIG_AXALLOC_CACHES),host/cache_port.c) $(if $(CONFIG_AXALLOC_GUARD),host/guard_ports.c)
host-benches := bytes_axle bytes_facade bytes_libc pages threads replay_axle replay_libc \
    $(if $(CONFIG_AXALLOC_CACHES),bytes_cached replay_cached)
fuzzers := bytes pages
target-tests := tests/target/suite.c tests/target/contracts.c
host-library += $(if $(CONFIG_AXALLOC_GUARD),hosted/guard_ports.c)
