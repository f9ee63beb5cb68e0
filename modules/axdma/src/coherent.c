/*
 * Coherent memory: whole pages of the linear map made uncached, and the choice between them and
 * pieces of such pages.
 *
 * Order, both ways: a page is cached in no CPU before a device sees it, and has its ordinary
 * attribute back, flushed, before axalloc can hand it out. Whatever fails on the way is undone.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axcpu/cache.h>
#include <axcpu/map_flags.h>
#include <axdma/dma.h>
#include <axhal/page_table.h>
#include <axlog/log.h>
#include <axmm/kernel_space.h>

enum { ORDINARY = AXCPU_MAP_READ | AXCPU_MAP_WRITE, COHERENT = ORDINARY | AXCPU_MAP_UNCACHED };

static struct ax_vrange range_of(const void *pages, size_t count)
{
    return (struct ax_vrange){ax_vaddr_of(pages), (uint64_t)count << AX_PAGE_SHIFT};
}

enum ax_err coherent_pages_alloc(size_t count, size_t align, void **out)
{
    struct ax_vaddr start;
    enum ax_err err = axalloc_alloc_pages(axalloc_global(), count, align, &start);
    if (err != AX_OK)
        return err;
    void *pages = ax_vaddr_ptr(start);
    err = axmm_protect(range_of(pages, count), COHERENT);
    if (err != AX_OK) {
        axalloc_dealloc_pages(axalloc_global(), start, count);
        return err;
    }
    axcpu_dcache_clean_invalidate(pages, count << AX_PAGE_SHIFT);
    memset(pages, 0, count << AX_PAGE_SHIFT);
    *out = pages;
    return AX_OK;
}

/* Every page of the range is one of ours: mapped, and uncached. */
static bool are_coherent(const void *pages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct axhal_mapping mapping;
        struct ax_vaddr page = ax_vaddr_add(ax_vaddr_of(pages), (uint64_t)i << AX_PAGE_SHIFT);
        if (axmm_query(page, &mapping) != AX_OK || !(mapping.map_flags & AXCPU_MAP_UNCACHED))
            return false;
    }
    return ax_is_aligned(ax_vaddr_of(pages).raw, AX_PAGE_SIZE);
}

enum ax_err coherent_pages_dealloc(void *pages, size_t count)
{
    if (!are_coherent(pages, count))
        return AX_EINVAL;
    enum ax_err err = axmm_protect(range_of(pages, count), ORDINARY);
    /* The leaves were split when the pages were taken, so there is nothing left to allocate. */
    AX_ASSERT(err == AX_OK);
    return axalloc_dealloc_pages(axalloc_global(), ax_vaddr_of(pages), count);
}

static bool is_small(struct ax_layout layout)
{
    return layout.size <= AX_PAGE_SIZE / 2 && layout.align <= AX_PAGE_SIZE;
}

static enum ax_err dealloc(void *memory, struct ax_layout layout)
{
    return is_small(layout) ? small_dealloc(memory, layout)
                            : coherent_pages_dealloc(memory, ax_pages_for(layout.size));
}

/* No byte of the memory has a bus address beyond 2^64. */
static bool has_bus_addresses(struct ax_busaddr first, struct ax_layout layout)
{
    return first.raw + (layout.size - 1) >= first.raw;
}

enum ax_err axdma_alloc_coherent(struct ax_layout layout, struct axdma_memory *out)
{
    if (layout.size == 0 || !ax_layout_is_valid(layout))
        return AX_EINVAL;
    size_t align = layout.align > AX_PAGE_SIZE ? layout.align : AX_PAGE_SIZE;
    struct axdma_memory memory;
    enum ax_err err = is_small(layout)
                          ? small_alloc(layout, &memory.cpu)
                          : coherent_pages_alloc(ax_pages_for(layout.size), align, &memory.cpu);
    if (err != AX_OK)
        return err;
    err = axdma_virt_to_bus(memory.cpu, &memory.bus);
    if (err == AX_OK && !has_bus_addresses(memory.bus, layout))
        err = AX_ERANGE;
    if (err != AX_OK) {
        enum ax_err undone = dealloc(memory.cpu, layout);
        AX_ASSERT(undone == AX_OK);
        return err;
    }
    *out = memory;
    return AX_OK;
}

enum ax_err axdma_dealloc_coherent(struct axdma_memory memory, struct ax_layout layout)
{
    struct ax_busaddr bus;
    enum ax_err err = AX_EINVAL;
    if (layout.size != 0 && ax_layout_is_valid(layout) &&
        axdma_virt_to_bus(memory.cpu, &bus) == AX_OK && bus.raw == memory.bus.raw)
        err = dealloc(memory.cpu, layout);
    if (err != AX_OK)
        axlog_error("not coherent memory of %zu bytes: %p, bus 0x%llx", layout.size, memory.cpu,
                    (unsigned long long)memory.bus.raw);
    return err;
}
