/*
 * What can be given back when memory is out. Private to src/. No lock of axalloc's is held around
 * these.
 */
#pragma once

#include <axalloc/alloc.h>
#include <axbase/attr.h>

/* Give back what axalloc keeps back itself, the blocks in quarantine. True: there was something. */
bool reclaim_own(struct axalloc *self);

/*
 * The same, else whatever axalloc_set_reclaim() named gives; not if there were `tries` of these
 * before. True: another try may do.
 */
AX_COLD AX_NOINLINE bool reclaim_again(struct axalloc *self, size_t wanted_bytes, unsigned tries);

/*
 * Between the two nobody that axalloc_set_reclaim() named is called for this instance: what is
 * out of memory meanwhile, on other CPUs too, fails. They may nest and overlap.
 */
void reclaim_pause(struct axalloc *self);
void reclaim_resume(struct axalloc *self);
