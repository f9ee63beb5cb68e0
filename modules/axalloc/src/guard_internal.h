/* What the files of the guard share. */
#pragma once

#include "guard.h"
#include "guard_block.h"
#include <axbase/attr.h>

/* What was asked of a pointer that turned out wrong. */
enum guard_act { GUARD_FREE, GUARD_RESIZE, GUARD_ASK };

/* ---- guard_report.c: the ends; none of them changes anything ---- */

/* `pointer` is not a live block, or not one of `size` bytes. */
AX_NORETURN AX_COLD void guard_refuse(struct axalloc *self, const void *pointer, size_t size,
                                      enum guard_act act, const void *site);

/* What follows the live block `payload` was written to. */
AX_NORETURN AX_COLD void guard_overflowed(struct axalloc *self, const void *payload,
                                          enum guard_act act, const void *site);

/* The freed block `payload`, of `size` bytes, is not as its free left it. */
AX_NORETURN AX_COLD void guard_written_after_free(struct axalloc *self, const void *payload,
                                                  size_t size);

/* ---- guard_windows.c ---- */

/* `payload` is in none of the windows but, maybe, the first. */
bool guard_in_other_window(const struct axalloc_guard *guard, uintptr_t payload);

/* A header before `payload` would lie in memory that can be read. */
static inline bool guard_in_window(const struct axalloc_guard *guard, uintptr_t payload)
{
    /* relaxed: a window only grows, and a valid payload came through the heap's lock */
    const struct axalloc_guard_window *window = &guard->windows[0];
    uintptr_t room = atomic_load_explicit(&window->room, memory_order_relaxed);
    return payload - window->first < room || guard_in_other_window(guard, payload);
}

/* ---- guard_pages.c ---- */

/* A block with an unmapped page behind it; NULL: there is none to be had. */
void *guard_pages_alloc(struct axalloc *self, struct ax_layout layout, const void *site);

/* Before the block goes back to the heap: the page behind it is memory again. */
void guard_pages_open(struct axalloc *self, const void *payload, size_t size);

/* None faults; those of a former instance are whoever's its memory was. */
void guard_pages_forget(struct axalloc_guard *guard);

/* The page of `address` is one that faults. */
bool guard_pages_closed(const struct axalloc_guard *guard, uintptr_t address);

/* The header before `payload`, which is in a window, is not in a page that faults. */
static inline bool guard_is_open(const struct axalloc_guard *guard, uintptr_t payload)
{
    return !CONFIG_AXALLOC_GUARD_PAGES ||
           atomic_load_explicit(&guard->guard_page_count, memory_order_relaxed) == 0 ||
           (!guard_pages_closed(guard, payload - GUARD_HEADER) &&
            !guard_pages_closed(guard, payload - 1));
}

/* There may be a header before `payload`: reading it does not fault. */
static inline bool guard_can_read(const struct axalloc_guard *guard, const void *payload)
{
    return (uintptr_t)payload % AX_MALLOC_ALIGN == 0 &&
           guard_in_window(guard, (uintptr_t)payload) && guard_is_open(guard, (uintptr_t)payload);
}

/* The same said without a call; false where that cannot be. */
static inline bool guard_can_plainly_read(const struct axalloc_guard *guard, const void *payload)
{
    return (uintptr_t)payload % AX_MALLOC_ALIGN == 0 &&
           (uintptr_t)payload - guard->windows[0].first <
               atomic_load_explicit(&guard->windows[0].room, memory_order_relaxed) &&
           (!CONFIG_AXALLOC_GUARD_PAGES ||
            atomic_load_explicit(&guard->guard_page_count, memory_order_relaxed) == 0);
}

/* ---- poison: of all of the payload, rounded up to 16 bytes, which the block has ---- */

/* From the end: two words if they are odd, four, and then eight at a time. */
static inline void guard_poison(void *payload, size_t size)
{
    size_t padded = guard_padded(size);
    uint64_t *word = (uint64_t *)payload + padded / sizeof(uint64_t);
    if ((padded & 16) != 0) {
        word -= 2;
        word[0] = word[1] = GUARD_POISON;
    }
    if ((padded & 32) != 0) {
        word -= 4;
        word[0] = word[1] = word[2] = word[3] = GUARD_POISON;
    }
    while (word != payload) {
        word -= 8;
        word[0] = word[1] = word[2] = word[3] = GUARD_POISON;
        word[4] = word[5] = word[6] = word[7] = GUARD_POISON;
    }
}

static inline bool guard_is_poisoned(const void *payload, size_t size)
{
    size_t padded = guard_padded(size);
    const uint64_t *word = (const uint64_t *)payload + padded / sizeof(uint64_t);
    if ((padded & 16) != 0) {
        word -= 2;
        if (word[0] != GUARD_POISON || word[1] != GUARD_POISON)
            return false;
    }
    if ((padded & 32) != 0) {
        word -= 4;
        if (word[0] != GUARD_POISON || word[1] != GUARD_POISON || word[2] != GUARD_POISON ||
            word[3] != GUARD_POISON)
            return false;
    }
    while (word != payload) {
        word -= 8;
        if (word[0] != GUARD_POISON || word[1] != GUARD_POISON || word[2] != GUARD_POISON ||
            word[3] != GUARD_POISON || word[4] != GUARD_POISON || word[5] != GUARD_POISON ||
            word[6] != GUARD_POISON || word[7] != GUARD_POISON)
            return false;
    }
    return true;
}

/* Sign the header before `payload` as that of a live block; returns its canary. */
static inline uint64_t guard_sign_live(const struct axalloc_guard *guard, void *payload,
                                       uint64_t tag, const void *site)
{
    uint64_t signature = guard_sign(guard, payload, tag);
    struct guard_header *header = guard_header_of(payload);
    header->site = (uintptr_t)site;
    header->freed_at = 0;
    header->tag = tag;
    header->check = guard_live_check(signature, header);
    return guard_canary(signature);
}
