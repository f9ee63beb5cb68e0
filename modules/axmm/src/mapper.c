/*
 * axalloc's mapper in the kernel: virtually contiguous and executable memory in the mapped window.
 *
 * It is a table that only axalloc's mapped memory refers to, so an image without such memory has
 * none of this.
 */
#include "code.h"
#include "describe.h"
#include <axalloc/alloc.h>
#include <axalloc/mapper.h>
#include <axbase/assert.h>
#include <axbase/checked.h>
#include <axcpu/layout.h>
#include <axmm/kernel_space.h>

static const uint64_t large_bytes = UINT64_C(2) << 20; /* from here on large leaves pay */

static enum ax_err fill(enum area_kind kind, uint64_t start, uint64_t end)
{
    return kind == AREA_CODE ? code_fill(start, end) : window_fill(start, end, AXALLOC_APP);
}

static enum ax_err drain(const struct area *area, uint64_t start)
{
    return window_drain(start, window_end_of(area), AXALLOC_APP,
                        area->kind == AREA_CODE ? code_retire : NULL);
}

/* Addresses for `pages` pages. More than there are in all are refused before any is taken. */
static enum ax_err take(enum area_kind kind, size_t pages, uint64_t align, struct area **out)
{
    struct area wanted = {.kind = kind};
    if (pages > axalloc_total_pages(axalloc_global()))
        return AX_ENOMEM;
    wanted.size_bytes = pages * AX_PAGE_SIZE;
    if (wanted.size_bytes >= large_bytes && align < large_bytes)
        align = large_bytes;
    return window_take(&window_mapper, &wanted, align, out);
}

static enum ax_err map(void *context, enum axalloc_mapping mapping, size_t pages, size_t align,
                       struct ax_vaddr *out)
{
    (void)context;
    enum area_kind kind = mapping == AXALLOC_MAPPING_CODE ? AREA_CODE : AREA_DATA;
    struct area *area;
    describe_mapped_addresses();
    enum ax_err err = take(kind, pages, align, &area);
    if (err != AX_OK)
        return err;
    err = fill(kind, area->start, window_end_of(area));
    if (err == AX_OK)
        *out = ax_vaddr(area->start);
    else
        window_give(&window_mapper, area);
    return err;
}

static void unmap(void *context, struct ax_vaddr start, size_t pages)
{
    (void)context;
    (void)pages; /* an area that could not be made shorter is longer */
    struct area *area = window_area(&window_mapper, start.raw, "free");
    AX_ASSERT(pages * AX_PAGE_SIZE <= area->size_bytes);
    enum ax_err err = drain(area, area->start);
    AX_ASSERT(err == AX_OK);
    window_give(&window_mapper, area);
}

static enum ax_err resize(struct area *area, uint64_t size_bytes)
{
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    enum ax_err err = areas_resize(&window_mapper, area, size_bytes);
    axsync_spin_unlock(&kernel_space_lock, state);
    return err;
}

/*
 * Free what is behind the first `size_bytes`. If that takes a table for which there is no memory,
 * the area stays as long as it is, which its owner need not know.
 */
static void shrink(struct area *area, uint64_t size_bytes)
{
    if (drain(area, area->start + size_bytes) == AX_OK) {
        enum ax_err err = resize(area, size_bytes);
        AX_ASSERT(err == AX_OK);
    }
}

/* Into the addresses behind the area. AX_ENOMEM: they are in use, or there are no frames. */
static enum ax_err grow(struct area *area, uint64_t size_bytes)
{
    uint64_t old_bytes = area->size_bytes;
    enum ax_err err = resize(area, size_bytes);
    if (err != AX_OK)
        return err;
    err = fill(area->kind, area->start + old_bytes, window_end_of(area));
    if (err != AX_OK) {
        enum ax_err undone = resize(area, old_bytes);
        AX_ASSERT(undone == AX_OK);
    }
    return err;
}

/* Map the frames at `from` at `to`, too, with the same flags. AX_ENOMEM: none of them. */
static enum ax_err share(uint64_t from, uint64_t to, uint64_t bytes)
{
    for (uint64_t done = 0; done < bytes;) {
        struct axhal_mapping leaf;
        enum ax_err err = axmm_query(ax_vaddr(from + done), &leaf);
        AX_ASSERT(err == AX_OK);
        uint64_t skipped = from + done - leaf.virtual.start.raw;
        uint64_t part = leaf.virtual.size_bytes - skipped;
        part = part < bytes - done ? part : bytes - done;
        err = window_map(to + done, ax_paddr_add(leaf.physical, skipped), part, leaf.map_flags);
        if (err != AX_OK) {
            window_unmap(to, to + done);
            return err;
        }
        done += part;
    }
    return AX_OK;
}

/* `area` has none of the frames of `old` yet; on AX_OK it has all it needs, and `old` is gone. */
static enum ax_err move(struct area *old, struct area *area)
{
    uint64_t kept = old->size_bytes < area->size_bytes ? old->size_bytes : area->size_bytes;
    enum ax_err err = share(old->start, area->start, kept);
    if (err != AX_OK)
        return err;
    err = fill(area->kind, area->start + kept, window_end_of(area));
    if (err == AX_OK)
        err = drain(old, old->start + kept);
    if (err != AX_OK) { /* not both: one of the two had nothing to do */
        window_unmap(area->start, area->start + kept);
        return err;
    }
    window_unmap(old->start, old->start + kept);
    window_give(&window_mapper, old);
    return AX_OK;
}

static enum ax_err remap(void *context, struct ax_vaddr start, size_t pages, size_t new_pages,
                         size_t align, struct ax_vaddr *out)
{
    (void)context;
    (void)pages;
    struct area *old = window_area(&window_mapper, start.raw, "realloc");
    struct area *area;
    bool is_aligned = ax_is_aligned(start.raw, align);
    uint64_t size_bytes;
    AX_ASSERT(pages * AX_PAGE_SIZE <= old->size_bytes);
    if (ax_mul_overflows(new_pages, AX_PAGE_SIZE, &size_bytes))
        return AX_ENOMEM;
    if (is_aligned && size_bytes <= old->size_bytes) {
        shrink(old, size_bytes);
        *out = start;
        return AX_OK;
    }
    if (is_aligned && grow(old, size_bytes) == AX_OK) {
        *out = start;
        return AX_OK;
    }
    enum ax_err err = take(old->kind, new_pages, align, &area);
    if (err != AX_OK)
        return err;
    err = move(old, area);
    if (err == AX_OK)
        *out = ax_vaddr(area->start);
    else
        window_give(&window_mapper, area);
    return err;
}

const struct axalloc_mapper axalloc_port_mapper = {
    .window = {{AXCPU_MAPPED_BASE}, AXCPU_MAPPED_SIZE / 2},
    .map = map,
    .remap = remap,
    .unmap = unmap,
};
