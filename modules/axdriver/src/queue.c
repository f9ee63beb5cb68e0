/*
 * Queues: the ring's memory, its lock, and who is called when a request is done.
 *
 * A token that went in comes out once: by queue_drain() in the device's interrupt, or by
 * queue_close() when the device has been reset. Both take it out under the lock and call done()
 * without it.
 *
 * Memory that the device writes (the used ring) is a piece of its own, as are the others: a device
 * that is given one is not given a neighbour.
 */
#include "virtio_internal.h"
#include <axalloc/malloc.h>
#include <axbase/bits.h>
#include <axcpu/irq.h>

/* Alignments: virtio 1.2, 2.7. */
static struct ax_layout part_layout(unsigned part, unsigned size)
{
    switch (part) {
    case PART_DESCRIPTORS:
        return (struct ax_layout){ring_descriptors_bytes(size), 16};
    case PART_AVAILABLE:
        return (struct ax_layout){ring_available_bytes(size), 2};
    case PART_USED:
        return (struct ax_layout){ring_used_bytes(size), 4};
    default:
        return (struct ax_layout){ring_tables_bytes(size), 16};
    }
}

void queue_free(struct axdriver_virtio_queue *queue, bool is_kept)
{
    for (unsigned part = 0; part < PARTS && !is_kept; part++)
        if (queue->parts[part].cpu != NULL)
            axdma_dealloc(&queue->device->dma, queue->parts[part],
                          part_layout(part, queue->ring.size));
    axalloc_free(queue->ring.slots);
    axalloc_free(queue);
}

/* All of the queue's memory, or none of it. */
static struct axdriver_virtio_queue *queue_alloc(struct axdriver_virtio *device, unsigned size)
{
    struct axdriver_virtio_queue *queue = axalloc_calloc(1, sizeof *queue);
    if (queue == NULL)
        return NULL;
    bool has_tables = (device->features & AXDRIVER_VIRTIO_F_INDIRECT_DESC) != 0;
    enum ax_err err = AX_OK;
    queue->device = device;
    queue->lock = (struct axsync_spinlock)AXSYNC_SPINLOCK_INIT(11, "virtio queue");
    queue->ring.size = size;
    queue->ring.has_event_index = (device->features & AXDRIVER_VIRTIO_F_EVENT_IDX) != 0;
    queue->ring.slots = axalloc_calloc(size, sizeof *queue->ring.slots);
    if (queue->ring.slots == NULL)
        err = AX_ENOMEM;
    for (unsigned part = 0; part < PARTS && err == AX_OK; part++)
        if (part != PART_TABLES || has_tables)
            err = axdma_alloc(&device->dma, part_layout(part, size), &queue->parts[part]);
    if (err == AX_OK)
        return queue;
    queue_free(queue, false);
    return NULL;
}

/* Zeroed, as axdma gives it, is how the shared parts begin. */
static void begin_ring(struct axdriver_virtio_queue *queue)
{
    queue->ring.descriptors = queue->parts[PART_DESCRIPTORS].cpu;
    queue->ring.available = queue->parts[PART_AVAILABLE].cpu;
    queue->ring.used = queue->parts[PART_USED].cpu;
    queue->ring.tables = queue->parts[PART_TABLES];
    ring_init(&queue->ring);
}

/* What both sides can do with: a power of two; 0: the device has no such queue. */
static unsigned agreed_size(struct axdriver_virtio *device, unsigned index, unsigned size)
{
    uint32_t most = device->transport->queue_size_max(device, index);
    if (most == 0 || most >= size)
        return most == 0 ? 0 : size;
    return 1u << ax_log2_floor(most);
}

enum ax_err axdriver_virtio_queue_start(struct axdriver_virtio *device, unsigned index,
                                        unsigned size,
                                        void (*done)(struct axdriver_virtio_queue *queue,
                                                     void *token, uint32_t written_bytes),
                                        struct axdriver_virtio_queue **out)
{
    if (index >= AXDRIVER_VIRTIO_QUEUES_MAX || device->queues[index] != NULL ||
        !ax_is_power_of_two(size) || size > AXDRIVER_VIRTIO_QUEUE_SIZE_MAX)
        return AX_EINVAL;
    size = agreed_size(device, index, size);
    if (size == 0)
        return AX_ENODEV;
    struct axdriver_virtio_queue *queue = queue_alloc(device, size);
    if (queue == NULL)
        return AX_ENOMEM;
    queue->index = index;
    queue->done = done;
    begin_ring(queue);
    const struct axdriver_virtio_rings rings = {queue->parts[PART_DESCRIPTORS].bus,
                                                queue->parts[PART_AVAILABLE].bus,
                                                queue->parts[PART_USED].bus};
    enum ax_err err = device->transport->queue_enable(device, index, size, &rings);
    if (err != AX_OK) {
        queue_free(queue, false);
        return err;
    }
    device->queues[index] = queue;
    *out = queue;
    return AX_OK;
}

enum ax_err axdriver_virtio_submit(struct axdriver_virtio_queue *queue,
                                   const struct axdma_segment *segments, unsigned read_count,
                                   unsigned write_count, void *token)
{
    struct axsync_spin_state state = axsync_spin_lock(&queue->lock);
    enum ax_err err = queue->is_closed
                          ? AX_EIO
                          : ring_add(&queue->ring, segments, read_count, write_count, token);
    axsync_spin_unlock(&queue->lock, state);
    return err;
}

void axdriver_virtio_kick(struct axdriver_virtio_queue *queue)
{
    struct axsync_spin_state state = axsync_spin_lock(&queue->lock);
    bool must_notify = !queue->is_closed && ring_must_notify(&queue->ring);
    axsync_spin_unlock(&queue->lock, state);
    if (must_notify)
        queue->device->transport->notify(queue->device, queue->index);
}

bool axdriver_virtio_failed(const struct axdriver_virtio_queue *queue)
{
    /* acquire: pairs with the exchange of mark_broken() */
    return atomic_load_explicit(&queue->device->broken, memory_order_acquire) != 0;
}

/* ---- the way back ---- */

struct taken {
    enum ax_err err; /* of ring_take() */
    bool has_more;   /* AX_ENOENT, but something came before the interrupt was asked for */
    void *token;
    uint32_t written_bytes;
    const char *rule;
};

static struct taken take(struct axdriver_virtio_queue *queue)
{
    struct taken taken = {0};
    struct axsync_spin_state state = axsync_spin_lock(&queue->lock);
    taken.err = ring_take(&queue->ring, &taken.token, &taken.written_bytes, &taken.rule);
    taken.has_more = taken.err == AX_ENOENT && ring_rearm(&queue->ring);
    axsync_spin_unlock(&queue->lock, state);
    return taken;
}

void queue_drain(struct axdriver_virtio_queue *queue)
{
    struct taken taken = take(queue);
    while (taken.err == AX_OK || taken.has_more) {
        if (taken.err == AX_OK)
            queue->done(queue, taken.token, taken.written_bytes);
        taken = take(queue);
    }
    if (taken.err == AX_EBADMSG)
        axdriver_virtio_fail(queue->device, taken.rule);
}

static void *abandon(struct axdriver_virtio_queue *queue)
{
    struct axsync_spin_state state = axsync_spin_lock(&queue->lock);
    queue->is_closed = true;
    void *token = ring_abandon(&queue->ring);
    axsync_spin_unlock(&queue->lock, state);
    return token;
}

void queue_close(struct axdriver_virtio_queue *queue)
{
    struct axcpu_irq_state state = axcpu_irq_disable();
    for (void *token = abandon(queue); token != NULL; token = abandon(queue))
        queue->done(queue, token, 0);
    axcpu_irq_restore(state);
}
