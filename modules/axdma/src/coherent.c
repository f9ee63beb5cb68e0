/*
 * Coherent memory: whole pages of the linear map made uncached, and the choice between them and
 * pieces of such pages.
 *
 * Order, both ways: a page is cached in no CPU before a device sees it, and has its ordinary
 * attribute back, flushed, before axalloc can hand it out. Whatever fails on the way is undone.
 *
 * Does badly: a run is found again by searching the list of all of them.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/assert.h>
#include <axbase/list.h>
#include <axbase/string.h>
#include <axcpu/cache.h>
#include <axcpu/map_flags.h>
#include <axdma/dma.h>
#include <axlog/log.h>
#include <axmm/kernel_space.h>
#include <axsync/spinlock.h>

enum { ORDINARY = AXCPU_MAP_READ | AXCPU_MAP_WRITE, COHERENT = ORDINARY | AXCPU_MAP_UNCACHED };

static struct ax_vrange range_of(const void *pages, size_t count)
{
    return (struct ax_vrange){ax_vaddr_of(pages), (uint64_t)count << AX_PAGE_SHIFT};
}

enum ax_err coherent_pages_alloc(size_t count, size_t align, void **out)
{
    struct ax_vaddr start;
    enum ax_err err = axalloc_alloc_pages_as(axalloc_global(), AXALLOC_DMA, count, align, &start);
    if (err != AX_OK)
        return err;
    void *pages = ax_vaddr_ptr(start);
    err = axmm_protect(range_of(pages, count), COHERENT);
    if (err != AX_OK) {
        axalloc_dealloc_pages_as(axalloc_global(), AXALLOC_DMA, start, count);
        return err;
    }
    axcpu_dcache_clean_invalidate(pages, count << AX_PAGE_SHIFT);
    memset(pages, 0, count << AX_PAGE_SHIFT);
    *out = pages;
    return AX_OK;
}

void coherent_pages_dealloc(void *pages, size_t count)
{
    enum ax_err err = axmm_protect(range_of(pages, count), ORDINARY);
    /* The leaves were split when the pages were taken, so there is nothing left to allocate. */
    AX_ASSERT(err == AX_OK);
    err = axalloc_dealloc_pages_as(axalloc_global(), AXALLOC_DMA, ax_vaddr_of(pages), count);
    AX_ASSERT(err == AX_OK);
}

/* ---- runs of whole pages: a record of each, so that nothing else is taken back ---- */

struct run {
    struct ax_list link;
    void *pages;
    size_t count;
};

static const struct ax_layout run_layout = {sizeof(struct run), _Alignof(struct run)};
static struct axsync_spinlock lock = AXSYNC_SPINLOCK_INIT(8, "coherent runs"); /* of `runs` */
static struct ax_list runs = {&runs, &runs};

static enum ax_err run_alloc(struct ax_layout layout, void **out)
{
    size_t align = layout.align > AX_PAGE_SIZE ? layout.align : AX_PAGE_SIZE;
    struct run *run = axalloc_alloc(axalloc_global(), run_layout);
    if (run == NULL)
        return AX_ENOMEM;
    run->count = ax_pages_for(layout.size);
    enum ax_err err = coherent_pages_alloc(run->count, align, &run->pages);
    if (err != AX_OK) {
        axalloc_dealloc(axalloc_global(), run, run_layout);
        return err;
    }
    *out = run->pages;
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    ax_list_insert_after(&runs, &run->link);
    axsync_spin_unlock(&lock, state);
    return AX_OK;
}

/* Take the record of exactly this run off the list; NULL if there is none. */
static struct run *claim_run(const void *pages, size_t count)
{
    struct run *found = NULL;
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    for (struct ax_list *link = runs.next; link != &runs && found == NULL; link = link->next) {
        struct run *run = AX_CONTAINER_OF(link, struct run, link);
        if (run->pages == pages && run->count == count)
            found = run;
    }
    if (found != NULL)
        ax_list_remove(&found->link);
    axsync_spin_unlock(&lock, state);
    return found;
}

static enum ax_err run_dealloc(const void *pages, struct ax_layout layout)
{
    struct run *run = claim_run(pages, ax_pages_for(layout.size));
    if (run == NULL)
        return AX_EINVAL;
    coherent_pages_dealloc(run->pages, run->count);
    axalloc_dealloc(axalloc_global(), run, run_layout);
    return AX_OK;
}

/* ---- the contract ---- */

static bool is_small(struct ax_layout layout)
{
    return layout.size <= AX_PAGE_SIZE / 2 && layout.align <= AX_PAGE_SIZE;
}

static enum ax_err dealloc(void *memory, struct ax_layout layout)
{
    return is_small(layout) ? small_dealloc(memory, layout) : run_dealloc(memory, layout);
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
    struct axdma_memory memory;
    enum ax_err err =
        is_small(layout) ? small_alloc(layout, &memory.cpu) : run_alloc(layout, &memory.cpu);
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
