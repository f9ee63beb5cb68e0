/* The pages of an instance below its public functions: under page_lock, nothing else. Private. */
#pragma once

#include <axalloc/alloc.h>
#include <axalloc/config.h>
#include <axalloc/pages_port.h>

/*
 * As axalloc_alloc_pages_as(), but that it is out of memory when there is none: nobody is asked to
 * give any back. What holds heap_lock calls this one.
 */
AX_MUST_CHECK enum ax_err pages_alloc(struct axalloc *self, enum axalloc_kind kind, size_t count,
                                      size_t align, struct ax_vaddr *out);

/* As pages_alloc(), of pages below `limit`. */
AX_MUST_CHECK enum ax_err pages_alloc_below(struct axalloc *self, enum axalloc_kind kind,
                                            size_t count, size_t align, struct ax_vaddr limit,
                                            struct ax_vaddr *out);

/* As axalloc_dealloc_pages_as(), without the line in the log. */
enum ax_err pages_dealloc(struct axalloc *self, enum axalloc_kind kind, struct ax_vaddr start,
                          size_t count);

/* The page allocator manages `range` too; errors as axalloc_pages_add(). */
AX_MUST_CHECK enum ax_err pages_add(struct axalloc *self, struct ax_vrange range);

/* The page allocator's own functions, and the port's with them. */
static inline enum ax_err pages_take(struct axalloc *self, size_t count, size_t align,
                                     struct ax_vaddr *out) AX_REQUIRES(self->page_lock)
{
    enum ax_err err = axalloc_pages_alloc(&self->pages, count, align, out);
    if (CONFIG_AXALLOC_PAGES_PORT && err == AX_ENOMEM &&
        axalloc_port_pages_more(self, count, align))
        err = axalloc_pages_alloc(&self->pages, count, align, out);
    if (CONFIG_AXALLOC_PAGES_PORT && err == AX_OK)
        axalloc_port_pages_taken(self, *out, count);
    return err;
}

static inline enum ax_err pages_put(struct axalloc *self, struct ax_vaddr start, size_t count)
    AX_REQUIRES(self->page_lock)
{
    enum ax_err err = axalloc_pages_dealloc(&self->pages, start, count);
    if (CONFIG_AXALLOC_PAGES_PORT && err == AX_OK)
        axalloc_port_pages_given(self, start, count);
    return err;
}

/* The pages are the kind's from now on. */
static inline void pages_count_in(struct axalloc *self, enum axalloc_kind kind, size_t pages)
    AX_REQUIRES(self->page_lock)
{
    struct axalloc_usage *usage = &self->accounts.usage[kind];
    usage->pages += pages;
    if (usage->pages > usage->peak_pages)
        usage->peak_pages = usage->pages;
}

/* ---- spare.c ---- */

/* Pages from the spare; what is left of it is free then. False: it has none that would do. */
static inline bool pages_take_spare(struct axalloc *self, size_t count, struct ax_vaddr *out)
    AX_REQUIRES(self->page_lock)
{
    axalloc_use_spare *use = self->accounts.use_spare;
    return use != NULL && use(self, count, out);
}

/* The spare goes to the page allocator. False: there is none. */
static inline bool pages_give_spare(struct axalloc *self) AX_REQUIRES(self->page_lock)
{
    return pages_take_spare(self, 0, NULL);
}

/* The heap has no more use for these pages of its own: they become the spare, or free. */
void pages_spare(struct axalloc *self, struct ax_vaddr start, size_t count);

/* Undo a free that the page allocator obeyed although it was wrong; what it is to be refused by. */
enum ax_err pages_take_back(struct axalloc *self, struct ax_vaddr start, size_t count)
    AX_REQUIRES(self->page_lock);
