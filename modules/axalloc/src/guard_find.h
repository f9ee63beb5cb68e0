/* Which block an address belongs to, for reports. Private to src/. */
#pragma once

#include "guard_internal.h"

enum guard_state {
    GUARD_NO_BLOCK,
    GUARD_LIVE,
    GUARD_WAITING,  /* freed, in quarantine: all of its header is there */
    GUARD_RELEASED, /* freed, and its memory is the heap's: the sites may be lost */
};

/* What the header before `payload` says. It is read only if it can be. */
enum guard_state guard_state_of(const struct axalloc_guard *guard, const void *payload);

enum { GUARD_FIND_BYTES = 64 << 20 };

/*
 * The block, live or freed, whose payload or canary holds `address`: NULL if there is none, or it
 * begins more than GUARD_FIND_BYTES before. It is looked for backwards, so the time grows with the
 * distance.
 */
const void *guard_find(const struct axalloc_guard *guard, uintptr_t address);
