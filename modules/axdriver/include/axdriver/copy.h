/*
 * Engines that copy memory by DMA: both addresses are the device's to use, so a copy that arrives
 * proves both. One engine, the first that is found: SiFive's PDMA.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <axdma/device.h>

struct axdriver_copier;

/* The engine; NULL: this machine has none that we drive. */
struct axdriver_copier *axdriver_copier(void);

/* What axdma knows of it, for mappings that are made for it. */
struct axdma_device *axdriver_copier_dma(struct axdriver_copier *copier);

/*
 * Copy `bytes` from one bus address to another; both are lent to the engine, or coherent memory of
 * its, until this returns. The result of copying over itself is the engine's business.
 *
 * AX_EINVAL: no bytes. AX_EBUSY: a copy is under way. AX_EIO: the engine reports an error, or is
 * not done within CONFIG_AXDRIVER_COPY_TIMEOUT_MS; after that it is not used any more, since it may
 * still be writing. How much was copied is unknown then. Task context, interrupts on; waits.
 */
AX_MUST_CHECK enum ax_err axdriver_copy_bus(struct axdriver_copier *copier, struct ax_busaddr to,
                                            struct ax_busaddr from, uint64_t bytes);

/*
 * The same for ordinary memory, which is lent for the time of the copy. Besides: errors of
 * axdma_map(), with nothing copied. What a lost engine was lent stays lent.
 */
AX_MUST_CHECK enum ax_err axdriver_copy(struct axdriver_copier *copier, void *to, const void *from,
                                        size_t bytes);
