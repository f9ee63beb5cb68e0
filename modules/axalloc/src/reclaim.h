/*
 * What can be given back when memory is out. Private to src/. No lock of axalloc's is held around
 * these.
 */
#pragma once

#include <axalloc/alloc.h>

/* Give back what axalloc keeps back itself, the blocks in quarantine. True: there was something. */
bool reclaim_own(struct axalloc *self);
