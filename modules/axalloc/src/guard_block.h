/*
 * A guarded block as it lies in memory, and the words that prove it.
 *
 *     block of the byte allocator              payload: what the caller has
 *     v                                        v
 *     +- - - - - - - -+------+----------+-----+-------+----------+--------+
 *     | gap, for align| site | freed_at | tag | check | payload  | canary |
 *     +- - - - - - - -+------+----------+-----+-------+----------+--------+
 *                     0      8          16    24      32         32 + size, not aligned
 *
 * `check` signs the address, the tag and, while the block is live, the site. In a freed block it is
 * the complement of the signature of the first two alone: byte allocators keep their links in the
 * first 16 bytes of a free block, so what follows still tells a second free after the block left
 * the quarantine. A flip of any single bit of a live header changes what is compared: the
 * signature is a bijection of each of the words while the others stay.
 */
#pragma once

#include <axalloc/alloc.h>
#include <axbase/config.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guard_header {
    uintptr_t site;     /* return address of the call that allocated the block */
    uintptr_t freed_at; /* of the one that freed it; 0 while it is live */
    uint64_t tag;       /* size << 8 | GUARD_HAS_PAGE | log2 of the payload's offset in the block */
    uint64_t check;
};

enum {
    GUARD_HEADER = 32,
    GUARD_HEADER_LOG2 = 5,
    GUARD_CANARY = 8,
    GUARD_OFFSET_LOG2 = 0x3f, /* this part of the tag */
    GUARD_HAS_PAGE = 0x40,    /* an unmapped page follows instead of a canary */
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

/* What follows the payload. Its first byte is never 0, which is what strings overflow with. */
static inline uint64_t guard_canary(uint64_t signature)
{
    return (signature >> 32 | signature << 32) | 1;
}

/* Eight bytes at any address. Plain rv64gc has to take unaligned ones byte by byte. */
struct guard_unaligned {
    unsigned char bytes[8];
};

static inline bool guard_goes_whole(const void *at)
{
    return CONFIG_ISA_RISCV64 && (uintptr_t)at % sizeof(uint64_t) == 0;
}

static inline void guard_store(void *at, uint64_t word)
{
    if (guard_goes_whole(at))
        *(uint64_t *)at = word;
    else
        *(struct guard_unaligned *)at = *(const struct guard_unaligned *)&word;
}

static inline uint64_t guard_load(const void *at)
{
    uint64_t word;
    if (guard_goes_whole(at))
        word = *(const uint64_t *)at;
    else
        *(struct guard_unaligned *)&word = *(const struct guard_unaligned *)at;
    return word;
}
