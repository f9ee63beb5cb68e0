/*
 * A virtio device and the machine around it, for tests of what is above: it answers as it is told
 * to, sees memory by bus addresses alone, and keeps count of what is allocated. Time passes
 * whenever somebody looks. For one file a program: what is below axdriver is replaced here.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/virtio_internal.h"
#include "../../src/want.h"
#include "ring_device.h"
#include <axalloc/malloc.h>
#include <axbase/list.h>
#include <axdma/stream.h>
#include <axhal/ipi.h>
#include <axhal/irq.h>
#include <axhal/time.h>
#include <axhal/timer.h>
#include <axlog/log.h>

enum { FAKE_STATUSES = 32, FAKE_CONFIG_BYTES = 64, FAKE_TOLD_BYTES = 256 };

struct fake_queue {
    uint32_t size_max;
    uint32_t size; /* 0: not enabled */
    struct axdriver_virtio_rings rings;
    uint16_t seen;
    unsigned told; /* how often */
};

struct fake_device {
    struct axdriver_virtio virtio;
    uint8_t status;
    uint8_t statuses[FAKE_STATUSES]; /* that were written, in order */
    unsigned status_count;
    bool ignores_reset;
    bool refuses_features;
    uint64_t offered;
    uint64_t accepted;
    uint32_t interrupt_status;
    struct fake_queue queues[AXDRIVER_VIRTIO_QUEUES_MAX];
    uint8_t config[FAKE_CONFIG_BYTES];
    void (*notified)(struct fake_device *self, unsigned index); /* NULL: it only counts */
};

/* ---- what a driver is brought with, and would bring ---- */

const struct axdriver_tree_driver axdriver_virtio_mmio;
const struct axdriver_tree_driver axdriver_pci_host;
const struct axhal_boot_step axdriver_port_start;

/* ---- the machine ---- */

static struct {
    uint64_t now_ns;
    unsigned live;          /* allocations of both kinds, and mappings */
    unsigned until_failure; /* the how-manieth allocation from now fails; 0: none does */
    bool (*handle)(void *argument);
    void *argument;
    char told[FAKE_TOLD_BYTES]; /* the last line of the log */
    unsigned errors;            /* lines of that level */
    bool has_timers;            /* one at a time: else none can be started */
    struct axhal_timer *timer;
    uint64_t deadline_ns;
} fake;

enum axlog_level axlog_current = AXLOG_TRACE;

void axlog_write(enum axlog_level level, const char *module, const char *format, ...)
{
    va_list args;
    (void)module;
    va_start(args, format);
    vsnprintf(fake.told, sizeof fake.told, format, args);
    va_end(args);
    fake.errors += level == AXLOG_ERROR;
}

static bool fake_must_fail(void)
{
    return fake.until_failure != 0 && --fake.until_failure == 0;
}

void *axalloc_calloc(size_t count, size_t size)
{
    if (fake_must_fail())
        return NULL;
    fake.live++;
    return calloc(count, size);
}

void axalloc_free(void *pointer)
{
    fake.live -= pointer != NULL;
    free(pointer);
}

enum ax_err axdma_alloc(struct axdma_device *device, struct ax_layout layout,
                        struct axdma_memory *out)
{
    (void)device;
    if (fake_must_fail())
        return AX_ENOMEM;
    void *memory = calloc(1, layout.size);
    fake.live++;
    *out = (struct axdma_memory){memory, {(uintptr_t)memory + RING_DEVICE_BUS}};
    return AX_OK;
}

enum ax_err axdma_dealloc(struct axdma_device *device, struct axdma_memory memory,
                          struct ax_layout layout)
{
    (void)device;
    (void)layout;
    fake.live--;
    free(memory.cpu);
    return AX_OK;
}

enum ax_err axdma_map(struct axdma_device *device, void *buffer, size_t bytes,
                      enum axdma_direction direction, struct axdma_mapping *out)
{
    (void)device;
    if (fake_must_fail())
        return AX_ENOMEM;
    fake.live++;
    *out = (struct axdma_mapping){.bus = {(uintptr_t)buffer + RING_DEVICE_BUS},
                                  .bytes = bytes,
                                  .buffer = buffer,
                                  .direction = direction};
    return AX_OK;
}

enum ax_err axdma_unmap(struct axdma_device *device, struct axdma_mapping *mapping)
{
    (void)device;
    (void)mapping;
    fake.live--;
    return AX_OK;
}

enum ax_err axhal_irq_register(unsigned irq, bool (*handle)(void *argument), void *argument)
{
    (void)irq;
    if (fake_must_fail())
        return AX_ENOSPC;
    fake.handle = handle;
    fake.argument = argument;
    return AX_OK;
}

enum ax_err axhal_irq_unregister(unsigned irq, bool (*handle)(void *argument), void *argument)
{
    (void)irq;
    bool is_it = fake.handle == handle && fake.argument == argument;
    fake.handle = NULL;
    return is_it ? AX_OK : AX_ENOENT;
}

uint64_t axhal_monotonic_ns(void)
{
    return fake.now_ns += 1000000;
}

enum ax_err axhal_timer_start(struct axhal_timer *timer, uint64_t deadline_ns, uint64_t period_ns)
{
    (void)period_ns;
    if (!fake.has_timers)
        return AX_ENODEV;
    fake.timer = timer;
    fake.deadline_ns = deadline_ns;
    return AX_OK;
}

bool axhal_timer_cancel(struct axhal_timer *timer)
{
    (void)timer;
    return false;
}

void axhal_ipi_send(unsigned cpu)
{
    (void)cpu;
    abort(); /* there is one CPU here */
}

/* ---- the device ---- */

static struct fake_device *fake_of(struct axdriver_virtio *virtio)
{
    return AX_CONTAINER_OF(virtio, struct fake_device, virtio);
}

static uint8_t fake_status(struct axdriver_virtio *virtio)
{
    return fake_of(virtio)->status;
}

static void fake_set_status(struct axdriver_virtio *virtio, uint8_t status)
{
    struct fake_device *self = fake_of(virtio);
    if (self->status_count < FAKE_STATUSES)
        self->statuses[self->status_count++] = status;
    if (status == 0 && self->ignores_reset)
        return;
    self->status = status;
    if (self->refuses_features)
        self->status &= (uint8_t)~AXDRIVER_VIRTIO_FEATURES_OK;
    for (unsigned i = 0; i < AXDRIVER_VIRTIO_QUEUES_MAX && status == 0; i++)
        self->queues[i] = (struct fake_queue){.size_max = self->queues[i].size_max};
}

static uint64_t fake_features(struct axdriver_virtio *virtio)
{
    return fake_of(virtio)->offered;
}

static void fake_set_features(struct axdriver_virtio *virtio, uint64_t features)
{
    fake_of(virtio)->accepted = features;
}

static uint32_t fake_queue_size_max(struct axdriver_virtio *virtio, unsigned index)
{
    return fake_of(virtio)->queues[index].size_max;
}

static enum ax_err fake_queue_enable(struct axdriver_virtio *virtio, unsigned index, uint32_t size,
                                     const struct axdriver_virtio_rings *rings)
{
    struct fake_queue *queue = &fake_of(virtio)->queues[index];
    if (fake_must_fail())
        return AX_EIO;
    queue->size = size;
    queue->rings = *rings;
    return AX_OK;
}

static void fake_notify(struct axdriver_virtio *virtio, unsigned index)
{
    struct fake_device *self = fake_of(virtio);
    self->queues[index].told++;
    if (self->notified != NULL)
        self->notified(self, index);
}

static enum ax_err fake_read_config(struct axdriver_virtio *virtio, size_t offset, void *out,
                                    size_t bytes)
{
    if (offset + bytes > FAKE_CONFIG_BYTES)
        return AX_ERANGE;
    memcpy(out, fake_of(virtio)->config + offset, bytes);
    return AX_OK;
}

static enum ax_err fake_write_config(struct axdriver_virtio *virtio, size_t offset,
                                     const void *from, size_t bytes)
{
    if (offset + bytes > FAKE_CONFIG_BYTES)
        return AX_ERANGE;
    memcpy(fake_of(virtio)->config + offset, from, bytes);
    return AX_OK;
}

static uint32_t fake_interrupt_status(struct axdriver_virtio *virtio)
{
    uint32_t status = fake_of(virtio)->interrupt_status;
    fake_of(virtio)->interrupt_status = 0;
    return status;
}

static const struct axdriver_virtio_transport fake_transport = {"fake",
                                                                fake_status,
                                                                fake_set_status,
                                                                fake_features,
                                                                fake_set_features,
                                                                fake_queue_size_max,
                                                                fake_queue_enable,
                                                                fake_notify,
                                                                fake_read_config,
                                                                fake_write_config,
                                                                fake_interrupt_status,
                                                                NULL};

/* A device of a kind, that keeps the rules; the machine is as new. */
static inline void fake_start(struct fake_device *self, uint64_t device_id)
{
    memset(&fake, 0, sizeof fake);
    *self = (struct fake_device){
        .virtio = {.transport = &fake_transport, .device_id = device_id, .name = "fake 0x1"},
        .status = 7,
        .offered = UINT64_MAX};
    for (unsigned i = 0; i < AXDRIVER_VIRTIO_QUEUES_MAX; i++)
        self->queues[i].size_max = 256;
}

/* What the device sees of a queue. */
static inline struct ring_device fake_ring(const struct fake_device *self, unsigned index)
{
    const struct fake_queue *queue = &self->queues[index];
    struct ring_device ring = {.ring = {.size = queue->size}, .seen = queue->seen};
    ring.parts[0] = ring_device_memory(queue->rings.descriptors.raw);
    ring.parts[1] = ring_device_memory(queue->rings.available.raw);
    ring.parts[2] = ring_device_memory(queue->rings.used.raw);
    return ring;
}

/* The next request of a queue; false: there is none. */
static inline bool fake_next(struct fake_device *self, unsigned index, struct ring_request *out)
{
    struct ring_device ring = fake_ring(self, index);
    bool is_there = ring_device_next(&ring, out);
    self->queues[index].seen = ring.seen;
    return is_there;
}

static inline void fake_use(struct fake_device *self, unsigned index, uint32_t id, uint32_t bytes)
{
    struct ring_device ring = fake_ring(self, index);
    ring_device_use(&ring, id, bytes);
}

/* The interrupt line goes up. Whether it was somebody's. */
static inline bool fake_interrupt(struct fake_device *self, uint32_t status)
{
    self->interrupt_status = status;
    return fake.handle != NULL && fake.handle(fake.argument);
}
