/*
 * The contracts of other systems (docs/contracts.md) on the machine: real physical addresses, the
 * CPU's own cache instructions, the global instance. Every case leaves it as it found it.
 */
#include "contracts.h"
#include <axalloc/buffer.h>
#include <axalloc/frames.h>
#include <axalloc/ids.h>
#include <axalloc/manager.h>
#include <axalloc/raw.h>
#include <axbase/string.h>
#include <axhal/mem.h>

#define GIB UINT64_C(0x40000000)

static bool is_filled(const unsigned char *bytes, unsigned char value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

void test_ids(struct axtest *test)
{
    static uint64_t memory[4];
    struct axalloc_ids ids;
    size_t id = 0;
    AXTEST_CHECK(test, axalloc_ids_memory_bytes(200) == sizeof memory);
    AXTEST_CHECK(test, axalloc_ids_init(&ids, 1, 200, memory) == AX_OK);
    AXTEST_CHECK(test, axalloc_ids_alloc(&ids, 70, 64, &id) == AX_OK && id == 64);
    AXTEST_CHECK(test, axalloc_ids_alloc(&ids, 1, 1, &id) == AX_OK && id == 1);
    AXTEST_CHECK(test, axalloc_ids_alloc_fixed(&ids, 64) == AX_EEXIST);
    AXTEST_CHECK(test, axalloc_ids_dealloc(&ids, 64, 70) == AX_OK);
    AXTEST_CHECK(test, axalloc_ids_is_allocated(&ids, 1) && !axalloc_ids_is_allocated(&ids, 64));
    AXTEST_CHECK(test, axalloc_ids_used(&ids) == 1 && axalloc_ids_available(&ids) == 199);
    AXTEST_CHECK(test, axalloc_ids_check(&ids) == NULL);
}

static struct ax_paddr physical(struct ax_vaddr address)
{
    struct ax_paddr answer = {UINT64_MAX};
    return axhal_virt_to_phys(address, &answer) == AX_OK ? answer : ax_paddr(UINT64_MAX);
}

void test_frames(struct axtest *test)
{
    struct axalloc_frames frames;
    struct ax_layout layout = {5 * AX_PAGE_SIZE, 16 * AX_PAGE_SIZE};
    struct ax_paddr run;
    size_t used = axalloc_used_pages(axalloc_global());
    axalloc_frames_init(&frames, axalloc_global(), physical, axhal_phys_to_virt);
    if (!AXTEST_CHECK(test, axalloc_frames_alloc(&frames, layout, &run) == AX_OK))
        return;
    AXTEST_CHECK(test, ax_is_aligned(run.raw, layout.align));
    memset(ax_vaddr_ptr(axhal_phys_to_virt(run)), 0x66, layout.size);
    struct ax_paddr last = ax_paddr_add(run, 4 * AX_PAGE_SIZE);
    AXTEST_CHECK(test, axalloc_frames_dealloc(&frames, last, AX_PAGE_SIZE) == AX_OK);
    AXTEST_CHECK(test, axalloc_frames_dealloc(&frames, last, AX_PAGE_SIZE) == AX_EINVAL);
    AXTEST_CHECK(test, axalloc_used_pages(axalloc_global()) == used + 4);
    AXTEST_CHECK(test, axalloc_frames_dealloc(&frames, run, 4 * AX_PAGE_SIZE) == AX_OK);
    AXTEST_CHECK(test, axalloc_used_pages(axalloc_global()) == used);
}

void test_buffers(struct axtest *test)
{
    struct ax_layout small = {100, 64}, large = {20000, 64};
    struct axalloc_slice buffer;
    size_t used = axalloc_used_bytes(axalloc_global());
    if (!AXTEST_CHECK(
            test, axalloc_buffer_alloc(AXALLOC_KVMALLOC, small, AXALLOC_ATOMIC, &buffer) == AX_OK))
        return;
    memset(buffer.bytes, 0x31, small.size);
    AXTEST_CHECK(test, axalloc_buffer_realloc(AXALLOC_KVMALLOC, buffer.bytes, large, small,
                                              AXALLOC_ZERO, &buffer) == AX_OK);
    AXTEST_CHECK(test, is_filled(buffer.bytes, 0x31, small.size));
    AXTEST_CHECK(test, is_filled(buffer.bytes + small.size, 0, buffer.size_bytes - small.size));
    axalloc_buffer_free(AXALLOC_KVMALLOC, buffer.bytes, large);
    AXTEST_CHECK(test, axalloc_used_bytes(axalloc_global()) == used);
    AXTEST_CHECK(test, axalloc_buffer_alloc(AXALLOC_KMALLOC, (struct ax_layout){(size_t)1 << 46, 1},
                                            AXALLOC_NO_WARN, &buffer) == AX_ENOMEM);
}

void test_low_buffers(struct axtest *test)
{
    struct ax_layout layout = {5000, 4096};
    struct axalloc_slice buffer;
    size_t used = axalloc_used_pages(axalloc_global());
    if (AXTEST_CHECK(test, axalloc_buffer_alloc(AXALLOC_KMALLOC, layout, AXALLOC_DMA32, &buffer) ==
                               AX_OK)) {
        struct ax_paddr last = physical(ax_vaddr_of(buffer.bytes + buffer.size_bytes - 1));
        AXTEST_CHECK(test, last.raw < 4 * GIB);
        axalloc_buffer_free(AXALLOC_KMALLOC, buffer.bytes, layout);
    }
    AXTEST_CHECK(test, axalloc_used_pages(axalloc_global()) == used);
}

void test_manager(struct axtest *test)
{
    struct axalloc *global = axalloc_global();
    struct ax_layout layout = {300, 8}, larger = {9000, 8};
    size_t used = axalloc_manager_get_used(global);
    void *block = NULL;
    if (!AXTEST_CHECK(test,
                      axalloc_manager_allocate(global, AXALLOC_DMA_ABLE, layout, &block) == AX_OK))
        return;
    AXTEST_CHECK(test, axalloc_manager_get_used(global) > used);
    memset(block, 0x19, layout.size);
    axalloc_manager_flush_data_cache(global);
    AXTEST_CHECK(test, axalloc_manager_reallocate(global, block, layout, larger, &block) == AX_OK);
    AXTEST_CHECK(test, is_filled(block, 0x19, layout.size));
    axalloc_manager_flush_instruction_cache(global, block, larger.size);
    AXTEST_CHECK(test, is_filled(block, 0x19, layout.size));
    axalloc_manager_deallocate(global, block, larger);
    AXTEST_CHECK(test, axalloc_manager_get_used(global) == used);
    AXTEST_CHECK(test, axalloc_manager_get_page_size(global) == AX_PAGE_SIZE);
}

void test_toy_heap(struct axtest *test)
{
    static AX_ALIGNED(4096) unsigned char memory[16 * 4096];
    struct axalloc_toy_heap toy = {memory, sizeof memory, 0};
    struct axalloc_grower grower = axalloc_toy_grower(&toy);
    static struct axalloc_locked heap;
    struct ax_layout layout = {5000, 32};
    axalloc_locked_init(&heap, &grower);
    unsigned char *block = axalloc_locked_alloc_zeroed(&heap, layout);
    if (!AXTEST_CHECK(test, block >= memory && block + layout.size <= memory + sizeof memory))
        return;
    AXTEST_CHECK(test, is_filled(block, 0, layout.size));
    AXTEST_CHECK(test, axalloc_locked_alloc(&heap, (struct ax_layout){sizeof memory, 1}) == NULL);
    axalloc_locked_dealloc(&heap, block, layout);
    AXTEST_CHECK(test, axalloc_locked_stats(&heap).live_blocks == 0);
    AXTEST_CHECK(test, axalloc_locked_check(&heap) == NULL);
}
