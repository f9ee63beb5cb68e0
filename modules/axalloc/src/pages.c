/*
 * The facade's pages: the page allocator under page_lock, and how many pages each kind has. Log
 * lines are written with the lock released, for a console is slow.
 */
#include "pages.h"
#include "guard.h"
#include "reclaim.h"
#include <axbase/assert.h>
#include <axlog/log.h>

static void count_in(struct axalloc_usage *usage, size_t pages)
{
    usage->pages += pages;
    if (usage->pages > usage->peak_pages)
        usage->peak_pages = usage->pages;
}

enum ax_err pages_alloc(struct axalloc *self, enum axalloc_kind kind, size_t count, size_t align,
                        struct ax_vaddr *out)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_alloc(&self->pages, count, align, out);
    if (err == AX_OK)
        count_in(&self->usage[kind], count);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

enum ax_err pages_alloc_below(struct axalloc *self, enum axalloc_kind kind, size_t count,
                              size_t align, struct ax_vaddr limit, struct ax_vaddr *out)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_alloc_below(&self->pages, count, align, limit, out);
    if (err == AX_OK)
        count_in(&self->usage[kind], count);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

static enum ax_err alloc_at(struct axalloc *self, struct ax_vaddr start, size_t count, size_t align)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_alloc_at(&self->pages, start, count, align);
    if (err == AX_OK)
        count_in(&self->usage[AXALLOC_APP], count);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

/* The refusal of a free that the page allocator has already obeyed. */
AX_COLD static AX_NOINLINE enum ax_err take_back(struct axalloc_pages *pages, struct ax_vaddr start,
                                                 size_t count)
{
    enum ax_err err = axalloc_pages_alloc_at(pages, start, count, AX_PAGE_SIZE);
    AX_ASSERT(err == AX_OK);
    return AX_EINVAL;
}

enum ax_err pages_dealloc(struct axalloc *self, enum axalloc_kind kind, struct ax_vaddr start,
                          size_t count)
{
    struct axalloc_usage *usage = &self->usage[kind];
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_dealloc(&self->pages, start, count);
    if (err == AX_OK && count > usage->pages)
        err = take_back(&self->pages, start, count);
    else if (err == AX_OK)
        usage->pages -= count;
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

/* ---- the public functions ---- */

AX_COLD static AX_NOINLINE enum ax_err alloc_after_reclaim(struct axalloc *self,
                                                           enum axalloc_kind kind, size_t count,
                                                           size_t align, struct ax_vaddr *out)
{
    enum ax_err err = AX_ENOMEM;
    for (unsigned tries = 0; tries < AXALLOC_RECLAIM_TRIES && err == AX_ENOMEM; tries++) {
        if (!reclaim_any(self, count * AX_PAGE_SIZE))
            return AX_ENOMEM;
        err = pages_alloc(self, kind, count, align, out);
    }
    return err;
}

enum ax_err axalloc_alloc_pages_as(struct axalloc *self, enum axalloc_kind kind, size_t count,
                                   size_t align, struct ax_vaddr *out)
{
    enum ax_err err = pages_alloc(self, kind, count, align, out);
    if (err != AX_ENOMEM || kind == AXALLOC_PAGE_TABLES || kind == AXALLOC_HEAP)
        return err;
    return alloc_after_reclaim(self, kind, count, align, out);
}

enum ax_err axalloc_alloc_pages_below(struct axalloc *self, enum axalloc_kind kind, size_t count,
                                      size_t align, struct ax_vaddr limit, struct ax_vaddr *out)
{
    enum ax_err err = AX_ENOMEM;
    for (unsigned tries = 0; err == AX_ENOMEM && tries <= AXALLOC_RECLAIM_TRIES; tries++) {
        if (tries > 0 && !reclaim_any(self, count * AX_PAGE_SIZE))
            return AX_ENOMEM;
        err = pages_alloc_below(self, kind, count, align, limit, out);
    }
    return err;
}

void axalloc_keep_low(struct axalloc *self, struct ax_vaddr limit)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    axalloc_pages_keep_low(&self->pages, limit);
    axsync_spin_unlock(&self->page_lock, state);
}

enum ax_err axalloc_alloc_pages(struct axalloc *self, size_t count, size_t align,
                                struct ax_vaddr *out)
{
    return axalloc_alloc_pages_as(self, AXALLOC_APP, count, align, out);
}

enum ax_err axalloc_alloc_pages_at(struct axalloc *self, struct ax_vaddr start, size_t count,
                                   size_t align)
{
    enum ax_err err = alloc_at(self, start, count, align);
    return err == AX_EBUSY && reclaim_own(self) ? alloc_at(self, start, count, align) : err;
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

enum ax_err axalloc_add_pages(struct axalloc *self, struct ax_vaddr start, size_t size)
{
    if (CONFIG_AXALLOC_GUARD && !guard_has_room(self))
        return AX_ENOSPC;
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_add(&self->pages, (struct ax_vrange){start, size});
    axsync_spin_unlock(&self->page_lock, state);
    if (CONFIG_AXALLOC_GUARD && err == AX_OK)
        guard_add_window(self, start, size);
    return err;
}
