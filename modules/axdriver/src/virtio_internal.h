/* A queue, as the files of the virtio core know it. */
#pragma once

#include "ring.h"
#include <axdriver/driver.h>
#include <axdriver/virtio.h>
#include <axsync/spinlock.h>

enum { PART_DESCRIPTORS, PART_AVAILABLE, PART_USED, PART_TABLES, PARTS };

struct axdriver_virtio_queue {
    struct axdriver_virtio *device;
    unsigned index;
    void (*done)(struct axdriver_virtio_queue *queue, void *token, uint32_t written_bytes);
    struct axdma_memory parts[PARTS]; /* cpu NULL: not there */
    struct axsync_spinlock lock;      /* of what follows */
    bool is_closed;                   /* the device is reset: nothing goes in any more */
    struct ring ring;
};

/* End each request that has been done. In the device's interrupt. */
void queue_drain(struct axdriver_virtio_queue *queue);

/* The device is reset: end each request that is out, and take no more. */
void queue_close(struct axdriver_virtio_queue *queue);

/* The memory goes back, or stays lost if `is_kept`. It is closed, and nobody's any more. */
void queue_free(struct axdriver_virtio_queue *queue, bool is_kept);
