/*
 * Order (virtio 1.2, 2.7.13 and 2.7.14). Ours: descriptors before the entry, entry before the
 * index, index before we look whether the device wants to be told. The device's: its index before
 * we read the entry. axcpu_barrier_device() is all of these.
 *
 * Shared fields are accessed through volatile, each in one access of its width.
 */
#include "ring.h"
#include <axbase/string.h>
#include <axcpu/barrier.h>

enum { FLAG_NEXT = 1, FLAG_WRITE = 2, FLAG_INDIRECT = 4 }; /* of a descriptor: 2.7.5 */
enum { USED_NO_NOTIFY = 1 };                               /* 2.7.10 */
enum { FLAGS = 0, INDEX = 1, ENTRIES = 2 };                /* of the two rings, in 16 bits */

static volatile struct ring_used *used_entry(const struct ring *self, uint16_t index)
{
    volatile struct ring_used *entries = (volatile void *)(self->used + ENTRIES);
    return entries + (index & (self->size - 1));
}

static volatile uint16_t *used_event(const struct ring *self)
{
    return self->available + ENTRIES + self->size;
}

static volatile uint16_t *available_event(const struct ring *self)
{
    return self->used + ENTRIES + self->size * sizeof(struct ring_used) / sizeof *self->used;
}

void ring_init(struct ring *self)
{
    for (unsigned i = 0; i < self->size; i++)
        self->slots[i] = (struct ring_slot){.next = (uint16_t)(i + 1)};
    self->free_count = self->size;
    self->first_free = 0;
    self->in_flight = 0;
    self->added = self->notified = self->taken = 0;
}

/* ---- adding ---- */

/* The bytes of `count` segments. False: one is empty, or they are too many for a descriptor. */
static bool add_up(const struct axdma_segment *segments, unsigned count, uint64_t *total)
{
    for (; count > 0; count--, segments++) {
        if (segments->bytes == 0 || segments->bytes > UINT32_MAX)
            return false;
        *total += segments->bytes; /* at most 2 * 32768 terms below 2^32 */
    }
    return *total <= UINT32_MAX;
}

static void write_descriptor(volatile struct ring_descriptor *to,
                             const struct axdma_segment *segment, unsigned flags, unsigned next)
{
    to->bus = segment->bus.raw;
    to->bytes = (uint32_t)segment->bytes;
    to->flags = (uint16_t)flags;
    to->next = (uint16_t)next;
}

static unsigned flags_of(unsigned i, unsigned read_count, unsigned count)
{
    return (i >= read_count ? FLAG_WRITE : 0u) | (i + 1 < count ? FLAG_NEXT : 0u);
}

/* The request as a chain in the ring, from the free descriptors. Their slots are linked already. */
static void write_chain(struct ring *self, const struct axdma_segment *segments,
                        unsigned read_count, unsigned count)
{
    uint16_t at = self->first_free;
    for (unsigned i = 0; i < count; i++) {
        uint16_t next = self->slots[at].next;
        write_descriptor(self->descriptors + at, segments + i, flags_of(i, read_count, count),
                         i + 1 < count ? next : 0);
        at = next;
    }
}

/* The request as a table, which one descriptor of the ring names. */
static void write_table(struct ring *self, const struct axdma_segment *segments,
                        unsigned read_count, unsigned count)
{
    uint16_t head = self->first_free;
    const size_t table_bytes = RING_TABLE_ENTRIES * sizeof(struct ring_descriptor);
    struct axdma_memory table = axdma_part(self->tables, head * table_bytes);
    volatile struct ring_descriptor *entries = table.cpu;
    for (unsigned i = 0; i < count; i++)
        write_descriptor(entries + i, segments + i, flags_of(i, read_count, count),
                         i + 1 < count ? i + 1 : 0);
    struct axdma_segment all = {table.bus, count * sizeof(struct ring_descriptor)};
    write_descriptor(self->descriptors + head, &all, FLAG_INDIRECT, 0);
}

/* The first `count` free descriptors are the request's: their slots stay linked as they are. */
static void take_free(struct ring *self, unsigned count)
{
    struct ring_slot *head = &self->slots[self->first_free];
    head->count = (uint16_t)count;
    for (unsigned i = 0; i < count; i++)
        self->first_free = self->slots[self->first_free].next;
    self->free_count -= count;
    self->in_flight++;
}

static void publish(struct ring *self, uint16_t head)
{
    self->available[ENTRIES + (self->added & (self->size - 1))] = head;
    axcpu_barrier_device();
    self->available[INDEX] = ++self->added;
}

enum ax_err ring_add(struct ring *self, const struct axdma_segment *segments, unsigned read_count,
                     unsigned write_count, void *token)
{
    uint64_t total = 0;
    uint64_t readable = 0;
    if (token == NULL || read_count > self->size || write_count > self->size - read_count ||
        read_count + write_count == 0 || !add_up(segments, read_count + write_count, &total) ||
        !add_up(segments, read_count, &readable))
        return AX_EINVAL;
    unsigned count = read_count + write_count;
    bool has_table = self->tables.cpu != NULL && count > 1 && count <= RING_TABLE_ENTRIES;
    unsigned needed = has_table ? 1 : count;
    if (needed > self->free_count)
        return AX_EBUSY;
    uint16_t head = self->first_free;
    if (has_table)
        write_table(self, segments, read_count, count);
    else
        write_chain(self, segments, read_count, count);
    self->slots[head].token = token;
    self->slots[head].writable = (uint32_t)(total - readable);
    take_free(self, needed);
    publish(self, head);
    return AX_OK;
}

/* Virtio 1.2, 2.7.10.1: `event` is among the indexes from `from` up to, not including, `to`. */
static bool is_passed(uint16_t event, uint16_t from, uint16_t to)
{
    return (uint16_t)(to - event - 1) < (uint16_t)(to - from);
}

bool ring_must_notify(struct ring *self)
{
    uint16_t before = self->notified;
    self->notified = self->added;
    axcpu_barrier_device();
    if (self->has_event_index)
        return is_passed(*available_event(self), before, self->added);
    return before != self->added && (self->used[FLAGS] & USED_NO_NOTIFY) == 0;
}

/* ---- taking ---- */

/* Give the request's descriptors back. */
static void free_request(struct ring *self, uint16_t head)
{
    struct ring_slot *slot = &self->slots[head];
    uint16_t last = head;
    for (unsigned i = 1; i < slot->count; i++)
        last = self->slots[last].next;
    self->slots[last].next = self->first_free;
    self->first_free = head;
    self->free_count += slot->count;
    self->in_flight--;
    slot->token = NULL;
}

enum ax_err ring_take(struct ring *self, void **token, uint32_t *written_bytes, const char **rule)
{
    uint16_t waiting = (uint16_t)(self->used[INDEX] - self->taken);
    if (waiting == 0)
        return AX_ENOENT;
    axcpu_barrier_device();
    volatile struct ring_used *entry = used_entry(self, self->taken);
    uint32_t id = entry->id;
    uint32_t bytes = entry->bytes;
    const struct ring_slot *slot = id < self->size ? &self->slots[id] : NULL;
    const char *broken = NULL;
    if (waiting > self->in_flight)
        broken = "its used index is ahead of what was asked of it";
    else if (slot == NULL)
        broken = "it used a descriptor that the queue does not have";
    else if (slot->token == NULL)
        broken = "it used a descriptor that no request begins with";
    else if (bytes > slot->writable)
        broken = "it wrote more than it was lent";
    if (broken != NULL) {
        *rule = broken;
        return AX_EBADMSG;
    }
    *token = slot->token;
    *written_bytes = bytes;
    free_request(self, (uint16_t)id);
    self->taken++;
    return AX_OK;
}

bool ring_rearm(struct ring *self)
{
    if (self->has_event_index)
        *used_event(self) = self->taken;
    axcpu_barrier_device();
    return self->used[INDEX] != self->taken;
}

void *ring_abandon(struct ring *self)
{
    for (unsigned i = 0; i < self->size && self->in_flight > 0; i++) {
        void *token = self->slots[i].token;
        if (token == NULL)
            continue;
        free_request(self, (uint16_t)i);
        return token;
    }
    return NULL;
}

/* ---- the validator ---- */

/* Follow `count` links from `at`; false: they leave the ring. Counts each in `*seen`. */
static bool follow(const struct ring *self, unsigned at, unsigned count, unsigned *seen)
{
    for (; count > 0; count--) {
        if (at >= self->size)
            return false;
        ++*seen;
        at = self->slots[at].next;
    }
    return true;
}

const char *ring_check(const struct ring *self)
{
    unsigned seen = 0;
    unsigned requests = 0;
    if (!follow(self, self->first_free, self->free_count, &seen))
        return "a free descriptor is outside the ring";
    for (unsigned i = 0; i < self->size; i++) {
        if (self->slots[i].token == NULL)
            continue;
        requests++;
        if (self->slots[i].count == 0 || !follow(self, i, self->slots[i].count, &seen))
            return "a request's descriptor is outside the ring";
    }
    if (requests != self->in_flight)
        return "the count of requests in flight is wrong";
    return seen == self->size ? NULL : "a descriptor is lost, or has two owners";
}
