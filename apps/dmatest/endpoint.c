/* Drivers of virtio-rng and of virtio-console's transmit queue (virtio 1.2, 5.4 and 5.3). */
#include "endpoint.h"
#include <axcpu/barrier.h>
#include <axdriver/driver.h>
#include <axhal/time.h>
#include <axlog/log.h>

enum { CONSOLE_ID = 3, RNG_ID = 4, RNG_QUEUE = 0, TRANSMIT_QUEUE = 1, QUEUE_SIZE = 16 };

#define LIMIT_NS UINT64_C(1000000000)

struct endpoint endpoint_writer = {.name = "virtio-rng"};
struct endpoint endpoint_reader = {.name = "virtio-console"};

static void done(struct axdriver_virtio_queue *queue, void *token, uint32_t written_bytes)
{
    struct endpoint *endpoint = token;
    (void)queue;
    endpoint->written_bytes = written_bytes;
    /* release: pairs with the acquire of endpoint_transfer() */
    atomic_store_explicit(&endpoint->is_done, 1, memory_order_release);
}

static enum ax_err attach(struct axdriver_virtio *device, struct endpoint *endpoint, unsigned queue)
{
    if (endpoint->device != NULL)
        return AX_EALREADY;
    enum ax_err err = axdriver_virtio_negotiate(device, 0);
    if (err == AX_OK)
        err = axdriver_virtio_queue_start(device, queue, QUEUE_SIZE, done, &endpoint->queue);
    if (err == AX_OK)
        err = axdriver_virtio_go(device);
    if (err == AX_OK)
        endpoint->device = device;
    return err;
}

static enum ax_err attach_writer(struct axdriver_virtio *device)
{
    return attach(device, &endpoint_writer, RNG_QUEUE);
}

static enum ax_err attach_reader(struct axdriver_virtio *device)
{
    return attach(device, &endpoint_reader, TRANSMIT_QUEUE);
}

AXDRIVER_VIRTIO_DRIVER(dmatest_writer)
static const struct axdriver_virtio_driver writer = {RNG_ID, "dmatest's virtio-rng", attach_writer};
AXDRIVER_VIRTIO_DRIVER(dmatest_reader)
static const struct axdriver_virtio_driver reader = {CONSOLE_ID, "dmatest's virtio-console",
                                                     attach_reader};

void endpoints_want(void)
{
    axdriver_want_virtio();
    AX_KEEP(&writer);
    AX_KEEP(&reader);
}

bool endpoint_transfer(struct endpoint *endpoint, const struct axdma_segment *segments,
                       unsigned count)
{
    bool writes = endpoint == &endpoint_writer;
    uint64_t bytes = 0, limit = axhal_monotonic_ns() + LIMIT_NS;
    for (unsigned i = 0; i < count; i++)
        bytes += writes ? segments[i].bytes : 0;
    /* relaxed: nothing is out */
    atomic_store_explicit(&endpoint->is_done, 0, memory_order_relaxed);
    enum ax_err err = axdriver_virtio_submit(endpoint->queue, segments, writes ? 0 : count,
                                             writes ? count : 0, endpoint);
    if (err != AX_OK) {
        axlog_print("dmatest: %s refuses: %s\n", endpoint->name, ax_err_name(err));
        return false;
    }
    axdriver_virtio_kick(endpoint->queue);
    /* acquire: pairs with the release of done() */
    while (atomic_load_explicit(&endpoint->is_done, memory_order_acquire) == 0)
        if (axhal_monotonic_ns() > limit) {
            axdriver_virtio_fail(endpoint->device, "no answer within a second");
            return false;
        }
    return !axdriver_virtio_failed(endpoint->queue) && endpoint->written_bytes == bytes;
}
