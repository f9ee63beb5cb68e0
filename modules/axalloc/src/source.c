/*
 * The pages of an instance as the source of a byte allocator that works in pages
 * (AXALLOC_BYTES_WORKS_IN_PAGES), and its records of what each page is, which are the last pages of
 * each range. The source is asked with heap_lock held.
 */
#include "source.h"
#include "pages.h"
#include <axbase/assert.h>
#include <axbase/checked.h>

static bool take(void *context, size_t count, size_t align, struct ax_vaddr *out)
{
    return pages_alloc(context, AXALLOC_HEAP, count, align, out) == AX_OK;
}

static void give(void *context, struct ax_vaddr start, size_t count)
{
    enum ax_err err = pages_dealloc(context, AXALLOC_HEAP, start, count);
    AX_ASSERT(err == AX_OK);
}

/* Where the port brings more pages as they are needed, there is no end of them. */
static size_t available(void *context)
{
    struct axalloc *self = context;
    if (CONFIG_AXALLOC_PAGES_PORT)
        return SIZE_MAX / 2;
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    size_t pages = axalloc_pages_available(&self->pages);
    axsync_spin_unlock(&self->page_lock, state);
    return pages;
}

void source_attach(struct axalloc *self)
{
    axalloc_bytes_use_source(&self->heap,
                             (struct axalloc_page_source){self, take, give, available});
}

enum ax_err source_add_pages(struct axalloc *self, struct ax_vrange range)
{
    uint64_t end;
    if (ax_add_overflows(range.start.raw, range.size_bytes, &end))
        return AX_EINVAL;
    uint64_t first = ax_pages_for(range.start.raw), pages = end >> AX_PAGE_SHIFT;
    pages = pages > first ? pages - first : 0;
    uint64_t records = ax_pages_for(axalloc_bytes_cover_bytes((size_t)pages));
    if (pages <= records)
        return AX_ENOSPC;
    struct ax_vrange rest = {ax_vaddr(first << AX_PAGE_SHIFT), (pages - records) << AX_PAGE_SHIFT};
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    struct ax_vrange whole = {rest.start, pages << AX_PAGE_SHIFT};
    enum ax_err err = axalloc_bytes_covers(&self->heap, whole) ? AX_EEXIST : pages_add(self, rest);
    if (err == AX_OK)
        axalloc_bytes_cover(&self->heap, rest,
                            ax_vaddr_ptr(ax_vaddr_add(rest.start, rest.size_bytes)));
    axsync_spin_unlock(&self->heap_lock, state);
    return err;
}

bool source_trim(struct axalloc *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    size_t total = axalloc_bytes_total(&self->heap);
    axalloc_bytes_trim(&self->heap);
    bool gave = axalloc_bytes_total(&self->heap) != total;
    axsync_spin_unlock(&self->heap_lock, state);
    return gave;
}
