/*
 * A virtio device (virtio 1.2), whatever it is plugged into: what a driver of one calls. Transports
 * (MMIO, PCI) are behind `struct axdriver_virtio_transport`.
 *
 * What a device writes is untrusted: each shared field is read once, checked, and a device that
 * breaks a rule is broken for good: its queues fail every request with AX_EIO, and the log names
 * the rule once.
 *
 * All memory that the device is told of comes from axdma; nothing here computes a bus address.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/err.h>
#include <axdma/device.h>
#include <axdma/stream.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct axdriver_virtio;

enum { AXDRIVER_VIRTIO_QUEUES_MAX = 8, AXDRIVER_VIRTIO_QUEUE_SIZE_MAX = 256 };

/* Feature bits of every kind of device (virtio 1.2, 6). */
#define AXDRIVER_VIRTIO_F_INDIRECT_DESC (UINT64_C(1) << 28)
#define AXDRIVER_VIRTIO_F_EVENT_IDX (UINT64_C(1) << 29)
#define AXDRIVER_VIRTIO_F_VERSION_1 (UINT64_C(1) << 32)
#define AXDRIVER_VIRTIO_F_ACCESS_PLATFORM (UINT64_C(1) << 33)

/* Status bits (virtio 1.2, 2.1). */
enum {
    AXDRIVER_VIRTIO_ACKNOWLEDGE = 1,
    AXDRIVER_VIRTIO_DRIVER = 2,
    AXDRIVER_VIRTIO_DRIVER_OK = 4,
    AXDRIVER_VIRTIO_FEATURES_OK = 8,
    AXDRIVER_VIRTIO_NEEDS_RESET = 64,
    AXDRIVER_VIRTIO_FAILED = 128
};

/* Where the three parts of a queue are, for the device. */
struct axdriver_virtio_rings {
    struct ax_busaddr descriptors;
    struct ax_busaddr available;
    struct ax_busaddr used;
};

/*
 * What a transport supplies. Any context for `status`, `set_status`, `notify` and
 * `interrupt_status`, one caller at a time but for `notify`; task context for the others. Whatever
 * the device answers is passed on as it is; who asked checks it.
 */
struct axdriver_virtio_transport {
    const char *name; /* "virtio-mmio" */
    uint8_t (*status)(struct axdriver_virtio *device);
    void (*set_status)(struct axdriver_virtio *device, uint8_t status); /* 0: reset */
    uint64_t (*features)(struct axdriver_virtio *device);
    void (*set_features)(struct axdriver_virtio *device, uint64_t features);
    /* The most entries of queue `index`; 0: there is no such queue. */
    uint32_t (*queue_size_max)(struct axdriver_virtio *device, unsigned index);
    enum ax_err (*queue_enable)(struct axdriver_virtio *device, unsigned index, uint32_t size,
                                const struct axdriver_virtio_rings *rings);
    void (*notify)(struct axdriver_virtio *device, unsigned index);
    /* Bytes of the device's configuration, as one consistent snapshot (generation checked). */
    enum ax_err (*read_config)(struct axdriver_virtio *device, size_t offset, void *out,
                               size_t bytes);
    enum ax_err (*write_config)(struct axdriver_virtio *device, size_t offset, const void *from,
                                size_t bytes);
    /* Bit 0: a queue was used; bit 1: configuration changed. Reading acknowledges. */
    uint32_t (*interrupt_status)(struct axdriver_virtio *device);
    /* Keep a device that does not reset from all memory, for good; NULL: there is no way to. */
    void (*cut_off)(struct axdriver_virtio *device);
};

struct axdriver_virtio_queue;

/* The head of what a transport allocates for a device. */
struct axdriver_virtio {
    const struct axdriver_virtio_transport *transport;
    struct axdma_device dma;
    uint64_t device_id;
    const char *name;  /* "virtio-mmio 0xa003e00", for messages; lives as long */
    unsigned irq;      /* of <axhal/irq.h> */
    uint64_t features; /* what was agreed on */
    /* From here on the core's; zero to begin with. */
    atomic_uint broken;    /* not 0: a rule was broken, or it was stopped */
    bool has_interrupt;    /* a handler is registered */
    bool is_still_running; /* it was reset, and did not say that it is */
    struct axdriver_virtio_queue *queues[AXDRIVER_VIRTIO_QUEUES_MAX];
};

/*
 * For apps that bring rows of their own (AXDRIVER_VIRTIO_DRIVER): code in the image that calls this
 * has the transports, and with them what is found at boot. Does nothing.
 */
void axdriver_want_virtio(void);

/*
 * For transports: a device that answered, with the fields above the core's filled in. It is reset
 * and acknowledged, and its driver found and attached. AX_ENODEV: no driver in this image, or the
 * driver could not use it, which a warning has said; the device is reset and nothing is kept. Boot.
 */
AX_MUST_CHECK enum ax_err axdriver_virtio_found(struct axdriver_virtio *device);

/*
 * Agree on features: VERSION_1, of the ring's those that are implemented, and of `wanted` what the
 * device offers. AX_ENOTSUP: no VERSION_1 (a legacy device), or the device refuses the choice.
 */
AX_MUST_CHECK enum ax_err axdriver_virtio_negotiate(struct axdriver_virtio *device,
                                                    uint64_t wanted);

/*
 * Queue `index` with at most `size` entries (a power of two up to AXDRIVER_VIRTIO_QUEUE_SIZE_MAX;
 * fewer if the device has fewer). After axdriver_virtio_negotiate().
 *
 * `done(queue, token, written_bytes)` is called once for each request, when the device has used it
 * or has failed, with interrupts off and no lock held; `written_bytes` is at most what the device
 * could write. It may submit and kick.
 *
 * AX_EINVAL: no such index or size, or it is started. AX_ENODEV: the device has no such queue.
 * AX_ENOMEM. Nothing kept on an error.
 */
AX_MUST_CHECK enum ax_err axdriver_virtio_queue_start(
    struct axdriver_virtio *device, unsigned index, unsigned size,
    void (*done)(struct axdriver_virtio_queue *queue, void *token, uint32_t written_bytes),
    struct axdriver_virtio_queue **out);

/*
 * All queues are started: interrupts on, DRIVER_OK. Only now requests may be submitted. Errors of
 * axhal_irq_register(): the device has not begun. AX_EIO: it asks to be reset.
 */
AX_MUST_CHECK enum ax_err axdriver_virtio_go(struct axdriver_virtio *device);

/*
 * The device broke `rule`, a constant text that ends "virtio-mmio 0xa003e00: ...", or has not
 * answered in time: it is reset and not used any more, an error line says why, and each request
 * that is out ends by done(). Its queues stay until axdriver_virtio_stop(). Does nothing if the
 * device has failed before. Any context; waits up to AXDRIVER_VIRTIO_RESET_MS for the device.
 */
void axdriver_virtio_fail(struct axdriver_virtio *device, const char *rule);

enum { AXDRIVER_VIRTIO_RESET_MS = 100 };

/*
 * Reset the device; every request that is out ends by done(), which finds that
 * axdriver_virtio_failed(); then all memory of its queues goes back. If the device does not confirm
 * the reset, it may still write there: then its memory is kept for good, and an error line says so.
 * Task context, interrupts on; nobody else uses the queues any more.
 */
void axdriver_virtio_stop(struct axdriver_virtio *device);

/*
 * Offer one request: `read_count` segments that the device reads, then `write_count` that it
 * writes. They stay mapped (<axdma/stream.h>) or coherent until done(). `token` is not NULL.
 * AX_EBUSY: the queue has no room now. AX_EIO: the device is broken. AX_EINVAL: no token, no
 * segments, an empty one, more than the queue has entries, or 4 GiB in all. Nothing changed on an
 * error. Any context, done() too; takes the queue's lock (rank 11). Cost: about 40 instructions a
 * segment and a barrier. The device is told by axdriver_virtio_kick().
 */
AX_MUST_CHECK enum ax_err axdriver_virtio_submit(struct axdriver_virtio_queue *queue,
                                                 const struct axdma_segment *segments,
                                                 unsigned read_count, unsigned write_count,
                                                 void *token);

/* Tell the device of what was submitted, unless it said that it need not be told. As above. */
void axdriver_virtio_kick(struct axdriver_virtio_queue *queue);

/* Whether the device broke a rule, or was stopped: what done() gets then counts as failed. */
bool axdriver_virtio_failed(const struct axdriver_virtio_queue *queue);
