/*
 * A split virtqueue (virtio 1.2, 2.7): the three parts that are shared with the device, and what we
 * know of them ourselves.
 *
 * The device is not trusted. What it may write is read once and checked; what we wrote there is
 * never read back. All bookkeeping (which descriptors are free, which request has which) is in
 * `slots`, which the device is not told of. So the worst that a device can do by its ring is to be
 * found out: ring_take() then says which rule it broke, and nothing has changed.
 *
 * Invariants (ring_check()): a descriptor is free, or belongs to exactly one request; a request is
 * known by its first descriptor, whose slot has its token; `in_flight` counts requests.
 *
 * No locks: the queue that owns the ring has one. Costs: adding and taking are O(descriptors of the
 * request); a barrier each.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axdma/dma.h>
#include <axdma/stream.h>
#include <stdbool.h>
#include <stdint.h>

/* A request of up to so many segments, and of more than one, takes a table of its own, if the
 * device knows such (INDIRECT_DESC), and so one descriptor of the ring. */
enum { RING_TABLE_ENTRIES = 8 };

struct ring_descriptor {
    uint64_t bus;
    uint32_t bytes;
    uint16_t flags;
    uint16_t next;
};

struct ring_used {
    uint32_t id;
    uint32_t bytes;
};

/* What the device does not see of a descriptor. */
struct ring_slot {
    void *token;       /* of the request that begins here; NULL: none does */
    uint32_t writable; /* bytes that the device may write for that request */
    uint16_t count;    /* descriptors of the ring that it has */
    uint16_t next;     /* the next of the request's, or of the free ones */
};

/* Bytes of each shared part (virtio 1.2, 2.7), for a ring of `size`. */
static inline size_t ring_descriptors_bytes(unsigned size)
{
    return size * sizeof(struct ring_descriptor);
}

static inline size_t ring_available_bytes(unsigned size)
{
    return 6 + 2 * (size_t)size;
}

static inline size_t ring_used_bytes(unsigned size)
{
    return 6 + size * sizeof(struct ring_used);
}

static inline size_t ring_tables_bytes(unsigned size)
{
    return (size_t)size * RING_TABLE_ENTRIES * sizeof(struct ring_descriptor);
}

struct ring {
    unsigned size; /* a power of two, up to 32768 */
    bool has_event_index;
    volatile struct ring_descriptor *descriptors;
    volatile uint16_t *available; /* flags, index, `size` entries, used_event */
    volatile uint16_t *used;      /* flags, index, `size` struct ring_used, avail_event */
    struct axdma_memory tables;   /* one for each descriptor; cpu NULL: none */
    struct ring_slot *slots;
    unsigned free_count;
    uint16_t first_free;
    unsigned in_flight;
    uint16_t added;    /* our available index */
    uint16_t notified; /* what it was when the device was told last */
    uint16_t taken;    /* how far we have read the used ring */
};

/* The shared parts are zeroed and `slots` is an array of `size`; `self` has those fields set. */
void ring_init(struct ring *self);

/*
 * Offer a request: `read_count` segments that the device reads, then `write_count` that it writes.
 *
 * AX_EINVAL: no segments, an empty one, more than `size`, 4 GiB or more in all, or no token.
 * AX_EBUSY: too few free descriptors. Nothing changed on an error.
 */
AX_MUST_CHECK enum ax_err ring_add(struct ring *self, const struct axdma_segment *segments,
                                   unsigned read_count, unsigned write_count, void *token);

/* Whether the device wants to be told of what was added since this was asked last. */
AX_MUST_CHECK bool ring_must_notify(struct ring *self);

/*
 * The next request that the device is done with.
 *
 * AX_ENOENT: none. AX_EBADMSG: the device broke `*rule`, a text; nothing changed. Only the one of
 * the results that belongs to the answer is written.
 */
AX_MUST_CHECK enum ax_err ring_take(struct ring *self, void **token, uint32_t *written_bytes,
                                    const char **rule);

/* Ask for an interrupt at the next request that is done. True: one is done already. */
AX_MUST_CHECK bool ring_rearm(struct ring *self);

/* The device is reset: take back any request that is in flight. NULL: there is none. */
void *ring_abandon(struct ring *self);

/* NULL: the invariants hold; else which one does not. O(size). */
const char *ring_check(const struct ring *self);
