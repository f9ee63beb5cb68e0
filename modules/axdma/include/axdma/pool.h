/*
 * Pieces of coherent memory of one size, for descriptors: each within the device's limits, none in
 * a cache line with anything else, no record of ours in the memory that the device can write.
 */
#pragma once

#include <axbase/layout.h>
#include <axdma/dma.h>

struct axdma_pool; /* opaque; from the heap */

/*
 * A pool of pieces of `layout`, without any memory yet. AX_EINVAL: size 0 or no valid layout.
 * AX_ERANGE: no memory can be within the device's limits. AX_ENOMEM.
 */
AX_MUST_CHECK enum ax_err axdma_pool_create(struct axdma_device *device, struct ax_layout layout,
                                            struct axdma_pool **out);

/* One zeroed piece. AX_ENOMEM; nothing changed on an error. */
AX_MUST_CHECK enum ax_err axdma_pool_alloc(struct axdma_pool *pool, struct axdma_memory *out);

/* AX_EINVAL: not a piece of this pool that is out; named in an error line, nothing changed. */
enum ax_err axdma_pool_dealloc(struct axdma_pool *pool, struct axdma_memory piece);

/* AX_EBUSY: pieces are out; nothing changed. */
enum ax_err axdma_pool_destroy(struct axdma_pool *pool);
