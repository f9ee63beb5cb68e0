/*
 * virtio-console (virtio 1.2, 5.3) with its one port, as a byte stream: what the device receives
 * lies in buffers of ours until it is read; what is written is lent to it where it is.
 *
 * Received buffers go through a ring of their indexes: the device's interrupt puts them in, a
 * reader takes bytes out of the first and gives it back to the device when it is empty. There are
 * as many places as buffers, so it is never full.
 *
 * Does badly: several ports (F_MULTIPORT) are not asked for; while all buffers wait for a reader,
 * the host has to.
 */
#include "wait.h"
#include "want.h"
#include <axalloc/malloc.h>
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axdma/dma.h>
#include <axdriver/serial.h>
#include <axdriver/virtio.h>
#include <axhal/time.h>
#include <axsync/spinlock.h>

enum { DEVICE_ID = 3, RECEIVE = 0, TRANSMIT = 1 };
enum { BUFFERS = 8, BUFFER_BYTES = 256, WRITES_MAX = 16, WRITE_BYTES_MAX = 64 << 10 };

static const struct ax_layout buffer_layout = {BUFFER_BYTES, 64};

struct buffer { /* the token of its request */
    struct axdriver_serial *serial;
    struct axdma_memory memory;
};

struct axdriver_serial {
    struct axdriver_serial *next;
    struct axdriver_virtio *device;
    struct axdriver_virtio_queue *receive;
    struct axdriver_virtio_queue *transmit;
    struct buffer buffers[BUFFERS];
    struct axsync_spinlock lock; /* of the rest */
    struct wait *reader;         /* who waits for bytes; NULL: nobody */
    bool is_reading;
    uint32_t bytes[BUFFERS]; /* received, of each buffer */
    uint32_t first_offset;   /* how far the first of them was read */
    unsigned first, count;   /* of `order`: buffers that wait to be read */
    uint8_t order[BUFFERS];
};

static struct axdriver_serial *serials; /* in the order of attaching; changed at boot only */

/* ---- receiving ---- */

/* Lend buffer `index` to the device. Nothing to do if it has failed. */
static void lend(struct axdriver_serial *serial, unsigned index)
{
    struct axdma_segment segment = {serial->buffers[index].memory.bus, BUFFER_BYTES};
    if (axdriver_virtio_submit(serial->receive, &segment, 0, 1, &serial->buffers[index]) == AX_OK)
        axdriver_virtio_kick(serial->receive);
}

static void received(struct axdriver_virtio_queue *queue, void *token, uint32_t written_bytes)
{
    const struct buffer *buffer = token;
    struct axdriver_serial *serial = buffer->serial;
    unsigned index = (unsigned)(buffer - serial->buffers);
    struct axsync_spin_state state = axsync_spin_lock(&serial->lock);
    if (!axdriver_virtio_failed(queue)) {
        serial->bytes[index] = written_bytes;
        serial->order[(serial->first + serial->count++) % BUFFERS] = (uint8_t)index;
    }
    if (serial->reader != NULL)
        wait_wake(serial->reader); /* under the lock: it may give up waiting just now */
    serial->reader = NULL;
    axsync_spin_unlock(&serial->lock, state);
}

/*
 * Take up to `room` bytes out of the first buffer. Returns how many; `*empty` is a buffer that has
 * no more, or BUFFERS. With none there, `waiter` is woken when one comes.
 */
static size_t take(struct axdriver_serial *serial, void *to, size_t room, struct wait *waiter,
                   unsigned *empty)
{
    size_t bytes = 0;
    *empty = BUFFERS;
    struct axsync_spin_state state = axsync_spin_lock(&serial->lock);
    if (serial->count > 0) {
        unsigned index = serial->order[serial->first];
        uint32_t left = serial->bytes[index] - serial->first_offset;
        bytes = left < room ? left : room;
        memcpy(to, (char *)serial->buffers[index].memory.cpu + serial->first_offset, bytes);
        serial->first_offset += (uint32_t)bytes;
        if (bytes == left) {
            serial->first_offset = 0;
            serial->first = (serial->first + 1) % BUFFERS;
            serial->count--;
            *empty = index;
        }
    } else {
        serial->reader = waiter;
    }
    axsync_spin_unlock(&serial->lock, state);
    return bytes;
}

/* One reader at a time. False: there is one. */
static bool begin_reading(struct axdriver_serial *serial)
{
    struct axsync_spin_state state = axsync_spin_lock(&serial->lock);
    bool is_first = !serial->is_reading;
    serial->is_reading = true;
    axsync_spin_unlock(&serial->lock, state);
    return is_first;
}

static void end_reading(struct axdriver_serial *serial)
{
    struct axsync_spin_state state = axsync_spin_lock(&serial->lock);
    serial->is_reading = false;
    serial->reader = NULL;
    axsync_spin_unlock(&serial->lock, state);
}

static enum ax_err read_some(struct axdriver_serial *serial, void *to, size_t room,
                             uint64_t deadline_ns, size_t *count)
{
    bool is_in_time = true;
    while (is_in_time) {
        struct wait wait;
        unsigned empty;
        wait_begin(&wait);
        size_t bytes = take(serial, to, room, &wait, &empty);
        if (empty < BUFFERS)
            lend(serial, empty);
        if (bytes > 0) {
            *count = bytes;
            return AX_OK;
        }
        if (axdriver_virtio_failed(serial->receive))
            return AX_EIO;
        is_in_time = empty < BUFFERS || wait_until(&wait, deadline_ns);
    }
    return AX_EBUSY;
}

enum ax_err axdriver_serial_read(struct axdriver_serial *serial, void *to, size_t room,
                                 uint64_t timeout_ns, size_t *count)
{
    uint64_t now = axhal_monotonic_ns();
    if (room == 0)
        return AX_EINVAL;
    if (!begin_reading(serial))
        return AX_EALREADY;
    enum ax_err err = read_some(
        serial, to, room, timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns, count);
    end_reading(serial);
    return err;
}

/* ---- sending ---- */

static void sent(struct axdriver_virtio_queue *queue, void *token, uint32_t written_bytes)
{
    (void)queue;
    (void)written_bytes;
    wait_wake(token);
}

/* Lend one segment to the device until it has sent it. */
static enum ax_err send(struct axdriver_serial *serial, struct ax_busaddr bus, size_t bytes)
{
    struct axdma_segment segment = {bus, bytes};
    struct wait wait;
    wait_begin(&wait);
    enum ax_err err = axdriver_virtio_submit(serial->transmit, &segment, 1, 0, &wait);
    if (err != AX_OK)
        return err;
    axdriver_virtio_kick(serial->transmit);
    if (!wait_until(&wait, wait_limit_ms(CONFIG_AXDRIVER_SERIAL_TIMEOUT_MS))) {
        axdriver_virtio_fail(serial->device, "it does not send what it is given");
        bool is_over = wait_until(&wait, UINT64_MAX); /* sent() is on its way */
        AX_ASSERT(is_over);
    }
    return axdriver_virtio_failed(serial->transmit) ? AX_EIO : AX_OK;
}

enum ax_err axdriver_serial_write(struct axdriver_serial *serial, const void *from, size_t bytes)
{
    enum ax_err err = AX_OK;
    for (size_t done = 0, now; done < bytes && err == AX_OK; done += now) {
        struct axdma_mapping mapping;
        /* the device only reads it */
        void *part = (void *)(uintptr_t)((const char *)from + done);
        now = bytes - done < WRITE_BYTES_MAX ? bytes - done : WRITE_BYTES_MAX;
        err = axdma_map(&serial->device->dma, part, now, AXDMA_TO_DEVICE, &mapping);
        if (err != AX_OK)
            return err;
        err = send(serial, mapping.bus, now);
        enum ax_err undone = axdma_unmap(&serial->device->dma, &mapping);
        err = err == AX_OK ? undone : err;
    }
    return err;
}

/* ---- finding them ---- */

struct axdriver_serial *axdriver_serial(unsigned index)
{
    want_virtio();
    AX_KEEP(&axdriver_virtio_console);
    struct axdriver_serial *serial = serials;
    for (; index > 0 && serial != NULL; index--)
        serial = serial->next;
    return serial;
}

static void free_serial(struct axdriver_serial *serial)
{
    for (unsigned i = 0; i < BUFFERS; i++)
        if (serial->buffers[i].memory.cpu != NULL)
            axdma_dealloc(&serial->device->dma, serial->buffers[i].memory, buffer_layout);
    axalloc_free(serial);
}

/* Its queues and buffers; after an error it is the caller's to free what there is. */
static enum ax_err start(struct axdriver_serial *serial)
{
    struct axdriver_virtio *device = serial->device;
    enum ax_err err = axdriver_virtio_negotiate(device, 0);
    if (err == AX_OK)
        err = axdriver_virtio_queue_start(device, RECEIVE, BUFFERS, received, &serial->receive);
    if (err == AX_OK)
        err = axdriver_virtio_queue_start(device, TRANSMIT, WRITES_MAX, sent, &serial->transmit);
    for (unsigned i = 0; i < BUFFERS && err == AX_OK; i++) {
        serial->buffers[i].serial = serial;
        err = axdma_alloc(&device->dma, buffer_layout, &serial->buffers[i].memory);
    }
    return err == AX_OK ? axdriver_virtio_go(device) : err;
}

static enum ax_err attach(struct axdriver_virtio *device)
{
    struct axdriver_serial **end = &serials;
    struct axdriver_serial *serial = axalloc_calloc(1, sizeof *serial);
    if (serial == NULL)
        return AX_ENOMEM;
    serial->lock = (struct axsync_spinlock)AXSYNC_SPINLOCK_INIT(14, "serial");
    serial->device = device;
    enum ax_err err = start(serial);
    if (err != AX_OK) {
        free_serial(serial);
        return err;
    }
    while (*end != NULL)
        end = &(*end)->next;
    *end = serial;
    for (unsigned i = 0; i < BUFFERS; i++)
        lend(serial, i);
    return AX_OK;
}

AXDRIVER_VIRTIO_DRIVER(console)
const struct axdriver_virtio_driver axdriver_virtio_console = {DEVICE_ID, "virtio-console", attach};
