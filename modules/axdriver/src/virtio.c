/*
 * What happens to a virtio device from the day it is found (virtio 1.2, 3.1): reset, acknowledged,
 * its driver attached, features agreed on, queues started, interrupts; and its end.
 *
 * A device that breaks a rule is reset at once, before any memory that it was lent is used again:
 * that is all that can be done without an IOMMU.
 */
#include "virtio_internal.h"
#include "want.h"
#include <axbase/assert.h>
#include <axcpu/barrier.h>
#include <axhal/irq.h>
#include <axhal/time.h>
#include <axlog/log.h>

enum { INTERRUPT_QUEUE = 1, INTERRUPT_CONFIG = 2 }; /* 4.2.2, ISR status: 4.1.4.5 */

static const uint64_t ring_features = AXDRIVER_VIRTIO_F_INDIRECT_DESC |
                                      AXDRIVER_VIRTIO_F_EVENT_IDX | AXDRIVER_VIRTIO_F_VERSION_1 |
                                      AXDRIVER_VIRTIO_F_ACCESS_PLATFORM;

void axdriver_want_virtio(void)
{
    want_virtio();
}

static void add_status(struct axdriver_virtio *device, unsigned bits)
{
    const struct axdriver_virtio_transport *transport = device->transport;
    transport->set_status(device, (uint8_t)(transport->status(device) | bits));
}

/* Status 0 means that it touches no memory any more (2.4, 4.1.4.3.1, 4.2.3.1). */
static void reset(struct axdriver_virtio *device)
{
    const struct axdriver_virtio_transport *transport = device->transport;
    uint64_t limit = axhal_monotonic_ns() + AXDRIVER_VIRTIO_RESET_MS * UINT64_C(1000000);
    axcpu_barrier_device();
    transport->set_status(device, 0);
    while (transport->status(device) != 0 && axhal_monotonic_ns() < limit)
        axcpu_relax();
    device->is_still_running = transport->status(device) != 0;
    axcpu_barrier_device();
}

/* True: it was not broken before. */
static bool mark_broken(struct axdriver_virtio *device)
{
    /* the release half pairs with the acquire of axdriver_virtio_failed() */
    return atomic_exchange_explicit(&device->broken, 1, memory_order_acq_rel) == 0;
}

static void reset_and_close(struct axdriver_virtio *device)
{
    reset(device);
    if (device->is_still_running && device->transport->cut_off != NULL) {
        device->transport->cut_off(device);
        device->is_still_running = false;
    }
    for (unsigned i = 0; i < AXDRIVER_VIRTIO_QUEUES_MAX; i++)
        if (device->queues[i] != NULL)
            queue_close(device->queues[i]);
}

void axdriver_virtio_fail(struct axdriver_virtio *device, const char *rule)
{
    if (!mark_broken(device))
        return;
    axlog_error("%s: %s: it is reset and not used any more", device->name, rule);
    reset_and_close(device);
}

/* Lines may be shared: false, if it has nothing to say. */
static bool interrupted(void *argument)
{
    struct axdriver_virtio *device = argument;
    uint32_t status = device->transport->interrupt_status(device);
    /* relaxed: a device that breaks just now is found out by its queues */
    if (status == 0 || atomic_load_explicit(&device->broken, memory_order_relaxed) != 0)
        return false;
    if ((status & INTERRUPT_QUEUE) != 0)
        for (unsigned i = 0; i < AXDRIVER_VIRTIO_QUEUES_MAX; i++)
            if (device->queues[i] != NULL)
                queue_drain(device->queues[i]);
    if ((status & INTERRUPT_CONFIG) != 0 &&
        (device->transport->status(device) & AXDRIVER_VIRTIO_NEEDS_RESET) != 0)
        axdriver_virtio_fail(device, "it asks to be reset");
    return true;
}

enum ax_err axdriver_virtio_go(struct axdriver_virtio *device)
{
    enum ax_err err = axhal_irq_register(device->irq, interrupted, device);
    if (err != AX_OK)
        return err;
    device->has_interrupt = true;
    add_status(device, AXDRIVER_VIRTIO_DRIVER_OK);
    return (device->transport->status(device) & AXDRIVER_VIRTIO_NEEDS_RESET) == 0 ? AX_OK : AX_EIO;
}

void axdriver_virtio_stop(struct axdriver_virtio *device)
{
    if (device->has_interrupt) {
        enum ax_err err = axhal_irq_unregister(device->irq, interrupted, device);
        AX_ASSERT(err == AX_OK);
        device->has_interrupt = false;
    }
    mark_broken(device);
    reset_and_close(device);
    if (device->is_still_running)
        axlog_error("%s does not confirm its reset: what it was lent stays lost", device->name);
    for (unsigned i = 0; i < AXDRIVER_VIRTIO_QUEUES_MAX; i++) {
        if (device->queues[i] != NULL)
            queue_free(device->queues[i], device->is_still_running);
        device->queues[i] = NULL;
    }
}

enum ax_err axdriver_virtio_negotiate(struct axdriver_virtio *device, uint64_t wanted)
{
    const struct axdriver_virtio_transport *transport = device->transport;
    uint64_t features = transport->features(device) & (wanted | ring_features);
    if ((features & AXDRIVER_VIRTIO_F_VERSION_1) == 0)
        return AX_ENOTSUP;
    transport->set_features(device, features);
    add_status(device, AXDRIVER_VIRTIO_FEATURES_OK);
    if ((transport->status(device) & AXDRIVER_VIRTIO_FEATURES_OK) == 0)
        return AX_ENOTSUP;
    device->features = features;
    return AX_OK;
}

static const struct axdriver_virtio_driver *find_driver(uint64_t device_id)
{
    const struct axdriver_virtio_driver *driver = axdriver_virtio_drivers;
    while (driver->device_id != 0 && driver->device_id != device_id)
        driver++;
    return driver->device_id != 0 ? driver : NULL;
}

enum ax_err axdriver_virtio_found(struct axdriver_virtio *device)
{
    const struct axdriver_virtio_driver *driver = find_driver(device->device_id);
    if (driver == NULL || device->device_id == 0) {
        axlog_debug("%s: no driver for device %llu in this image", device->name,
                    (unsigned long long)device->device_id);
        return AX_ENODEV;
    }
    device->dma.limits.segment_bytes = UINT32_MAX; /* what a descriptor can say */
    reset(device);
    if (device->is_still_running) {
        axlog_warn("%s does not confirm its reset, and is not used", device->name);
        return AX_ENODEV;
    }
    add_status(device, AXDRIVER_VIRTIO_ACKNOWLEDGE | AXDRIVER_VIRTIO_DRIVER);
    enum ax_err err = driver->attach(device);
    if (err == AX_OK) {
        axlog_info("%s on %s", driver->name, device->name);
        return AX_OK;
    }
    axlog_warn("%s on %s cannot be used: %s", driver->name, device->name, ax_err_name(err));
    axdriver_virtio_stop(device);
    add_status(device, AXDRIVER_VIRTIO_FAILED);
    return AX_ENODEV;
}
