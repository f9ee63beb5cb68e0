/*
 * What an app left allocated when it returned, by the calls that allocated it. Builds with
 * CONFIG_AXALLOC_LEAKS (FEATURES=debug) have it; elsewhere it is not there.
 *
 * Blocks are recognised by the header that the guard puts in front of each (src/guard_block.h), so
 * that nothing is recorded beside them, and nothing can be out of room.
 */
#pragma once

#include <axalloc/alloc.h>

/* What is allocated from `self` now is not a leak: it is there before the app. Once, any context.*/
void axalloc_leaks_begin(struct axalloc *self);

/*
 * Tell `sink` what is allocated beyond that. Nothing at all if nothing is, else:
 *
 *     axle: leaked: 3 blocks, 1056 bytes
 *       2 blocks, 1024 bytes, allocated at pc 0xffffffff80003a5e
 *       1 block, 32 bytes, allocated at pc 0xffffffff80003b00
 *       8 pages of kind app
 *
 * in order of address of the calls, to which tools/run adds names. Returns the number of blocks
 * plus pages. Nobody may allocate or free meanwhile. Time: blocks times calls.
 */
size_t axalloc_leaks_report(struct axalloc *self, struct ax_sink *sink);
