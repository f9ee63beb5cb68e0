/*
 * Block devices: sectors of 512 bytes that are read, written, flushed and discarded.
 *
 * Any memory of the heap or of the image can be read into and written from. A call returns when the
 * device has done it; calls of several CPUs, and those of axdriver_block_start(), are in the device
 * at once. An interrupt tells the end: nothing polls.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stdbool.h>
#include <stdint.h>

enum { AXDRIVER_SECTOR_BYTES = 512 };

struct axdriver_block;

struct axdriver_block_info {
    const char *name; /* "virtio-blk on virtio-mmio 0xa003e00" */
    uint64_t sectors;
    uint32_t block_bytes;  /* what the device likes best; at least a sector */
    uint32_t most_sectors; /* of one request; axdriver_block_read() and its like split */
    unsigned queues;
    bool read_only;
    bool can_flush;
    bool can_discard;
};

/* Device `index`, in the order in which they were found. NULL: there are no more. */
struct axdriver_block *axdriver_block(unsigned index);
const struct axdriver_block_info *axdriver_block_info(const struct axdriver_block *block);

/*
 * How long a request may take, from now on; CONFIG_AXDRIVER_BLOCK_TIMEOUT_MS at first. A device
 * that does not answer one in time is reset, and all that it was asked, now and later, fails.
 */
void axdriver_block_set_timeout(struct axdriver_block *block, uint64_t timeout_ns);

/*
 * `count` sectors from `sector` on. AX_EINVAL: no sectors, or no buffer. AX_ERANGE: beyond the
 * device's end. AX_EPERM: it is read-only. AX_EIO: the device said so, broke a rule, or did not
 * answer in time (CONFIG_AXDRIVER_BLOCK_TIMEOUT_MS); what a failed read leaves in `to` is
 * unspecified, what a failed write leaves on the device too. AX_ENOMEM. AX_EFAULT: memory that
 * devices may not see. Task context, interrupts on.
 */
AX_MUST_CHECK enum ax_err axdriver_block_read(struct axdriver_block *block, uint64_t sector,
                                              void *to, uint32_t count);
AX_MUST_CHECK enum ax_err axdriver_block_write(struct axdriver_block *block, uint64_t sector,
                                               const void *from, uint32_t count);

/* What was written is on stable storage. AX_ENOTSUP: the device has no such command. */
AX_MUST_CHECK enum ax_err axdriver_block_flush(struct axdriver_block *block);

/* The sectors are not needed; they read as anything. AX_ENOTSUP as above. */
AX_MUST_CHECK enum ax_err axdriver_block_discard(struct axdriver_block *block, uint64_t sector,
                                                 uint32_t count);

/* ---- several at once ---- */

enum axdriver_block_operation {
    AXDRIVER_BLOCK_READ,
    AXDRIVER_BLOCK_WRITE,
    AXDRIVER_BLOCK_FLUSH,
    AXDRIVER_BLOCK_DISCARD
};

/* The caller's, unchanged until `done` is called. */
struct axdriver_block_request {
    enum axdriver_block_operation operation;
    uint64_t sector;
    void *buffer;
    uint32_t count;
    /* In interrupt context, no lock held; may start another. */
    void (*done)(struct axdriver_block_request *request, enum ax_err result);
    void *context; /* the caller's */
};

/*
 * Errors as above, and AX_EBUSY: as many are out as the device takes; try again after a done().
 * AX_EINVAL too: more than info->most_sectors. After an error done() is not called. Task context,
 * or done() of this device. Cost: docs/axdriver.md.
 */
AX_MUST_CHECK enum ax_err axdriver_block_start(struct axdriver_block *block,
                                               struct axdriver_block_request *request);
