/*
 * virtio-rng, an entropy device (virtio 1.2, 5.4): one queue, into whose buffers the device writes
 * random bytes. They are only ever mixed into the generator, so a device that lies takes nothing
 * away.
 *
 * The first that is found feeds; one is enough.
 */
#include "random.h"
#include "want.h"
#include <axbase/string.h>
#include <axdma/dma.h>
#include <axdriver/virtio.h>
#include <stdatomic.h>

enum { DEVICE_ID = 4, QUEUE = 0, QUEUE_SIZE = 2, BYTES = 64 };

static const struct ax_layout layout = {BYTES, BYTES};

static struct {
    struct axdriver_virtio *device; /* NULL: none yet */
    struct axdriver_virtio_queue *queue;
    struct axdma_memory buffer;
    atomic_uint is_asked; /* the buffer is the device's */
} rng;

static void ask(void)
{
    struct axdma_segment segment = {rng.buffer.bus, BYTES};
    /* acquire: what the last request left in the buffer was read; pairs with the release below */
    if (atomic_exchange_explicit(&rng.is_asked, 1, memory_order_acquire) != 0)
        return;
    if (axdriver_virtio_submit(rng.queue, &segment, 0, 1, &rng) == AX_OK)
        axdriver_virtio_kick(rng.queue); /* else the device has failed, and stays asked for good */
}

static void done(struct axdriver_virtio_queue *queue, void *token, uint32_t written_bytes)
{
    (void)token;
    uint8_t bytes[BYTES];
    if (axdriver_virtio_failed(queue) || written_bytes == 0)
        return;
    memcpy(bytes, rng.buffer.cpu, written_bytes);
    memset(rng.buffer.cpu, 0, BYTES);
    /* release: the buffer may be lent again; pairs with the acquire of ask() */
    atomic_store_explicit(&rng.is_asked, 0, memory_order_release);
    random_feed(bytes, written_bytes);
    memset(bytes, 0, sizeof bytes);
}

static enum ax_err attach(struct axdriver_virtio *device)
{
    if (rng.device != NULL)
        return AX_EALREADY;
    enum ax_err err = axdriver_virtio_negotiate(device, 0);
    if (err == AX_OK)
        err = axdriver_virtio_queue_start(device, QUEUE, QUEUE_SIZE, done, &rng.queue);
    if (err == AX_OK)
        err = axdma_alloc(&device->dma, layout, &rng.buffer);
    if (err != AX_OK)
        return err;
    err = axdriver_virtio_go(device);
    if (err != AX_OK) {
        axdma_dealloc(&device->dma, rng.buffer, layout);
        return err;
    }
    rng.device = device;
    ask();
    random_use_feeder(ask);
    return AX_OK;
}

AXDRIVER_VIRTIO_DRIVER(rng)
const struct axdriver_virtio_driver axdriver_virtio_rng = {DEVICE_ID, "virtio-rng", attach};
