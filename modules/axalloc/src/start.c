/* How an instance begins and is given memory; seldom done, so compiled for size. */
#include "block.h"
#include "guard.h"
#include "pages.h"
#include "source.h"
#include <axbase/string.h>
#include <axlog/log.h>

/* ---- memory ---- */

enum ax_err axalloc_add_memory(struct axalloc *self, struct ax_vaddr start, size_t size)
{
    if (CONFIG_AXALLOC_GUARD && size < GUARD_LEAST_REGION)
        return AX_EINVAL;
    if (CONFIG_AXALLOC_GUARD && !guard_has_room(self))
        return AX_ENOSPC;
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    enum ax_err err =
        axalloc_bytes_add_memory(&self->heap, ax_vaddr_ptr(start), size, AXALLOC_REGION_STAYS);
    axsync_spin_unlock(&self->heap_lock, state);
    if (CONFIG_AXALLOC_GUARD && err == AX_OK)
        guard_add_window(self, start, size);
    return err;
}

enum ax_err pages_add(struct axalloc *self, struct ax_vrange range)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_add(&self->pages, range);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

enum ax_err axalloc_add_pages(struct axalloc *self, struct ax_vaddr start, size_t size)
{
    struct ax_vrange range = {start, size};
    if (CONFIG_AXALLOC_GUARD && !guard_has_room(self))
        return AX_ENOSPC;
    enum ax_err err =
        AXALLOC_BYTES_WORKS_IN_PAGES ? source_add_pages(self, range) : pages_add(self, range);
    if (CONFIG_AXALLOC_GUARD && err == AX_OK)
        guard_add_window(self, start, size);
    return err;
}

void axalloc_keep_low(struct axalloc *self, struct ax_vaddr limit)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    axalloc_pages_keep_low(&self->pages, limit);
    self->accounts.low_limit = limit;
    axsync_spin_unlock(&self->page_lock, state);
}

enum ax_err axalloc_global_add_memory(struct ax_vaddr start, size_t size)
{
    return axalloc_add_memory(axalloc_global(), start, size);
}

enum ax_err axalloc_global_add_pages(struct ax_vaddr start, size_t size)
{
    return axalloc_add_pages(axalloc_global(), start, size);
}

/* ---- starting ---- */

/* No locks: the instance is in use by nobody. */
static void forget(struct axalloc *self)
{
    if (CONFIG_AXSYNC_RANKS) {
        self->heap_lock = (struct axsync_spinlock)AXSYNC_SPINLOCK_INIT(3, "heap");
        self->page_lock = (struct axsync_spinlock)AXSYNC_SPINLOCK_INIT(4, "pages");
    }
    axalloc_bytes_init(&self->heap);
    axalloc_pages_init(&self->pages);
    if (block_is_cached(self))
        cache_forget_own();
    if (AXALLOC_BYTES_WORKS_IN_PAGES)
        source_attach(self);
    memset(&self->accounts, 0, sizeof self->accounts);
    if (CONFIG_AXALLOC_GUARD)
        guard_forget(self);
}

enum ax_err axalloc_init(struct axalloc *self, struct ax_vaddr start, size_t size)
{
    enum { FIRST_PAGES = AXALLOC_MIN_HEAP_BYTES / AX_PAGE_SIZE };
    struct ax_vaddr heap;
    forget(self);
    if (axalloc_add_pages(self, start, size) == AX_OK &&
        pages_alloc(self, AXALLOC_HEAP, FIRST_PAGES, AX_PAGE_SIZE, &heap) == AX_OK)
        return axalloc_add_memory(self, heap, AXALLOC_MIN_HEAP_BYTES);
    forget(self);
    size_t records = (size_t)ax_align_up(axalloc_pages_metadata_bytes(FIRST_PAGES), AX_PAGE_SIZE);
    if (AXALLOC_BYTES_WORKS_IN_PAGES)
        records += (size_t)ax_align_up(axalloc_bytes_cover_bytes(FIRST_PAGES + 2), AX_PAGE_SIZE);
    axlog_error("%zu bytes at %#llx are no memory to start with; at least %zu, in whole pages, are",
                size, (unsigned long long)start.raw, AXALLOC_MIN_HEAP_BYTES + records);
    return AX_EINVAL;
}

enum ax_err axalloc_global_init(struct ax_vaddr start, size_t size)
{
    axlog_debug("global allocator on [%#llx, %#llx)", (unsigned long long)start.raw,
                (unsigned long long)(start.raw + size));
    return axalloc_init(axalloc_global(), start, size);
}
