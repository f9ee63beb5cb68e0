/*
 * virtio block devices (virtio 1.2, 5.2).
 *
 * A request is a header that the device reads, the data, and a byte of status that it writes.
 * Header and status lie in a slot of coherent memory, 64 bytes that are no other request's; who
 * asked, and what was mapped for it, is in a record that the device is not told of. The data are
 * the caller's own memory, lent for the time.
 *
 * What the device says is its word only: the numbers of its configuration are checked when it is
 * attached; a read counts if the status is good and the device claims to have written it all.
 *
 * Time: each request has a deadline, and one timer looks at them. It runs only while something is
 * out (`is_watched`), so a device that answers costs one timer in a while. A device that misses a
 * deadline is reset before any memory that it was lent is given back.
 *
 * Invariant, under the lock: if anything is out, or in its done(), the timer runs. So done() may
 * start requests although it must not start timers.
 *
 * Several queues: each CPU has one, by its index. All share slots, lock and interrupt. Does badly:
 * that lock is taken twice a request, and the one interrupt goes to the CPU that booted.
 */
#include "block_internal.h"
#include <axalloc/malloc.h>
#include <axbase/bits.h>
#include <axbase/fmt.h>
#include <axcpu/percpu.h>
#include <axdma/dma.h>
#include <axdriver/config.h>
#include <axdriver/driver.h>
#include <axdriver/virtio.h>
#include <axhal/time.h>
#include <axhal/timer.h>
#include <axlog/log.h>
#include <axsync/spinlock.h>

/* 5.2.1, 5.2.3, 5.2.6 */
enum { BLOCK_DEVICE = 2 };
#define F_SIZE_MAX (UINT64_C(1) << 1)
#define F_RO (UINT64_C(1) << 5)
#define F_BLK_SIZE (UINT64_C(1) << 6)
#define F_FLUSH (UINT64_C(1) << 9)
#define F_MQ (UINT64_C(1) << 12)
#define F_DISCARD (UINT64_C(1) << 13)
enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, TYPE_DISCARD = 11 };
enum { STATUS_OK = 0, STATUS_UNSUPPORTED = 2, STATUS_NOT_SAID = 0xff };

/* 5.2.4: offsets in struct virtio_blk_config */
enum { CONFIG_CAPACITY = 0, CONFIG_SIZE_MAX = 8, CONFIG_BLK_SIZE = 20, CONFIG_NUM_QUEUES = 34 };
enum { CONFIG_MAX_DISCARD = 36 };

#define NS_PER_MS (AXHAL_NS_PER_SECOND / 1000)
enum { QUEUE_SIZE = 64, SLOTS_A_QUEUE = 32, NAME_BYTES = 64, SEGMENTS_MAX = 3 };
enum { MOST_SECTORS = (4 << 20) / AXDRIVER_SECTOR_BYTES, BLOCK_BYTES_MAX = 1 << 20 };

/* What the device sees of a request: little-endian, as all of virtio's and as this CPU. */
struct wire {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
    struct {
        uint64_t sector;
        uint32_t count;
        uint32_t flags;
    } discard;
    uint8_t status;
    uint8_t padding[31]; /* no two requests in a line */
};
enum { HEADER_BYTES = 16, DISCARD_AT = 16, DISCARD_BYTES = 16, STATUS_AT = 32 };
_Static_assert(sizeof(struct wire) == 64 && offsetof(struct wire, discard) == DISCARD_AT &&
                   offsetof(struct wire, status) == STATUS_AT,
               "the layout of virtio 1.2, 5.2.6");

struct virtio_blk;

/* What it does not see. */
struct slot {
    struct virtio_blk *disk;
    struct axdriver_block_request *request; /* NULL: the slot is free */
    uint64_t deadline_ns;
    uint32_t expected_bytes; /* that the device writes if all is well */
    volatile struct wire *wire;
    struct axdma_memory header;
    struct axdma_mapping mapping; /* of the data, if it has any */
    struct slot *next;            /* free ones */
};

struct virtio_blk {
    struct axdriver_block block; /* first */
    struct axdriver_virtio *device;
    struct axdriver_virtio_queue *queues[AXDRIVER_VIRTIO_QUEUES_MAX];
    struct axdma_memory wires;
    struct slot *slots;
    unsigned slot_count;
    struct axhal_timer timer;
    struct axsync_spinlock lock; /* of what follows */
    struct slot *free;
    unsigned out; /* requests that are out, or in their done() */
    bool is_watched;
    char name[NAME_BYTES];
};

/* ---- slots ---- */

/* A slot that is out from now on; NULL: all are. `*must_watch`: the caller starts the timer. */
static struct slot *take_slot(struct virtio_blk *self, struct axdriver_block_request *request,
                              uint64_t deadline_ns, bool *must_watch)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    struct slot *slot = self->free;
    *must_watch = slot != NULL && !self->is_watched;
    if (slot != NULL) {
        self->free = slot->next;
        self->is_watched = true;
        self->out++;
        slot->request = request;
        slot->deadline_ns = deadline_ns;
    }
    axsync_spin_unlock(&self->lock, state);
    return slot;
}

/* Another request may have it; `out` still counts the one whose it was. */
static void give_slot(struct slot *slot)
{
    struct virtio_blk *self = slot->disk;
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    slot->request = NULL;
    slot->next = self->free;
    self->free = slot;
    axsync_spin_unlock(&self->lock, state);
}

static void end_out(struct virtio_blk *self)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    self->out--;
    axsync_spin_unlock(&self->lock, state);
}

/* ---- time ---- */

static uint64_t deadline_from(const struct virtio_blk *self, uint64_t now_ns)
{
    /* relaxed: as axdriver_block_set_timeout() */
    uint64_t timeout_ns = atomic_load_explicit(&self->block.timeout_ns, memory_order_relaxed);
    return timeout_ns < UINT64_MAX - now_ns ? now_ns + timeout_ns : UINT64_MAX;
}

/* When to look next: the first deadline, or some time while there is none. */
static bool find_deadline(struct virtio_blk *self, uint64_t now_ns, uint64_t *deadline_ns)
{
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    bool goes_on = self->out > 0;
    self->is_watched = goes_on;
    *deadline_ns = now_ns + CONFIG_AXDRIVER_BLOCK_TIMEOUT_MS * NS_PER_MS;
    for (unsigned i = 0; i < self->slot_count && goes_on; i++)
        if (self->slots[i].request != NULL && self->slots[i].deadline_ns < *deadline_ns)
            *deadline_ns = self->slots[i].deadline_ns;
    axsync_spin_unlock(&self->lock, state);
    return goes_on;
}

static void start_timer(struct virtio_blk *self, uint64_t deadline_ns)
{
    if (axhal_timer_start(&self->timer, deadline_ns, 0) != AX_OK)
        axlog_warn("%s: no timer: a request that is never answered is waited for", self->name);
}

/* The timer. Failing the device ends all requests; the next look finds none and stops. */
static void watch(void *argument)
{
    struct virtio_blk *self = argument;
    uint64_t now_ns = axhal_monotonic_ns();
    uint64_t deadline_ns;
    if (!find_deadline(self, now_ns, &deadline_ns))
        return;
    if (deadline_ns <= now_ns) {
        axdriver_virtio_fail(self->device, "a request was not answered in time");
        deadline_ns = now_ns + CONFIG_AXDRIVER_BLOCK_TIMEOUT_MS * NS_PER_MS;
    }
    start_timer(self, deadline_ns);
}

/* ---- a request's way ---- */

static enum ax_err result_of(const struct slot *slot, uint32_t written_bytes)
{
    uint8_t status = slot->wire->status;
    if (status == STATUS_UNSUPPORTED)
        return AX_ENOTSUP;
    return status == STATUS_OK && written_bytes >= slot->expected_bytes ? AX_OK : AX_EIO;
}

static void take_back(struct slot *slot)
{
    struct virtio_blk *self = slot->disk;
    if (slot->mapping.bytes != 0 && axdma_unmap(&self->device->dma, &slot->mapping) != AX_OK)
        axlog_error("%s: what was lent to it does not come back", self->name);
    slot->mapping.bytes = 0;
}

static void done(struct axdriver_virtio_queue *queue, void *token, uint32_t written_bytes)
{
    struct slot *slot = token;
    struct virtio_blk *self = slot->disk;
    struct axdriver_block_request *request = slot->request;
    enum ax_err result = axdriver_virtio_failed(queue) ? AX_EIO : result_of(slot, written_bytes);
    take_back(slot);
    give_slot(slot);
    request->done(request, result);
    end_out(self);
}

static const uint32_t types[] = {[AXDRIVER_BLOCK_READ] = TYPE_IN,
                                 [AXDRIVER_BLOCK_WRITE] = TYPE_OUT,
                                 [AXDRIVER_BLOCK_FLUSH] = TYPE_FLUSH,
                                 [AXDRIVER_BLOCK_DISCARD] = TYPE_DISCARD};

static void fill_wire(struct slot *slot)
{
    const struct axdriver_block_request *request = slot->request;
    volatile struct wire *wire = slot->wire;
    bool is_discard = request->operation == AXDRIVER_BLOCK_DISCARD;
    bool has_sector = request->operation != AXDRIVER_BLOCK_FLUSH && !is_discard;
    wire->type = types[request->operation];
    wire->reserved = 0;
    wire->sector = has_sector ? request->sector : 0; /* 0 for others: 5.2.6.1 */
    wire->discard.sector = is_discard ? request->sector : 0;
    wire->discard.count = is_discard ? request->count : 0;
    wire->discard.flags = 0;
    wire->status = STATUS_NOT_SAID;
}

/* Lend the data, if there are any. */
static enum ax_err lend(struct slot *slot)
{
    const struct axdriver_block_request *request = slot->request;
    bool is_read = request->operation == AXDRIVER_BLOCK_READ;
    slot->mapping.bytes = 0;
    slot->expected_bytes = sizeof slot->wire->status;
    if (!is_read && request->operation != AXDRIVER_BLOCK_WRITE)
        return AX_OK;
    size_t bytes = (size_t)request->count * AXDRIVER_SECTOR_BYTES;
    slot->expected_bytes += is_read ? (uint32_t)bytes : 0;
    return axdma_map(&slot->disk->device->dma, request->buffer, bytes,
                     is_read ? AXDMA_FROM_DEVICE : AXDMA_TO_DEVICE, &slot->mapping);
}

/* Header, data, status, in this order: those that the device reads come first. */
static enum ax_err offer(struct slot *slot, struct axdriver_virtio_queue *queue)
{
    enum axdriver_block_operation operation = slot->request->operation;
    struct ax_busaddr discard = axdma_part(slot->header, DISCARD_AT).bus;
    struct ax_busaddr status = axdma_part(slot->header, STATUS_AT).bus;
    struct axdma_segment segments[SEGMENTS_MAX] = {{slot->header.bus, HEADER_BYTES}};
    unsigned count = 1;
    if (operation == AXDRIVER_BLOCK_DISCARD)
        segments[count++] = (struct axdma_segment){discard, DISCARD_BYTES};
    if (slot->mapping.bytes != 0)
        segments[count++] = (struct axdma_segment){slot->mapping.bus, slot->mapping.bytes};
    segments[count++] = (struct axdma_segment){status, sizeof slot->wire->status};
    unsigned written = operation == AXDRIVER_BLOCK_READ ? 2 : 1;
    fill_wire(slot);
    enum ax_err err = axdriver_virtio_submit(queue, segments, count - written, written, slot);
    if (err == AX_OK)
        axdriver_virtio_kick(queue);
    return err;
}

static enum ax_err start(struct axdriver_block *block, struct axdriver_block_request *request)
{
    struct virtio_blk *self = (struct virtio_blk *)block;
    uint64_t deadline_ns = deadline_from(self, axhal_monotonic_ns());
    bool must_watch;
    struct slot *slot = take_slot(self, request, deadline_ns, &must_watch);
    if (slot == NULL)
        return AX_EBUSY;
    if (must_watch)
        start_timer(self, deadline_ns);
    enum ax_err err = lend(slot);
    if (err == AX_OK)
        err = offer(slot, self->queues[axcpu_this_cpu()->index % block->info.queues]);
    if (err == AX_OK)
        return AX_OK;
    take_back(slot);
    give_slot(slot);
    end_out(self);
    return err;
}

/* ---- the device ---- */

static enum ax_err read_u32(struct axdriver_virtio *device, size_t offset, uint32_t *out)
{
    return device->transport->read_config(device, offset, out, sizeof *out);
}

static bool has(const struct axdriver_virtio *device, uint64_t feature)
{
    return (device->features & feature) != 0;
}

/* What of the configuration limits a request. */
static enum ax_err read_limits(struct virtio_blk *self)
{
    struct axdriver_block_info *info = &self->block.info;
    uint32_t most_bytes = UINT32_MAX;
    uint32_t most_discarded = UINT32_MAX;
    enum ax_err err = AX_OK;
    if (has(self->device, F_SIZE_MAX))
        err = read_u32(self->device, CONFIG_SIZE_MAX, &most_bytes);
    if (err == AX_OK && info->can_discard)
        err = read_u32(self->device, CONFIG_MAX_DISCARD, &most_discarded);
    if (err != AX_OK)
        return err;
    info->can_discard = info->can_discard && most_discarded > 0;
    info->most_sectors = most_bytes / AXDRIVER_SECTOR_BYTES;
    if (info->most_sectors > MOST_SECTORS)
        info->most_sectors = MOST_SECTORS;
    if (info->can_discard && info->most_sectors > most_discarded)
        info->most_sectors = most_discarded;
    return info->most_sectors > 0 ? AX_OK : AX_EBADMSG;
}

static enum ax_err read_queue_count(struct virtio_blk *self)
{
    uint16_t count = 1;
    enum ax_err err = AX_OK;
    if (has(self->device, F_MQ))
        err = self->device->transport->read_config(self->device, CONFIG_NUM_QUEUES, &count,
                                                   sizeof count);
    if (err != AX_OK || count == 0)
        return err != AX_OK ? err : AX_EBADMSG;
    if (count > AXCPU_CPUS_MAX)
        count = AXCPU_CPUS_MAX;
    self->block.info.queues =
        count < AXDRIVER_VIRTIO_QUEUES_MAX ? count : AXDRIVER_VIRTIO_QUEUES_MAX;
    return AX_OK;
}

static enum ax_err read_info(struct virtio_blk *self)
{
    struct axdriver_virtio *device = self->device;
    struct axdriver_block_info *info = &self->block.info;
    info->block_bytes = AXDRIVER_SECTOR_BYTES;
    info->read_only = has(device, F_RO);
    info->can_flush = has(device, F_FLUSH);
    info->can_discard = has(device, F_DISCARD);
    enum ax_err err = device->transport->read_config(device, CONFIG_CAPACITY, &info->sectors,
                                                     sizeof info->sectors);
    if (err == AX_OK && has(device, F_BLK_SIZE))
        err = read_u32(device, CONFIG_BLK_SIZE, &info->block_bytes);
    if (err == AX_OK &&
        (!ax_is_power_of_two(info->block_bytes) || info->block_bytes < AXDRIVER_SECTOR_BYTES ||
         info->block_bytes > BLOCK_BYTES_MAX))
        err = AX_EBADMSG;
    if (err == AX_OK)
        err = read_limits(self);
    return err == AX_OK ? read_queue_count(self) : err;
}

static struct ax_layout wires_layout(const struct virtio_blk *self)
{
    return (struct ax_layout){self->slot_count * sizeof(struct wire), sizeof(struct wire)};
}

static enum ax_err make_slots(struct virtio_blk *self)
{
    self->slot_count = SLOTS_A_QUEUE * self->block.info.queues;
    self->slots = axalloc_calloc(self->slot_count, sizeof *self->slots);
    if (self->slots == NULL)
        return AX_ENOMEM;
    enum ax_err err = axdma_alloc(&self->device->dma, wires_layout(self), &self->wires);
    if (err != AX_OK)
        return err;
    for (unsigned i = 0; i < self->slot_count; i++) {
        struct slot *slot = &self->slots[i];
        slot->disk = self;
        slot->header = axdma_part(self->wires, i * sizeof(struct wire));
        slot->wire = slot->header.cpu;
        slot->next = self->free;
        self->free = slot;
    }
    return AX_OK;
}

static enum ax_err start_queues(struct virtio_blk *self)
{
    enum ax_err err = AX_OK;
    for (unsigned i = 0; i < self->block.info.queues && err == AX_OK; i++)
        err = axdriver_virtio_queue_start(self->device, i, QUEUE_SIZE, done, &self->queues[i]);
    return err == AX_OK ? axdriver_virtio_go(self->device) : err;
}

static void free_disk(struct virtio_blk *self)
{
    if (self->wires.cpu != NULL)
        axdma_dealloc(&self->device->dma, self->wires, wires_layout(self));
    axalloc_free(self->slots);
    axalloc_free(self);
}

static enum ax_err attach(struct axdriver_virtio *device)
{
    struct virtio_blk *self = axalloc_calloc(1, sizeof *self);
    if (self == NULL)
        return AX_ENOMEM;
    self->device = device;
    self->lock = (struct axsync_spinlock)AXSYNC_SPINLOCK_INIT(12, "virtio-blk");
    self->timer = (struct axhal_timer)AXHAL_TIMER_INIT(watch, self);
    self->block.info.name = self->name;
    self->block.start = start;
    axdriver_block_set_timeout(&self->block, CONFIG_AXDRIVER_BLOCK_TIMEOUT_MS * NS_PER_MS);
    ax_snprintf(self->name, sizeof self->name, "virtio-blk on %s", device->name);
    enum ax_err err = axdriver_virtio_negotiate(device, F_SIZE_MAX | F_RO | F_BLK_SIZE | F_FLUSH |
                                                            F_MQ | F_DISCARD);
    if (err == AX_OK)
        err = read_info(self);
    if (err == AX_OK)
        err = make_slots(self);
    if (err == AX_OK)
        err = start_queues(self);
    if (err == AX_OK)
        block_add(&self->block);
    else
        free_disk(self);
    return err;
}

AXDRIVER_VIRTIO_DRIVER(blk)
const struct axdriver_virtio_driver axdriver_virtio_blk = {BLOCK_DEVICE, "virtio-blk", attach};
