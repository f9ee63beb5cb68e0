/*
 * What can be given back when memory is out. Private to src/. No lock of axalloc's is held around
 * these.
 */
#pragma once

#include <axalloc/alloc.h>

/* What axalloc keeps back itself: blocks in quarantine. True: there was something. */
bool reclaim_own(struct axalloc *self);

/* The same, else whatever axalloc_set_reclaim() named. True: another try may do. */
bool reclaim_any(struct axalloc *self, size_t wanted_bytes);
