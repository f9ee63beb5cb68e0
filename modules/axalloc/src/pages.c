/*
 * The facade's pages: the page allocator under page_lock. Log lines are written with the lock
 * released, for a console is slow.
 */
#include "pages.h"
#include "guard.h"
#include <axalloc/alloc.h>
#include <axlog/log.h>

enum ax_err pages_alloc(struct axalloc *self, size_t count, size_t align, struct ax_vaddr *out)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_alloc(&self->pages, count, align, out);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

static enum ax_err alloc_at(struct axalloc *self, struct ax_vaddr start, size_t count, size_t align)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_alloc_at(&self->pages, start, count, align);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

/* A page may be missing because a freed block that waits is the last in a region of the heap. */
static bool is_worth_a_flush(enum ax_err err)
{
    return CONFIG_AXALLOC_QUARANTINE && (err == AX_ENOMEM || err == AX_EBUSY);
}

enum ax_err axalloc_alloc_pages(struct axalloc *self, size_t count, size_t align,
                                struct ax_vaddr *out)
{
    enum ax_err err = pages_alloc(self, count, align, out);
    return is_worth_a_flush(err) && guard_flush(self) ? pages_alloc(self, count, align, out) : err;
}

enum ax_err axalloc_alloc_pages_at(struct axalloc *self, struct ax_vaddr start, size_t count,
                                   size_t align)
{
    enum ax_err err = alloc_at(self, start, count, align);
    return is_worth_a_flush(err) && guard_flush(self) ? alloc_at(self, start, count, align) : err;
}

enum ax_err axalloc_dealloc_pages(struct axalloc *self, struct ax_vaddr start, size_t count)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_dealloc(&self->pages, start, count);
    axsync_spin_unlock(&self->page_lock, state);
    if (err != AX_OK)
        axlog_error("free of %zu pages at %#llx refused: %s", count, (unsigned long long)start.raw,
                    err == AX_EFAULT ? "not all of them are managed pages"
                                     : "free already, or not whole pages");
    return err;
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
