# axdma: memory that a device and the CPU both see.
deps := axbase axcpu axsync axlog axhal axalloc axmm
srcs := src/address.c src/reach.c src/memory.c src/small.c src/coherent.c src/pool.c src/stream.c src/list.c
srcs-cold := src/device.c src/tree.c src/place.c src/pages.c src/runs.c src/lent.c
test-deps := axtest
target-tests := tests/target/suite.c tests/target/together.c
host-tests := test_reach test_tree test_memory test_stream test_owners test_random
# What these tests play themselves: tests/host/fake_machine.h.
played := axhal_virt_to_phys axhal_phys_to_virt axcpu_dcache_clean axcpu_dcache_invalidate axcpu_dcache_clean_invalidate \
    $(addprefix axalloc_,alloc alloc_pages_as alloc_pages_below dealloc_pages_as)
host-wraps := $(foreach t,$(host-tests),$(addprefix $t:,$(played)))
fuzzers := ranges
