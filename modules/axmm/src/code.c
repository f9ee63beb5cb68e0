/*
 * Executable memory. Its frames are mapped page by page, and each one's page of the linear map is
 * made read-only by itself: so making it writable again never has a leaf to split, and cannot fail.
 */
#include "code.h"
#include <axalloc/alloc.h>
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axcpu/cache.h>
#include <axhal/mem.h>
#include <axmm/code.h>
#include <axmm/kernel_space.h>

enum { SEALED = AXCPU_MAP_READ | AXCPU_MAP_EXECUTE, OPEN = AXCPU_MAP_READ | AXCPU_MAP_WRITE };

static struct ax_vrange page_at(struct ax_vaddr address)
{
    return (struct ax_vrange){address, AX_PAGE_SIZE};
}

void code_retire(struct ax_vaddr linear, size_t pages)
{
    for (size_t i = 0; i < pages; i++) {
        struct ax_vrange page = page_at(ax_vaddr_add(linear, i * AX_PAGE_SIZE));
        enum ax_err err = axmm_protect(page, OPEN);
        AX_ASSERT(err == AX_OK);
    }
}

/* Zeroed, then read-only in the linear map, then mapped: never writable and executable. */
static enum ax_err map_page(uint64_t at, struct ax_vaddr page)
{
    struct ax_paddr physical;
    memset(ax_vaddr_ptr(page), 0, AX_PAGE_SIZE);
    enum ax_err err = axhal_virt_to_phys(page, &physical);
    if (err != AX_OK)
        return err;
    err = axmm_protect(page_at(page), AXCPU_MAP_READ);
    if (err != AX_OK)
        return err;
    err = window_map(at, physical, AX_PAGE_SIZE, SEALED);
    if (err != AX_OK)
        code_retire(page, 1);
    return err;
}

static enum ax_err fill_page(uint64_t at)
{
    struct ax_vaddr page;
    enum ax_err err = axalloc_alloc_pages_as(axalloc_global(), AXALLOC_APP, 1, AX_PAGE_SIZE, &page);
    if (err != AX_OK)
        return err;
    err = map_page(at, page);
    if (err != AX_OK)
        axalloc_dealloc_pages_as(axalloc_global(), AXALLOC_APP, page, 1);
    return err;
}

enum ax_err code_fill(uint64_t start, uint64_t end)
{
    enum ax_err err = AX_OK;
    uint64_t at = start;
    for (; at < end && err == AX_OK; at += AX_PAGE_SIZE)
        err = fill_page(at);
    if (err == AX_OK) {
        axcpu_icache_sync(ax_vaddr_ptr(ax_vaddr(start)), (size_t)(end - start));
        return AX_OK;
    }
    enum ax_err undone = window_drain(start, at - AX_PAGE_SIZE, AXALLOC_APP, code_retire);
    AX_ASSERT(undone == AX_OK);
    return err;
}

/* The pages that hold the bytes, if they are of one block of executable memory. */
static enum ax_err pages_of(const void *code, size_t bytes, struct ax_vrange *out)
{
    uint64_t start = ax_align_down(ax_vaddr_of(code).raw, AX_PAGE_SIZE);
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    const struct area *area = areas_at_or_below(&window_mapper, start);
    bool is_code = area != NULL && area->kind == AREA_CODE && bytes != 0 &&
                   ax_vaddr_of(code).raw - area->start < area->size_bytes &&
                   bytes <= window_end_of(area) - ax_vaddr_of(code).raw;
    axsync_spin_unlock(&kernel_space_lock, state);
    if (!is_code)
        return AX_EFAULT;
    uint64_t end = ax_align_up(ax_vaddr_of(code).raw + bytes, AX_PAGE_SIZE);
    *out = (struct ax_vrange){ax_vaddr(start), end - start};
    return AX_OK;
}

enum ax_err axmm_code_open(void *code, size_t bytes)
{
    struct ax_vrange pages;
    enum ax_err err = pages_of(code, bytes, &pages);
    return err == AX_OK ? axmm_protect(pages, OPEN) : err;
}

enum ax_err axmm_code_seal(void *code, size_t bytes)
{
    struct ax_vrange pages;
    enum ax_err err = pages_of(code, bytes, &pages);
    if (err == AX_OK)
        err = axmm_protect(pages, SEALED);
    if (err == AX_OK)
        axcpu_icache_sync(code, bytes);
    return err;
}

enum ax_err axmm_code_write(void *code, const void *source, size_t bytes)
{
    enum ax_err err = axmm_code_open(code, bytes);
    if (err != AX_OK)
        return err;
    memcpy(code, source, bytes);
    return axmm_code_seal(code, bytes);
}
