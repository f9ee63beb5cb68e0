/*
 * The two ends of the test: a device that writes memory (virtio-rng: random bytes) and one that
 * reads it (virtio-console: what it reads comes out of its chardev). The app drives both itself, so
 * that it decides what they are told.
 */
#pragma once

#include <axdriver/virtio.h>
#include <stdatomic.h>

struct endpoint {
    const char *name;
    struct axdriver_virtio *device; /* NULL: this machine has none */
    struct axdriver_virtio_queue *queue;
    atomic_uint is_done;
    uint32_t written_bytes;
};

extern struct endpoint endpoint_writer, endpoint_reader;

/* Have devices found, and driven by the rows of this app. */
void endpoints_want(void);

/*
 * One request of these segments, and wait for its end. False: the device refused, failed, did not
 * answer within a second, or wrote another number of bytes.
 */
bool endpoint_transfer(struct endpoint *endpoint, const struct axdma_segment *segments,
                       unsigned count);
