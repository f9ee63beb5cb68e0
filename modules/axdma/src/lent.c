/*
 * Debug builds: a record of each mapping, so that a use of what is not mapped, or of what is mapped
 * otherwise, is refused and named.
 *
 * Idea: the caller's struct axdma_mapping is a claim, the record says what is true. What was lent
 * and came back is remembered for a while, to tell "twice" from "never". Of a buffer that a device
 * only reads the sum of its bytes is kept: if it differs when the device is done, somebody wrote
 * what was not his.
 *
 * Costs: a block of the heap and a search through all records a mapping; the sum is a pass over the
 * buffer. Locks: `lock` guards the list and the records; nothing is taken inside it.
 *
 * Does badly: memory that is freed while a device has it is not noticed here.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/list.h>
#include <axlog/log.h>
#include <axsync/spinlock.h>

enum { RETURNED_MAX = 64 };

struct lent {
    struct ax_list link;
    const struct axdma_device *device;
    struct axdma_mapping mapping;
    bool is_summed;
    uint64_t sum;
};

/* The last that came back, and whose they were. */
struct returned {
    const struct axdma_device *device;
    const void *buffer;
    uint64_t bus;
};

static const struct ax_layout record_layout = {sizeof(struct lent), _Alignof(struct lent)};
static struct axsync_spinlock lock = AXSYNC_SPINLOCK_INIT(7, "lent buffers"); /* of all below */
static struct ax_list lents = {&lents, &lents};
static struct returned returned[RETURNED_MAX];
static unsigned returned_next;

/* A sum that depends on the places of the bytes (Fletcher's, modulo 2^32). */
static uint64_t sum_of(const struct axdma_mapping *mapping)
{
    const unsigned char *bytes = mapping->bounce != NULL ? mapping->bounce : mapping->buffer;
    uint32_t first = 1, second = 0;
    for (size_t i = 0; i < mapping->bytes; i++) {
        first += bytes[i];
        second += first;
    }
    return (uint64_t)second << 32 | first;
}

static struct ax_vrange range_of(const struct axdma_mapping *mapping)
{
    return (struct ax_vrange){ax_vaddr_of(mapping->buffer), mapping->bytes};
}

/* Who has part of the buffer, so that a device writes what another uses; NULL: nobody. */
static const struct axdma_device *find_rival(const struct axdma_mapping *mapping)
{
    for (const struct ax_list *link = lents.next; link != &lents; link = link->next) {
        const struct lent *lent = AX_CONTAINER_OF(link, struct lent, link);
        unsigned directions = lent->mapping.direction | mapping->direction;
        if ((directions & AXDMA_FROM_DEVICE) != 0 &&
            ax_vrange_overlaps(range_of(&lent->mapping), range_of(mapping)))
            return lent->device;
    }
    return NULL;
}

enum ax_err lent_add(const struct axdma_device *device, const struct axdma_mapping *mapping)
{
    struct lent *lent = axalloc_alloc(axalloc_global(), record_layout);
    if (lent == NULL)
        return AX_ENOMEM;
    *lent = (struct lent){.device = device, .mapping = *mapping};
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    const struct axdma_device *rival = find_rival(mapping);
    if (rival == NULL)
        ax_list_insert_after(&lents, &lent->link);
    axsync_spin_unlock(&lock, state);
    if (rival == NULL)
        return AX_OK;
    axalloc_dealloc(axalloc_global(), lent, record_layout);
    axlog_error("%s: map: %s still owns it: %zu bytes at %p", device->name, rival->name,
                mapping->bytes, mapping->buffer);
    return AX_EBUSY;
}

/* The record of what is at the mapping's places, whatever else the mapping says; NULL: none. */
static struct lent *find_locked(const struct axdma_device *device,
                                const struct axdma_mapping *mapping)
{
    struct lent *found = NULL;
    for (struct ax_list *link = lents.next; link != &lents; link = link->next) {
        struct lent *lent = AX_CONTAINER_OF(link, struct lent, link);
        if (lent->mapping.buffer == mapping->buffer && lent->mapping.bus.raw == mapping->bus.raw &&
            (found == NULL || lent->device == device))
            found = lent;
    }
    return found;
}

static bool was_returned(const struct axdma_device *device, const struct axdma_mapping *mapping)
{
    for (unsigned i = 0; i < RETURNED_MAX; i++)
        if (returned[i].device == device && returned[i].buffer == mapping->buffer &&
            returned[i].bus == mapping->bus.raw)
            return true;
    return false;
}

static const char *check_locked(const struct axdma_device *device,
                                const struct axdma_mapping *mapping)
{
    const struct lent *lent = find_locked(device, mapping);
    if (lent == NULL)
        return was_returned(device, mapping) ? "unmapped twice" : "not mapped";
    if (lent->device != device)
        return "another device's";
    if (lent->mapping.bytes != mapping->bytes)
        return "not with the size that it was mapped with";
    if (lent->mapping.direction != mapping->direction)
        return "not in the direction that it was mapped for";
    return lent->mapping.bounce != mapping->bounce ? "not as axdma_map() left it" : NULL;
}

const char *lent_check(const struct axdma_device *device, const struct axdma_mapping *mapping)
{
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    const char *wrong = check_locked(device, mapping);
    axsync_spin_unlock(&lock, state);
    return wrong;
}

static bool is_changed(const struct lent *lent, uint64_t sum)
{
    return lent->is_summed && lent->sum != sum;
}

static void name_change(const struct axdma_device *device, const struct axdma_mapping *mapping)
{
    axlog_error("%s: changed while the device owned it, which only reads it: %zu bytes at %p",
                device->name, mapping->bytes, mapping->buffer);
}

/* The device has it, and the sum of what it reads is known; or it does not. */
void lent_changes_hands(const struct axdma_device *device, const struct axdma_mapping *mapping,
                        bool to_device)
{
    if (mapping->direction != AXDMA_TO_DEVICE)
        return;
    uint64_t sum = sum_of(mapping);
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    struct lent *lent = find_locked(device, mapping);
    bool changed = lent != NULL && !to_device && is_changed(lent, sum);
    if (lent != NULL) {
        lent->is_summed = to_device;
        lent->sum = sum;
    }
    axsync_spin_unlock(&lock, state);
    if (changed)
        name_change(device, mapping);
}

const char *lent_remove(const struct axdma_device *device, const struct axdma_mapping *mapping)
{
    struct lent *lent = NULL;
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    const char *wrong = check_locked(device, mapping);
    if (wrong == NULL) {
        lent = find_locked(device, mapping);
        ax_list_remove(&lent->link);
        returned[returned_next] = (struct returned){device, mapping->buffer, mapping->bus.raw};
        returned_next = (returned_next + 1) % RETURNED_MAX;
    }
    axsync_spin_unlock(&lock, state);
    if (lent != NULL && is_changed(lent, sum_of(mapping)))
        name_change(device, mapping);
    if (lent != NULL)
        axalloc_dealloc(axalloc_global(), lent, record_layout);
    return wrong;
}

/* Number `index` of the device's; false: it has fewer. */
static bool nth(const struct axdma_device *device, unsigned index, struct axdma_mapping *out)
{
    bool is_found = false;
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    for (struct ax_list *link = lents.next; link != &lents && !is_found; link = link->next) {
        const struct lent *lent = AX_CONTAINER_OF(link, struct lent, link);
        is_found = lent->device == device && index-- == 0;
        if (is_found)
            *out = lent->mapping;
    }
    axsync_spin_unlock(&lock, state);
    return is_found;
}

void lent_name_all(const struct axdma_device *device)
{
    struct axdma_mapping mapping = {.bytes = 0};
    for (unsigned i = 0; nth(device, i, &mapping); i++)
        axlog_error("%s: still mapped: %zu bytes at %p", device->name, mapping.bytes,
                    mapping.buffer);
}
