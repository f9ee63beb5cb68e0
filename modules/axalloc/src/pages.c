/*
 * The facade's pages: the page allocator under page_lock, and how many pages each kind has. Log
 * lines are written with the lock released, for a console is slow.
 */
#include "pages.h"
#include "reclaim.h"
#include <axlog/log.h>

enum ax_err pages_alloc(struct axalloc *self, enum axalloc_kind kind, size_t count, size_t align,
                        struct ax_vaddr *out)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    bool is_growth = kind == AXALLOC_HEAP && align == AX_PAGE_SIZE && count != 0;
    enum ax_err err = AX_OK;
    if (!is_growth || !pages_take_spare(self, count, out))
        err = pages_take(self, count, align, out);
    if (err == AX_ENOMEM && pages_give_spare(self))
        err = pages_take(self, count, align, out);
    if (err == AX_OK)
        pages_count_in(self, kind, count);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

enum ax_err pages_alloc_below(struct axalloc *self, enum axalloc_kind kind, size_t count,
                              size_t align, struct ax_vaddr limit, struct ax_vaddr *out)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_alloc_below(&self->pages, count, align, limit, out);
    if (err == AX_ENOMEM && pages_give_spare(self))
        err = axalloc_pages_alloc_below(&self->pages, count, align, limit, out);
    if (err == AX_OK)
        pages_count_in(self, kind, count);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

static enum ax_err alloc_at(struct axalloc *self, enum axalloc_kind kind, struct ax_vaddr start,
                            size_t count, size_t align)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_alloc_at(&self->pages, start, count, align);
    if (err == AX_EBUSY && pages_give_spare(self))
        err = axalloc_pages_alloc_at(&self->pages, start, count, align);
    if (err == AX_OK)
        pages_count_in(self, kind, count);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

/* Freeing pages that the spare has is freeing them twice. */
static bool overlaps_spare(const struct axalloc *self, struct ax_vaddr start, size_t count)
{
    const struct ax_vrange *spare = &self->accounts.spare;
    return start.raw - spare->start.raw < spare->size_bytes ||
           spare->start.raw - start.raw < (uint64_t)count << AX_PAGE_SHIFT;
}

enum ax_err pages_dealloc(struct axalloc *self, enum axalloc_kind kind, struct ax_vaddr start,
                          size_t count)
{
    struct axalloc_usage *usage = &self->accounts.usage[kind];
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    if (overlaps_spare(self, start, count))
        pages_give_spare(self);
    enum ax_err err = pages_put(self, start, count);
    if (err == AX_OK && count > usage->pages)
        err = pages_take_back(self, start, count);
    else if (err == AX_OK)
        usage->pages -= count;
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

/* ---- the public functions ---- */

/*
 * Memory may have come back for another try. Callers that ask for tables or for the heap hold locks
 * that whoever gives it back may need.
 */
static bool comes_back(struct axalloc *self, enum ax_err err, enum axalloc_kind kind, size_t count,
                       unsigned tries)
{
    return err == AX_ENOMEM && kind != AXALLOC_PAGE_TABLES && kind != AXALLOC_HEAP &&
           reclaim_again(self, count * AX_PAGE_SIZE, tries);
}

enum ax_err axalloc_alloc_pages_as(struct axalloc *self, enum axalloc_kind kind, size_t count,
                                   size_t align, struct ax_vaddr *out)
{
    for (unsigned tries = 0;; tries++) {
        enum ax_err err = pages_alloc(self, kind, count, align, out);
        if (!comes_back(self, err, kind, count, tries))
            return err;
    }
}

enum ax_err axalloc_alloc_pages_below(struct axalloc *self, enum axalloc_kind kind, size_t count,
                                      size_t align, struct ax_vaddr limit, struct ax_vaddr *out)
{
    for (unsigned tries = 0;; tries++) {
        enum ax_err err = pages_alloc_below(self, kind, count, align, limit, out);
        if (!comes_back(self, err, kind, count, tries))
            return err;
    }
}

enum ax_err axalloc_alloc_pages(struct axalloc *self, size_t count, size_t align,
                                struct ax_vaddr *out)
{
    return axalloc_alloc_pages_as(self, AXALLOC_APP, count, align, out);
}

enum ax_err axalloc_alloc_pages_at(struct axalloc *self, struct ax_vaddr start, size_t count,
                                   size_t align)
{
    return axalloc_alloc_pages_at_as(self, AXALLOC_APP, start, count, align);
}

enum ax_err axalloc_alloc_pages_at_as(struct axalloc *self, enum axalloc_kind kind,
                                      struct ax_vaddr start, size_t count, size_t align)
{
    enum ax_err err = alloc_at(self, kind, start, count, align);
    return err == AX_EBUSY && reclaim_own(self) ? alloc_at(self, kind, start, count, align) : err;
}

enum ax_err axalloc_dealloc_pages_as(struct axalloc *self, enum axalloc_kind kind,
                                     struct ax_vaddr start, size_t count)
{
    enum ax_err err = pages_dealloc(self, kind, start, count);
    if (err != AX_OK)
        axlog_error("free of %zu pages at %#llx refused: %s", count, (unsigned long long)start.raw,
                    err == AX_EFAULT ? "not all of them are managed pages"
                                     : "free already, of another kind, or not whole pages");
    return err;
}

enum ax_err axalloc_dealloc_pages(struct axalloc *self, struct ax_vaddr start, size_t count)
{
    return axalloc_dealloc_pages_as(self, AXALLOC_APP, start, count);
}
