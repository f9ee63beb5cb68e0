/*
 * What an instance of a guarded build (CONFIG_AXALLOC_GUARD) carries besides its heap: where its
 * blocks can lie, the secrets that its headers are signed with, the freed blocks that wait, and
 * the pages that are unmapped behind blocks. Nobody outside of axalloc reads or writes it;
 * docs/hardening.md tells what it is for.
 */
#pragma once

#include <axalloc/config.h>
#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/fmt.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    AXALLOC_GUARD_WINDOWS = 128, /* regions that do not touch; one more is AX_ENOSPC */
    AXALLOC_GUARD_SMALL_SLOTS = CONFIG_AXALLOC_QUARANTINE ? 1024 : 1,
    AXALLOC_GUARD_LARGE_SLOTS = CONFIG_AXALLOC_QUARANTINE ? 16 : 1,
    AXALLOC_GUARD_PAGE_SETS = CONFIG_AXALLOC_GUARD_PAGES ? 64 : 1,
    AXALLOC_GUARD_PAGE_WAYS = 4,
};

/* Memory that can be read: a pointer that is no header's end in one of these is foreign. */
struct axalloc_guard_window {
    uintptr_t first;        /* the least address that a payload can have */
    _Atomic uintptr_t room; /* and how far above it the largest is */
};

struct axalloc_guard {
    uint64_t secret; /* xored into what is signed; 0 until there is memory */
    uint64_t key;    /* odd; multiplied with it */
    _Atomic uint32_t small_next, large_next;
    _Atomic uint32_t guard_page_count;
    _Atomic uint32_t window_count; /* released when the window is complete */
    struct axalloc_guard_window windows[AXALLOC_GUARD_WINDOWS];
    _Atomic(void *) small[AXALLOC_GUARD_SMALL_SLOTS]; /* payloads in quarantine, or NULL */
    _Atomic(void *) large[AXALLOC_GUARD_LARGE_SLOTS];
    _Atomic uintptr_t guard_pages[AXALLOC_GUARD_PAGE_SETS][AXALLOC_GUARD_PAGE_WAYS]; /* or 0 */
};

struct axalloc;

/*
 * If `address` is in a page that faults behind one of the instance's blocks, print which block that
 * is, how large, and where it was allocated: "the unmapped page behind the block 0x... (size 4096,
 * ...)". False: it is not, and nothing was printed. Any context, any lock held.
 */
AX_COLD bool axalloc_guard_describe(struct axalloc *self, struct ax_vaddr address,
                                    struct ax_sink *sink);
