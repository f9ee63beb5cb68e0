/*
 * Runs of whole pages for devices, with a record of each in the heap, so that nothing else is
 * taken back.
 *
 * Does badly: a run is found again by searching the list of all of them.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/list.h>
#include <axlog/log.h>
#include <axsync/spinlock.h>

struct run {
    struct ax_list link;
    const void *owner;
    void *pages;
    size_t count;
    bool is_uncached;
};

static const struct ax_layout record_layout = {sizeof(struct run), _Alignof(struct run)};
static struct axsync_spinlock lock = AXSYNC_SPINLOCK_INIT(8, "DMA runs"); /* of `runs` */
static struct ax_list runs = {&runs, &runs};

enum ax_err run_take(const struct demand *demand, struct ax_layout layout, void **out)
{
    size_t align = layout.align > AX_PAGE_SIZE ? layout.align : AX_PAGE_SIZE;
    struct run *run = axalloc_alloc(axalloc_global(), record_layout);
    if (run == NULL)
        return AX_ENOMEM;
    run->owner = demand->owner;
    run->count = ax_pages_for(layout.size);
    run->is_uncached = demand->is_uncached;
    enum ax_err err = pages_take(demand, run->count, align, &run->pages);
    if (err != AX_OK) {
        axalloc_dealloc(axalloc_global(), run, record_layout);
        return err;
    }
    *out = run->pages;
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    ax_list_insert_after(&runs, &run->link);
    axsync_spin_unlock(&lock, state);
    return AX_OK;
}

/* The run that begins at `pages`; NULL: none does. */
static struct run *find_locked(const void *pages)
{
    for (struct ax_list *link = runs.next; link != &runs; link = link->next) {
        struct run *run = AX_CONTAINER_OF(link, struct run, link);
        if (run->pages == pages)
            return run;
    }
    return NULL;
}

static const char *wrong_with(const struct run *run, const void *owner, size_t count)
{
    if (run == NULL)
        return "not allocated, or freed twice";
    if (run->owner != owner)
        return "another device's, or pool's";
    return run->count != count ? "freed with the wrong size" : NULL;
}

const char *run_give(const void *owner, const void *pages, struct ax_layout layout)
{
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    struct run *run = find_locked(pages);
    const char *wrong = wrong_with(run, owner, ax_pages_for(layout.size));
    if (wrong == NULL)
        ax_list_remove(&run->link);
    axsync_spin_unlock(&lock, state);
    if (wrong != NULL)
        return wrong;
    pages_give(run->pages, run->count, run->is_uncached);
    axalloc_dealloc(axalloc_global(), run, record_layout);
    return NULL;
}

/* Number `index` of the owner's; false: it has fewer. */
static bool nth(const void *owner, unsigned index, struct run *out)
{
    bool is_found = false;
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    for (struct ax_list *link = runs.next; link != &runs && !is_found; link = link->next) {
        const struct run *run = AX_CONTAINER_OF(link, struct run, link);
        is_found = run->owner == owner && index-- == 0;
        if (is_found)
            *out = *run;
    }
    axsync_spin_unlock(&lock, state);
    return is_found;
}

void runs_name_all(const void *owner, const char *name)
{
    struct run run = {.count = 0};
    for (unsigned i = 0; nth(owner, i, &run); i++)
        axlog_error("%s: still allocated: %zu pages at %p", name, run.count, run.pages);
}
