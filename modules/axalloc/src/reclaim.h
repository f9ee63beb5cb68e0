/*
 * What can be given back when memory is out. Private to src/. No lock of axalloc's is held around
 * these.
 */
#pragma once

#include <axalloc/alloc.h>

/* Give back what axalloc keeps back itself, the blocks in quarantine. True: there was something. */
bool reclaim_own(struct axalloc *self);

/*
 * Between the two nobody that axalloc_set_reclaim() named is called for this instance: what is
 * out of memory meanwhile, on other CPUs too, fails. They may nest and overlap.
 */
void reclaim_pause(struct axalloc *self);
void reclaim_resume(struct axalloc *self);

/* The same, or else by the reclaimer: another try may do. */
bool reclaim_some(struct axalloc *self, size_t wanted_bytes);
