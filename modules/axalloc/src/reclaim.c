/*
 * Memory that comes back before an allocation is given up: axalloc's own first, then what the
 * reclaimer gives. What asks that one is reached through the instance, so that an image which
 * names no reclaimer carries no code for it.
 */
#include "reclaim.h"
#include "block.h"
#include "guard.h"
#include "source.h"

bool reclaim_own(struct axalloc *self)
{
    bool gave = CONFIG_AXALLOC_QUARANTINE && guard_flush(self);
    if (block_is_cached(self))
        gave |= cache_flush_own(self);
    if (AXALLOC_BYTES_WORKS_IN_PAGES)
        gave |= source_trim(self);
    return gave;
}

bool reclaim_again(struct axalloc *self, size_t wanted_bytes, unsigned tries)
{
    /* relaxed: what it uses is read under page_lock */
    axalloc_ask *ask = atomic_load_explicit(&self->accounts.ask, memory_order_relaxed);
    return tries < AXALLOC_RECLAIM_TRIES &&
           (reclaim_own(self) || (ask != NULL && ask(self, wanted_bytes)));
}

/* ---- the reclaimer ---- */

/* It is to run now, and nobody else may call it until it has. */
static bool begin(struct axalloc *self, axalloc_reclaim **reclaim, void **context)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    *reclaim = self->accounts.reclaim;
    *context = self->accounts.context;
    bool can_run = *reclaim != NULL && !self->accounts.is_reclaiming && self->accounts.paused == 0;
    if (can_run)
        self->accounts.is_reclaiming = true;
    axsync_spin_unlock(&self->page_lock, state);
    return can_run;
}

static bool ask_reclaimer(struct axalloc *self, size_t wanted_bytes)
{
    axalloc_reclaim *reclaim;
    void *context;
    if (!begin(self, &reclaim, &context))
        return false;
    size_t bytes = reclaim(context, wanted_bytes);
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    self->accounts.is_reclaiming = false;
    axsync_spin_unlock(&self->page_lock, state);
    return bytes != 0;
}

void reclaim_pause(struct axalloc *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    self->accounts.paused++;
    axsync_spin_unlock(&self->page_lock, state);
}

void reclaim_resume(struct axalloc *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    self->accounts.paused--;
    axsync_spin_unlock(&self->page_lock, state);
}

void axalloc_set_reclaim(struct axalloc *self, axalloc_reclaim *reclaim, void *context)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    atomic_store_explicit(&self->accounts.ask, ask_reclaimer, memory_order_relaxed);
    self->accounts.reclaim = reclaim;
    self->accounts.context = context;
    axsync_spin_unlock(&self->page_lock, state);
}
