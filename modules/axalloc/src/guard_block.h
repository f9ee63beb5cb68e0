/*
 * A guarded block as it lies in memory, and the words that prove it.
 *
 *     block of the byte allocator              payload: what the caller has
 *     v                                        v
 *     +- - - - - - - -+------+----------+-----+-------+----------+--------+
 *     | gap, for align| site | freed_at | tag | check | payload  | canary |
 *     +- - - - - - - -+------+----------+-----+-------+----------+--------+
 *                     0      8          16    24      32         32 + size
 *
 * `check` signs the address, the tag and, while the block is live, the site. In a block that waits
 * in quarantine it is another signature of the first two alone, and a third one afterwards: byte
 * allocators keep their links in the first 16 bytes of a free block, so what follows still tells a
 * second free when the block is the heap's again. A flip of any single bit of a live header changes
 * what is compared: the signature is a bijection of each of the words while the others stay.
 */
#pragma once

#include <axalloc/alloc.h>
#include <axbase/bits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guard_header {
    uintptr_t site;     /* return address of the call that allocated the block */
    uintptr_t freed_at; /* of the one that freed it; 0 while it is live */
    uint64_t tag;       /* size << 8 | flags | log2 of the payload's offset in the block */
    uint64_t check;
};

enum {
    GUARD_HEADER = 32, /* no more than GUARD_LEAST_REGION */
    GUARD_HEADER_LOG2 = 5,
    GUARD_CANARY = 8,
    GUARD_OFFSET_LOG2 = 0x3f, /* this part of the tag */
    GUARD_HAS_PAGE = 0x40,    /* an unmapped page follows instead of a canary */
    GUARD_IS_OLD = 0x80,      /* from before the app: not its leak */
    GUARD_SIZE_SHIFT = 8,
};

_Static_assert(sizeof(struct guard_header) == GUARD_HEADER, "payloads stay aligned");

/* What freed memory holds. As a pointer it faults on both ISAs. */
#define GUARD_POISON UINT64_C(0xf4eef4eef4eef4ee)

static inline struct guard_header *guard_header_of(const void *payload)
{
    return (struct guard_header *)((uintptr_t)payload - GUARD_HEADER);
}

static inline size_t guard_size(uint64_t tag)
{
    return (size_t)(tag >> GUARD_SIZE_SHIFT);
}

/* Bytes of the payload that are poisoned: the canary is in them, or behind. */
static inline size_t guard_padded(size_t size)
{
    return (size_t)ax_align_up(size, AX_MALLOC_ALIGN);
}

static inline size_t guard_offset(uint64_t tag)
{
    return (size_t)1 << (tag & GUARD_OFFSET_LOG2);
}

/* An unmapped page follows the payload, and no canary. */
static inline bool guard_has_page(uint64_t tag)
{
    return CONFIG_AXALLOC_GUARD_PAGES && (tag & GUARD_HAS_PAGE) != 0;
}

/* The signature of a payload's address and its tag. */
static inline uint64_t guard_sign(const struct axalloc_guard *guard, const void *payload,
                                  uint64_t tag)
{
    return (tag ^ (uintptr_t)payload ^ guard->secret) * guard->key;
}

/* What a live header's `check` is. */
static inline uint64_t guard_live_check(uint64_t signature, const struct guard_header *header)
{
    return signature + header->site;
}

static inline uint64_t guard_waiting_check(uint64_t signature)
{
    return ~signature;
}

static inline uint64_t guard_released_check(uint64_t signature)
{
    return guard_waiting_check(signature) - 1;
}

/* The pattern behind a payload. No byte of it is 0, which is what strings overflow with. */
static inline uint64_t guard_canary(uint64_t signature)
{
    return (signature >> 32 | signature << 32) | UINT64_C(0x0101010101010101);
}

/*
 * The canary reaches from the payload's end over the next whole word: 8 to 15 bytes. Words are
 * aligned, since plain rv64gc takes others byte by byte; the first may begin with bytes of the
 * payload, and is the same as the second if it does not.
 */
static inline uint64_t *guard_seal_word(const void *payload, size_t size)
{
    return (uint64_t *)((uintptr_t)payload + (size & ~(size_t)7));
}

static inline uint64_t *guard_last_seal_word(const void *payload, size_t size)
{
    return guard_seal_word(payload, size + 7);
}

/* Write it. What the payload has in the first word is lost: for new blocks. */
static inline void guard_seal(void *payload, size_t size, uint64_t canary)
{
    *guard_seal_word(payload, size) = canary;
    *guard_last_seal_word(payload, size) = canary;
}

/* Write it behind a payload that stays as it is. Both ISAs are little-endian. */
static inline void guard_seal_again(void *payload, size_t size, uint64_t canary)
{
    uint64_t mask = ax_low_mask64((unsigned)(size % 8) * 8), *word = guard_seal_word(payload, size);
    uint64_t first = (*word & mask) | (canary & ~mask);
    *guard_last_seal_word(payload, size) = canary;
    *word = first;
}

static inline bool guard_is_sealed(const void *payload, size_t size, uint64_t canary)
{
    const uint64_t *last = guard_last_seal_word(payload, size);
    if (*last != canary)
        return false;
    return size % 8 == 0 || (last[-1] ^ canary) >> (size % 8 * 8) == 0;
}
