/*
 * Copies by an engine, between memory of every kind: what arrives is a pattern that says where each
 * byte came from, and around it nothing changes. Each ends by an interrupt.
 */
#include "copier.h"
#include <axalloc/alloc.h>
#include <axbase/attr.h>
#include <axbase/string.h>
#include <axdma/dma.h>
#include <axdma/stream.h>
#include <axdriver/copy.h>
#include <axhal/irq.h>
#include <axlog/log.h>

enum { GUARD = 0xa5, AREA_PAGES = 4 };

AX_ALIGNED(AX_PAGE_SIZE) static unsigned char source[AREA_PAGES * AX_PAGE_SIZE];
AX_ALIGNED(AX_PAGE_SIZE) static unsigned char target[AREA_PAGES * AX_PAGE_SIZE];

void copier_want(void)
{
    (void)axdriver_copier();
}

static unsigned char pattern(size_t at)
{
    return (unsigned char)(at * 7 + (at >> 8) * 13 + 1);
}

static bool is_all(const unsigned char *bytes, unsigned char value, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

static bool is_pattern(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != pattern(i))
            return false;
    return true;
}

static void fill(unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = pattern(i);
}

static void judge(struct tally *tally, const char *what, bool is_right)
{
    tally->tried++;
    tally->wrong += !is_right;
    axlog_print("dmatest: copied %s: %s\n", what, is_right ? "ok" : "WRONG");
}

/* Lent memory, as axdriver_copy() lends it. */
static void try_lent(struct axdriver_copier *copier, struct tally *tally)
{
    static const struct {
        const char *what;
        size_t from, to, bytes;
    } copies[] = {
        {"one byte", 5, 9, 1},
        {"a line of the cache", 64, 128, 64},
        {"a page", AX_PAGE_SIZE, AX_PAGE_SIZE, AX_PAGE_SIZE},
        {"between odd addresses", 33, 1001, 777},
        {"over the ends of pages", AX_PAGE_SIZE - 8, AX_PAGE_SIZE - 16, 2 * AX_PAGE_SIZE}};
    for (unsigned i = 0; i < sizeof copies / sizeof *copies; i++) {
        size_t to = copies[i].to, end = to + copies[i].bytes;
        memset(source, GUARD, sizeof source);
        memset(target, GUARD, sizeof target);
        fill(source + copies[i].from, copies[i].bytes);
        enum ax_err err =
            axdriver_copy(copier, target + to, source + copies[i].from, copies[i].bytes);
        judge(tally, copies[i].what,
              err == AX_OK && is_pattern(target + to, copies[i].bytes) &&
                  is_all(target, GUARD, to) && is_all(target + end, GUARD, sizeof target - end));
    }
}

/* From one coherent piece to the middle half of another. */
static void try_coherent(struct axdriver_copier *copier, struct tally *tally)
{
    struct axdma_device *dma = axdriver_copier_dma(copier);
    struct ax_layout layout = {2048, 256};
    struct axdma_memory from, to;
    bool is_right = axdma_alloc(dma, layout, &from) == AX_OK;
    if (!is_right || axdma_alloc(dma, layout, &to) != AX_OK) {
        judge(tally, "coherent memory", false);
        return;
    }
    unsigned char *start = to.cpu;
    fill(from.cpu, 1024);
    memset(start, GUARD, layout.size);
    is_right = axdriver_copy_bus(copier, axdma_part(to, 512).bus, from.bus, 1024) == AX_OK &&
               is_pattern(start + 512, 1024) && is_all(start, GUARD, 512) &&
               is_all(start + 1536, GUARD, 512);
    is_right &= axdma_dealloc(dma, to, layout) == AX_OK;
    is_right &= axdma_dealloc(dma, from, layout) == AX_OK;
    judge(tally, "coherent memory", is_right);
}

/* Both ends by bounce buffers, as for an engine that takes only whole pages. */
static void try_bounced(struct axdriver_copier *copier, struct tally *tally)
{
    struct axdma_device narrow = *axdriver_copier_dma(copier);
    struct axdma_mapping from, to;
    narrow.limits.align = AX_PAGE_SIZE;
    memset(target, GUARD, sizeof target);
    fill(source + 100, 3000);
    bool is_right = axdma_map(&narrow, source + 100, 3000, AXDMA_TO_DEVICE, &from) == AX_OK;
    if (!is_right || axdma_map(&narrow, target + 50, 3000, AXDMA_FROM_DEVICE, &to) != AX_OK) {
        judge(tally, "by bounce buffers", false);
        return;
    }
    is_right = from.bounce != NULL && to.bounce != NULL &&
               axdriver_copy_bus(copier, to.bus, from.bus, 3000) == AX_OK;
    is_right &= axdma_unmap(&narrow, &to) == AX_OK;
    is_right &= axdma_unmap(&narrow, &from) == AX_OK;
    judge(tally, "by bounce buffers",
          is_right && is_pattern(target + 50, 3000) && is_all(target, GUARD, 50) &&
              is_all(target + 3050, GUARD, sizeof target - 3050));
}

static void try_refusals(struct axdriver_copier *copier, struct tally *tally)
{
    struct ax_busaddr nowhere = {0};
    judge(tally, "nothing, which is refused",
          axdriver_copy_bus(copier, nowhere, nowhere, 0) == AX_EINVAL &&
              axdriver_copy(copier, target, source, 0) == AX_EINVAL);
}

void copier_try(struct tally *tally)
{
    struct axdriver_copier *copier = axdriver_copier();
    struct axhal_irq_counts before, after;
    if (copier == NULL) {
        axlog_print("dmatest: this machine has no engine that copies\n");
        return;
    }
    size_t bytes = axalloc_used_bytes(axalloc_global());
    size_t pages = axalloc_usage(axalloc_global(), AXALLOC_DMA).pages;
    axlog_print("dmatest: %s copies\n", axdriver_copier_dma(copier)->name);
    axhal_irq_count(&before);
    try_lent(copier, tally);
    try_coherent(copier, tally);
    try_bounced(copier, tally);
    try_refusals(copier, tally);
    axhal_irq_count(&after);
    bool is_right = axalloc_used_bytes(axalloc_global()) == bytes &&
                    axalloc_usage(axalloc_global(), AXALLOC_DMA).pages == pages;
    tally->wrong += !is_right;
    axlog_print("dmatest: %s, by %llu interrupts\n",
                is_right ? "everything was given back" : "SOMETHING WAS KEPT",
                (unsigned long long)(after.handled - before.handled));
}
