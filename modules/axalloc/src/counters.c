/* What an instance holds, and whether it is sound. */
#include "guard.h"
#include "heap.h"
#include "reclaim.h"
#include <axalloc/alloc.h>

/* What waits in the guard's quarantine is nobody's: it is given back before anything is counted. */
static void settle(struct axalloc *self)
{
    if (CONFIG_AXALLOC_QUARANTINE || CONFIG_AXALLOC_CACHES || AXALLOC_BYTES_WORKS_IN_PAGES)
        reclaim_own(self);
}

/* Each of these reads one counter under its lock; the lock makes 64-bit reads whole everywhere. */
static size_t ask_heap(struct axalloc *self, size_t (*question)(const struct axalloc_bytes *))
{
    settle(self);
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    size_t answer = question(&self->heap);
    axsync_spin_unlock(&self->heap_lock, state);
    return answer;
}

static size_t ask_pages(struct axalloc *self, size_t (*question)(const struct axalloc *))
{
    settle(self);
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    size_t answer = question(self);
    axsync_spin_unlock(&self->page_lock, state);
    return answer;
}

static size_t total(const struct axalloc *self)
{
    return axalloc_pages_total(&self->pages);
}

/* The spare is nobody's: whoever wants its pages gets them. */
static size_t available(const struct axalloc *self)
{
    return axalloc_pages_available(&self->pages) + self->accounts.spare.size_bytes / AX_PAGE_SIZE;
}

static size_t used(const struct axalloc *self)
{
    return total(self) - available(self);
}

size_t axalloc_total_bytes(struct axalloc *self)
{
    return ask_heap(self, axalloc_bytes_total);
}

size_t axalloc_used_bytes(struct axalloc *self)
{
    return ask_heap(self, axalloc_bytes_used);
}

size_t axalloc_available_bytes(struct axalloc *self)
{
    return ask_heap(self, axalloc_bytes_available);
}

size_t axalloc_total_pages(struct axalloc *self)
{
    return ask_pages(self, total);
}

size_t axalloc_used_pages(struct axalloc *self)
{
    return ask_pages(self, used);
}

size_t axalloc_available_pages(struct axalloc *self)
{
    return ask_pages(self, available);
}

struct axalloc_usage axalloc_usage(struct axalloc *self, enum axalloc_kind kind)
{
    settle(self);
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    struct axalloc_usage usage = self->accounts.usage[kind];
    axsync_spin_unlock(&self->page_lock, state);
    return usage;
}

/* heap_lock is around both: while it is held, no page becomes or ceases to be the heap's. */
size_t heap_handed_out_bytes(struct axalloc *self)
{
    settle(self);
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    size_t bytes = axalloc_bytes_used(&self->heap);
    struct axsync_spin_state page_state = axsync_spin_lock(&self->page_lock);
    bytes += (used(self) - self->accounts.usage[AXALLOC_HEAP].pages) * AX_PAGE_SIZE;
    axsync_spin_unlock(&self->page_lock, page_state);
    axsync_spin_unlock(&self->heap_lock, state);
    return bytes;
}

static const char *check_pages(const struct axalloc *self) AX_REQUIRES(self->page_lock)
{
    size_t pages = 0;
    for (unsigned kind = 0; kind < AXALLOC_KINDS; kind++) {
        const struct axalloc_usage *usage = &self->accounts.usage[kind];
        pages += usage->pages;
        if (usage->pages > usage->peak_pages)
            return "facade: a kind has more pages than at its peak";
    }
    return pages == used(self) ? axalloc_pages_check(&self->pages)
                               : "facade: the kinds' pages are not those in use";
}

const char *axalloc_check(struct axalloc *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->heap_lock);
    const char *broken = axalloc_bytes_check(&self->heap);
    axsync_spin_unlock(&self->heap_lock, state);
    if (broken != NULL)
        return broken;
    state = axsync_spin_lock(&self->page_lock);
    broken = check_pages(self);
    axsync_spin_unlock(&self->page_lock, state);
    return broken != NULL || !CONFIG_AXALLOC_GUARD ? broken : guard_check(self);
}
