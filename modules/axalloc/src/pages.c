/*
 * The facade's pages: the page allocator under page_lock. Log lines are written with the lock
 * released, for a console is slow.
 */
#include <axalloc/alloc.h>
#include <axlog/log.h>

enum ax_err axalloc_alloc_pages(struct axalloc *self, size_t count, size_t align,
                                struct ax_vaddr *out)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_alloc(&self->pages, count, align, out);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}

enum ax_err axalloc_alloc_pages_at(struct axalloc *self, struct ax_vaddr start, size_t count,
                                   size_t align)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_alloc_at(&self->pages, start, count, align);
    axsync_spin_unlock(&self->page_lock, state);
    return err;
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
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    enum ax_err err = axalloc_pages_add(&self->pages, (struct ax_vrange){start, size});
    axsync_spin_unlock(&self->page_lock, state);
    return err;
}
