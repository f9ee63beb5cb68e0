/*
 * The other side of a ring, for tests: a device that knows the shared parts by their bus addresses
 * alone. It follows chains and tables as the manual says, or breaks any rule it is told to. Each
 * part is a block of its own of just its size, so that a byte too far is noticed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../src/ring.h"

#define RING_DEVICE_BUS UINT64_C(0x4000000000000000) /* what it adds to addresses */

struct ring_device {
    struct ring ring; /* the driver's side */
    void *parts[3];
    uint16_t seen; /* the device's place in the available ring */
};

/* A request as the device finds it. */
struct ring_request {
    uint64_t first_bus;
    unsigned count; /* descriptors, those of a table for a table */
    unsigned readable_count;
    uint32_t writable;
    uint16_t id;
    bool is_table;
};

static inline void *ring_device_memory(uint64_t bus)
{
    return (void *)(uintptr_t)(bus - RING_DEVICE_BUS);
}

static inline void ring_device_start(struct ring_device *self, unsigned size, bool has_event_index,
                                     bool has_tables)
{
    size_t tables_bytes = ring_tables_bytes(size);
    void *tables = has_tables ? calloc(1, tables_bytes) : NULL;
    *self = (struct ring_device){.ring = {.size = size, .has_event_index = has_event_index}};
    self->parts[0] = calloc(1, ring_descriptors_bytes(size));
    self->parts[1] = calloc(1, ring_available_bytes(size));
    self->parts[2] = calloc(1, ring_used_bytes(size));
    self->ring.descriptors = self->parts[0];
    self->ring.available = self->parts[1];
    self->ring.used = self->parts[2];
    self->ring.tables = (struct axdma_memory){tables, {(uintptr_t)tables + RING_DEVICE_BUS}};
    self->ring.slots = calloc(size, sizeof *self->ring.slots);
    ring_init(&self->ring);
}

static inline void ring_device_end(struct ring_device *self)
{
    for (unsigned i = 0; i < 3; i++)
        free(self->parts[i]);
    free(self->ring.tables.cpu);
    free(self->ring.slots);
}

static inline uint16_t *ring_device_available(const struct ring_device *self)
{
    return self->parts[1];
}

static inline uint16_t *ring_device_used(const struct ring_device *self)
{
    return self->parts[2];
}

/* Follow a chain. False: it breaks the manual's rules. */
static inline bool ring_device_follow(const struct ring_descriptor *table, unsigned entries,
                                      unsigned at, struct ring_request *out)
{
    bool has_next = true;
    out->first_bus = table[at].bus;
    while (has_next) {
        if (at >= entries || ++out->count > entries)
            return false;
        bool is_writable = (table[at].flags & 2) != 0;
        if ((!is_writable && out->count > 1 + out->readable_count) || (table[at].flags & 4) != 0)
            return false;
        out->readable_count += !is_writable;
        out->writable += is_writable ? table[at].bytes : 0;
        has_next = (table[at].flags & 1) != 0;
        at = table[at].next;
    }
    return true;
}

/* The next request; false: there is none. Aborts if what the driver wrote breaks a rule. */
static inline bool ring_device_next(struct ring_device *self, struct ring_request *out)
{
    const struct ring_descriptor *ring = self->parts[0];
    uint16_t *available = ring_device_available(self);
    if (available[1] == self->seen)
        return false;
    uint16_t id = available[2 + self->seen++ % self->ring.size];
    *out = (struct ring_request){.id = id};
    if (id >= self->ring.size)
        abort();
    out->is_table = (ring[id].flags & 4) != 0;
    const struct ring_descriptor *table = out->is_table ? ring_device_memory(ring[id].bus) : ring;
    unsigned entries = out->is_table ? ring[id].bytes / (unsigned)sizeof *table : self->ring.size;
    if (!ring_device_follow(table, entries, out->is_table ? 0 : id, out) ||
        (out->is_table && out->count != entries))
        abort();
    return true;
}

/* Say that request `id` is done and `bytes` were written, whatever is true. */
static inline void ring_device_use(struct ring_device *self, uint32_t id, uint32_t bytes)
{
    uint16_t *used = ring_device_used(self);
    struct ring_used *entries = (void *)(used + 2);
    entries[used[1] % self->ring.size] = (struct ring_used){id, bytes};
    used[1]++;
}
