/*
 * The spare is one region that the heap has emptied. A program that crosses the edge of what the
 * heap has, to and fro with one block, would take pages and free them each time; so the region
 * waits for the next growth instead. It is nobody's meanwhile: neither the heap's nor a kind's,
 * and counted as available, for every allocation of pages that would fail without it gets it.
 */
#include "pages.h"
#include <axbase/assert.h>

enum { SPARE_PAGES_MAX = 64 }; /* larger ones are seldom crossed, and cost more to hold back */

/* The first `count` pages of the spare go to the caller, the others to the page allocator. */
static bool use_spare(struct axalloc *self, size_t count, struct ax_vaddr *out)
    AX_REQUIRES(self->page_lock)
{
    struct axalloc_accounts *accounts = &self->accounts;
    struct ax_vrange range = accounts->spare;
    size_t pages = range.size_bytes / AX_PAGE_SIZE;
    if (pages < count)
        return false;
    accounts->spare.size_bytes = 0;
    accounts->use_spare = NULL;
    if (count != 0)
        *out = range.start;
    if (pages == count)
        return true;
    struct ax_vaddr rest = ax_vaddr_add(range.start, (uint64_t)count << AX_PAGE_SHIFT);
    enum ax_err err = pages_put(self, rest, pages - count);
    AX_ASSERT(err == AX_OK);
    return true;
}

void pages_spare(struct axalloc *self, struct ax_vaddr start, size_t count)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    pages_give_spare(self);
    self->accounts.spare = (struct ax_vrange){start, (uint64_t)count << AX_PAGE_SHIFT};
    self->accounts.use_spare = use_spare;
    self->accounts.usage[AXALLOC_HEAP].pages -= count;
    if (count > SPARE_PAGES_MAX)
        pages_give_spare(self);
    axsync_spin_unlock(&self->page_lock, state);
}

enum ax_err pages_take_back(struct axalloc *self, struct ax_vaddr start, size_t count)
{
    enum ax_err err = axalloc_pages_alloc_at(&self->pages, start, count, AX_PAGE_SIZE);
    AX_ASSERT(err == AX_OK);
    return AX_EINVAL;
}
