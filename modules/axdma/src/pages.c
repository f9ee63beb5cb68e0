/*
 * Whole pages for devices, and their cache attribute.
 *
 * Order, both ways: a page that a device uses past the caches is in no CPU's cache before the
 * device sees it, and has its ordinary attribute back, flushed, before axalloc can hand it out.
 * Whatever fails on the way is undone.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axcpu/cache.h>
#include <axcpu/map_flags.h>
#include <axmm/kernel_space.h>

enum { ORDINARY = AXCPU_MAP_READ | AXCPU_MAP_WRITE, UNCACHED = ORDINARY | AXCPU_MAP_UNCACHED };

static struct ax_vrange range_of(const void *pages, size_t count)
{
    return (struct ax_vrange){ax_vaddr_of(pages), (uint64_t)count << AX_PAGE_SHIFT};
}

/* Where the CPU cannot, that is only for those who see its caches anyway. */
static enum ax_err make_uncached(const struct demand *demand, void *pages, size_t count)
{
    if (!(axmm_use_memory_types() && axcpu_dcache_is_maintained()) && demand->device != NULL)
        return AX_ENOTSUP;
    enum ax_err err = axmm_protect(range_of(pages, count), UNCACHED);
    if (err == AX_OK)
        axcpu_dcache_clean_invalidate(pages, count << AX_PAGE_SHIFT);
    return err;
}

enum ax_err pages_take(const struct demand *demand, size_t count, size_t align, void **out)
{
    struct ax_vaddr start;
    enum ax_err err = place_pages(demand->device, count, align, &start);
    if (err != AX_OK)
        return err;
    void *pages = ax_vaddr_ptr(start);
    err = demand->is_uncached ? make_uncached(demand, pages, count) : AX_OK;
    if (err != AX_OK) {
        enum ax_err undone = axalloc_dealloc_pages_as(axalloc_global(), AXALLOC_DMA, start, count);
        AX_ASSERT(undone == AX_OK);
        return err;
    }
    memset(pages, 0, count << AX_PAGE_SHIFT);
    *out = pages;
    return AX_OK;
}

void pages_give(void *pages, size_t count, bool is_uncached)
{
    enum ax_err err = is_uncached ? axmm_protect(range_of(pages, count), ORDINARY) : AX_OK;
    /* The leaves were split when the pages were taken, so there is nothing left to allocate. */
    AX_ASSERT(err == AX_OK);
    err = axalloc_dealloc_pages_as(axalloc_global(), AXALLOC_DMA, ax_vaddr_of(pages), count);
    AX_ASSERT(err == AX_OK);
}
