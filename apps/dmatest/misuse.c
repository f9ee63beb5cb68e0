/*
 * Misuse, on a device that works: each call must be refused with AX_EINVAL (or AX_EBUSY), by an
 * error line that names what is wrong, and change nothing. What only debug builds know of is tried
 * there (CONFIG_AXDMA_CHECKS).
 */
#include "pieces.h"
#include <axalloc/alloc.h>
#include <axbase/attr.h>
#include <axdma/config.h>
#include <axdma/dma.h>
#include <axlog/log.h>

enum { BYTES = 256 };

static const struct ax_layout layout = {BYTES, 64};
AX_ALIGNED(BYTES) static unsigned char buffer[BYTES];

static void judge(struct tally *tally, const char *what, bool is_refused)
{
    tally->tried++;
    tally->wrong += !is_refused;
    axlog_print("dmatest: %s: %s\n", what, is_refused ? "refused" : "NOT REFUSED");
}

static void try_memory(struct axdma_device *dma, struct axdma_device *other, struct tally *tally)
{
    struct axdma_memory memory, keep;
    bool is_there = axdma_alloc(dma, layout, &memory) == AX_OK;
    if (!is_there || axdma_alloc(dma, layout, &keep) != AX_OK) {
        judge(tally, "no memory to misuse", false);
        return;
    }
    struct ax_layout wrong = {2 * BYTES, 64};
    judge(tally, "freed with the wrong size", axdma_dealloc(dma, memory, wrong) == AX_EINVAL);
    judge(tally, "freed by another device", axdma_dealloc(other, memory, layout) == AX_EINVAL);
    judge(tally, "freed from its middle",
          axdma_dealloc(dma, axdma_part(memory, 64), layout) == AX_EINVAL);
    judge(tally, "still allocated at the end", axdma_device_end(dma) == AX_EBUSY);
    bool is_freed = axdma_dealloc(dma, memory, layout) == AX_OK;
    judge(tally, "freed twice", is_freed && axdma_dealloc(dma, memory, layout) == AX_EINVAL);
    tally->wrong += axdma_dealloc(dma, keep, layout) != AX_OK;
}

static void try_mappings(struct axdma_device *dma, struct axdma_device *other, struct tally *tally)
{
    struct axdma_mapping mapping, changed;
    if (axdma_map(dma, buffer, BYTES, AXDMA_FROM_DEVICE, &mapping) != AX_OK) {
        judge(tally, "no mapping to misuse", false);
        return;
    }
    judge(tally, "synchronised outside", axdma_sync_for_cpu(dma, &mapping, BYTES, 1) == AX_EINVAL);
    if (CONFIG_AXDMA_CHECKS) {
        changed = mapping;
        changed.bytes /= 2;
        judge(tally, "unmapped with the wrong size", axdma_unmap(dma, &changed) == AX_EINVAL);
        changed = mapping;
        changed.direction = AXDMA_TO_DEVICE;
        judge(tally, "unmapped in the wrong direction", axdma_unmap(dma, &changed) == AX_EINVAL);
        changed = mapping;
        judge(tally, "unmapped for another device", axdma_unmap(other, &changed) == AX_EINVAL);
        judge(tally, "lent while a device owns it",
              axdma_map(other, buffer + 8, 8, AXDMA_TO_DEVICE, &changed) == AX_EBUSY);
        judge(tally, "still mapped at the end", axdma_device_end(dma) == AX_EBUSY);
        changed = mapping;
        changed.buffer = buffer + 64;
        judge(tally, "unmapped without being mapped", axdma_unmap(dma, &changed) == AX_EINVAL);
    }
    changed = mapping;
    bool is_unmapped = axdma_unmap(dma, &mapping) == AX_OK;
    judge(tally, "unmapped twice", is_unmapped && axdma_unmap(dma, &mapping) == AX_EINVAL);
    if (CONFIG_AXDMA_CHECKS)
        judge(tally, "unmapped twice by a copy", axdma_unmap(dma, &changed) == AX_EINVAL);
}

/* A device as good as the real one, but nobody else's: so that what is left over is its own. */
void misuse_try(struct endpoint *endpoint, struct tally *tally)
{
    struct axdma_device dma, other;
    axdma_device_init(&dma, "the device");
    axdma_device_init(&other, "another device");
    dma.coherent = other.coherent = endpoint->device->dma.coherent;
    try_memory(&dma, &other, tally);
    try_mappings(&dma, &other, tally);
    tally->wrong += axdma_device_end(&dma) != AX_OK || axdma_device_end(&other) != AX_OK;
}
