/*
 * Block devices, whatever drives them: the list of them, the checks that all share, and calls that
 * wait.
 *
 * What passes the checks lies on the device, and so does not concern drivers. A call that waits is
 * a request whose done() sets a flag; one that is larger than the device takes is split, one part
 * after the other, so a failed part is the last one that began.
 */
#include "block_internal.h"
#include "wait.h"
#include "want.h"
#include <axbase/assert.h>
#include <axcpu/barrier.h>
#include <axdriver/driver.h>

extern const struct axdriver_virtio_driver axdriver_virtio_blk;

static struct axdriver_block *blocks; /* in the order in which they were found; boot writes it */

void block_add(struct axdriver_block *block)
{
    struct axdriver_block **last = &blocks;
    while (*last != NULL)
        last = &(*last)->next;
    *last = block;
}

struct axdriver_block *axdriver_block(unsigned index)
{
    want_virtio();
    AX_KEEP(&axdriver_virtio_blk);
    if (CONFIG_AXDRIVER_SDHCI)
        AX_KEEP(&axdriver_sdhci);
    struct axdriver_block *block = blocks;
    for (; block != NULL && index > 0; index--)
        block = block->next;
    return block;
}

const struct axdriver_block_info *axdriver_block_info(const struct axdriver_block *block)
{
    return &block->info;
}

void axdriver_block_set_timeout(struct axdriver_block *block, uint64_t timeout_ns)
{
    /* relaxed: a number, whose order against requests is the caller's */
    atomic_store_explicit(&block->timeout_ns, timeout_ns, memory_order_relaxed);
}

/* The device has the operation. */
static enum ax_err check_operation(const struct axdriver_block_info *info,
                                   enum axdriver_block_operation operation)
{
    switch (operation) {
    case AXDRIVER_BLOCK_READ:
        return AX_OK;
    case AXDRIVER_BLOCK_WRITE:
        return info->read_only ? AX_EPERM : AX_OK;
    case AXDRIVER_BLOCK_FLUSH:
        return info->can_flush ? AX_OK : AX_ENOTSUP;
    case AXDRIVER_BLOCK_DISCARD:
        return !info->can_discard ? AX_ENOTSUP : info->read_only ? AX_EPERM : AX_OK;
    }
    return AX_EINVAL;
}

static enum ax_err check(const struct axdriver_block *block,
                         enum axdriver_block_operation operation, uint64_t sector,
                         const void *buffer, uint64_t count)
{
    const struct axdriver_block_info *info = &block->info;
    enum ax_err err = check_operation(info, operation);
    bool has_data = operation == AXDRIVER_BLOCK_READ || operation == AXDRIVER_BLOCK_WRITE;
    if (err != AX_OK || operation == AXDRIVER_BLOCK_FLUSH)
        return err;
    if (count == 0 || (has_data && buffer == NULL))
        return AX_EINVAL;
    return sector < info->sectors && count <= info->sectors - sector ? AX_OK : AX_ERANGE;
}

enum ax_err axdriver_block_start(struct axdriver_block *block,
                                 struct axdriver_block_request *request)
{
    enum ax_err err =
        check(block, request->operation, request->sector, request->buffer, request->count);
    if (err == AX_OK && request->operation != AXDRIVER_BLOCK_FLUSH &&
        request->count > block->info.most_sectors)
        err = AX_EINVAL;
    return err == AX_OK ? block->start(block, request) : err;
}

struct waited {
    struct axdriver_block_request request; /* first */
    struct wait wait;
    enum ax_err result;
};

static void end_wait(struct axdriver_block_request *request, enum ax_err result)
{
    struct waited *waited = (struct waited *)request;
    waited->result = result;
    wait_wake(&waited->wait);
}

/* One request, from beginning to end; it waits for room first. */
static enum ax_err run(struct axdriver_block *block, struct waited *waited)
{
    enum ax_err err;
    wait_begin(&waited->wait);
    while ((err = axdriver_block_start(block, &waited->request)) == AX_EBUSY)
        axcpu_relax();
    if (err != AX_OK)
        return err;
    bool is_over = wait_until(&waited->wait, UINT64_MAX); /* the driver minds the time */
    AX_ASSERT(is_over);
    return waited->result;
}

static enum ax_err transfer(struct axdriver_block *block, enum axdriver_block_operation operation,
                            uint64_t sector, void *buffer, uint32_t count)
{
    enum ax_err err = check(block, operation, sector, buffer, count);
    while (err == AX_OK && count > 0) {
        uint32_t part = count < block->info.most_sectors ? count : block->info.most_sectors;
        struct waited waited = {.request = {.operation = operation,
                                            .sector = sector,
                                            .buffer = buffer,
                                            .count = part,
                                            .done = end_wait}};
        err = run(block, &waited);
        sector += part;
        count -= part;
        if (buffer != NULL)
            buffer = (char *)buffer + (size_t)part * AXDRIVER_SECTOR_BYTES;
    }
    return err;
}

enum ax_err axdriver_block_read(struct axdriver_block *block, uint64_t sector, void *to,
                                uint32_t count)
{
    return transfer(block, AXDRIVER_BLOCK_READ, sector, to, count);
}

/* A request has one pointer for both ways; a device is not told to write to this one. */
enum ax_err axdriver_block_write(struct axdriver_block *block, uint64_t sector, const void *from,
                                 uint32_t count)
{
    return transfer(block, AXDRIVER_BLOCK_WRITE, sector, (void *)(uintptr_t)from, count);
}

enum ax_err axdriver_block_flush(struct axdriver_block *block)
{
    struct waited waited = {.request = {.operation = AXDRIVER_BLOCK_FLUSH, .done = end_wait}};
    return run(block, &waited);
}

enum ax_err axdriver_block_discard(struct axdriver_block *block, uint64_t sector, uint32_t count)
{
    return transfer(block, AXDRIVER_BLOCK_DISCARD, sector, NULL, count);
}
