/*
 * The records of runs: one list, newest first, under a lock of its own that is held around steps
 * along the list only.
 *
 * Cost: a pointer that is not page aligned is no run, at once; any other is looked for along the
 * whole list. Does badly: thousands of runs at a time.
 */
#include "runs.h"
#include <axbase/assert.h>
#include <axbase/string.h>

static struct axsync_spinlock lock = AXSYNC_SPINLOCK_INIT(5, "runs");
static struct run *runs;

static size_t pages_of(struct ax_layout layout)
{
    return (size_t)ax_pages_for(layout.size);
}

static size_t page_align(struct ax_layout layout)
{
    return layout.align > AX_PAGE_SIZE ? layout.align : AX_PAGE_SIZE;
}

static void give_pages(struct axalloc *owner, struct ax_vaddr start, size_t pages)
{
    enum ax_err err = axalloc_dealloc_pages_as(owner, AXALLOC_DMA, start, pages);
    AX_ASSERT(err == AX_OK);
}

static enum ax_err take_pages(struct axalloc *owner, struct ax_layout layout, struct ax_vaddr below,
                              struct ax_vaddr *out)
{
    size_t pages = pages_of(layout), align = page_align(layout);
    if (below.raw == 0)
        return axalloc_alloc_pages_as(owner, AXALLOC_DMA, pages, align, out);
    return axalloc_alloc_pages_below(owner, AXALLOC_DMA, pages, align, below, out);
}

/* The link that holds the run at `start`, or the last one, which holds NULL. */
static struct run **link_to(struct ax_vaddr start) AX_REQUIRES(lock)
{
    struct run **link = &runs;
    while (*link != NULL && (*link)->start.raw != start.raw)
        link = &(*link)->next;
    return link;
}

enum ax_err run_alloc(struct axalloc *owner, struct ax_layout layout, struct ax_vaddr below,
                      void **out)
{
    struct ax_layout record = {sizeof(struct run), _Alignof(struct run)};
    struct run *run = axalloc_alloc(owner, record);
    if (run == NULL)
        return AX_ENOMEM;
    *run = (struct run){.owner = owner, .pages = pages_of(layout), .below = below};
    enum ax_err err = take_pages(owner, layout, below, &run->start);
    if (err != AX_OK) {
        axalloc_dealloc(owner, run, record);
        return AX_ENOMEM;
    }
    *out = ax_vaddr_ptr(run->start);
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    run->next = runs;
    runs = run;
    axsync_spin_unlock(&lock, state);
    return AX_OK;
}

bool run_find(const void *pointer, struct run *out)
{
    if (!ax_is_aligned((uintptr_t)pointer, AX_PAGE_SIZE))
        return false;
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    const struct run *run = *link_to(ax_vaddr_of(pointer));
    if (run != NULL)
        *out = *run;
    axsync_spin_unlock(&lock, state);
    return run != NULL;
}

static void shorten(const struct run *run, size_t pages)
{
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    struct run *record = *link_to(run->start);
    if (record != NULL)
        record->pages = pages;
    axsync_spin_unlock(&lock, state);
    AX_ASSERT(record != NULL);
    give_pages(run->owner, ax_vaddr_add(run->start, pages * AX_PAGE_SIZE), run->pages - pages);
}

enum ax_err run_realloc(const struct run *run, struct ax_layout layout, void **out)
{
    size_t pages = pages_of(layout);
    if (pages <= run->pages && ax_is_aligned(run->start.raw, page_align(layout))) {
        if (pages < run->pages)
            shorten(run, pages);
        *out = ax_vaddr_ptr(run->start);
        return AX_OK;
    }
    enum ax_err err = run_alloc(run->owner, layout, run->below, out);
    if (err != AX_OK)
        return err;
    size_t kept = pages < run->pages ? pages : run->pages;
    memcpy(*out, ax_vaddr_ptr(run->start), kept * AX_PAGE_SIZE);
    run_free(run->start);
    return AX_OK;
}

void run_free(struct ax_vaddr start)
{
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    struct run **link = link_to(start);
    struct run *run = *link;
    if (run != NULL)
        *link = run->next;
    axsync_spin_unlock(&lock, state);
    AX_ASSERT(run != NULL);
    give_pages(run->owner, run->start, run->pages);
    axalloc_dealloc(run->owner, run, (struct ax_layout){sizeof *run, _Alignof(struct run)});
}
