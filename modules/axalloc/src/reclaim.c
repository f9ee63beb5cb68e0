/* Memory that comes back before an allocation is given up: axalloc's own first, then the app's. */
#include "reclaim.h"
#include "guard.h"

bool reclaim_own(struct axalloc *self)
{
    return CONFIG_AXALLOC_QUARANTINE && guard_flush(self);
}

/* Who is to be asked; nobody if somebody is being asked. */
static struct axalloc_reclaimer begin(struct axalloc *self)
{
    struct axalloc_reclaimer found = {.is_running = true};
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    if (!self->reclaimer.is_running && self->reclaimer.paused == 0) {
        found = self->reclaimer;
        self->reclaimer.is_running = true;
    }
    axsync_spin_unlock(&self->page_lock, state);
    return found;
}

static void end(struct axalloc *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    self->reclaimer.is_running = false;
    axsync_spin_unlock(&self->page_lock, state);
}

bool reclaim_any(struct axalloc *self, size_t wanted_bytes)
{
    if (reclaim_own(self))
        return true;
    struct axalloc_reclaimer reclaimer = begin(self);
    if (reclaimer.is_running)
        return false;
    size_t bytes =
        reclaimer.reclaim == NULL ? 0 : reclaimer.reclaim(reclaimer.context, wanted_bytes);
    end(self);
    return bytes != 0;
}

void reclaim_pause(struct axalloc *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    self->reclaimer.paused++;
    axsync_spin_unlock(&self->page_lock, state);
}

void reclaim_resume(struct axalloc *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    self->reclaimer.paused--;
    axsync_spin_unlock(&self->page_lock, state);
}

void axalloc_set_reclaim(struct axalloc *self, axalloc_reclaim *reclaim, void *context)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->page_lock);
    self->reclaimer.reclaim = reclaim;
    self->reclaimer.context = context;
    axsync_spin_unlock(&self->page_lock, state);
}
