/*
 * Memory that a device is told of, of each kind: coherent, a pool's, lent as it is, bounced by a
 * window, by alignment and because the device does not see caches, and lists.
 *
 * The writing device fills it with random bytes. Around it lie guard bytes: if an address were
 * wrong by anything, these would change, or the piece would not. (That sixteen random bytes all
 * equal the guard happens once in 2^128.) The reading device is given text, and what it read is
 * judged by whoever looks at its chardev.
 */
#include "pieces.h"
#include <axalloc/alloc.h>
#include <axbase/attr.h>
#include <axbase/fmt.h>
#include <axbase/string.h>
#include <axcpu/cache.h>
#include <axdma/dma.h>
#include <axdma/pool.h>
#include <axhal/mem.h>
#include <axlog/log.h>

enum { GUARD = 0x5a, TEXT_BYTES = 64, SEGMENTS = 12, WINDOW_BYTES = 1 << 20 };

AX_ALIGNED(AX_PAGE_SIZE) static unsigned char area[4 * AX_PAGE_SIZE];

/* ---- what the device is to find, or has done ---- */

/* For the reader a line that names the piece, padded; for the writer guard bytes. */
static void prepare(const struct endpoint *endpoint, const char *what, unsigned char *bytes,
                    size_t count)
{
    char text[TEXT_BYTES];
    memset(bytes, endpoint == &endpoint_reader ? '.' : GUARD, count);
    if (endpoint != &endpoint_reader)
        return;
    ax_snprintf(text, sizeof text, "the device read %s ", what);
    size_t length = strlen(text);
    memcpy(bytes, text, length < count ? length : count);
    bytes[count - 1] = '\n';
}

static bool is_guard(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != GUARD)
            return false;
    return true;
}

/* All of it was written: no sixteen bytes are as they were. */
static bool is_written(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i + 16 <= count; i += 16)
        if (is_guard(bytes + i, 16))
            return false;
    return count < 16 || !is_guard(bytes + count - 16, 16);
}

static void judge(struct tally *tally, const struct endpoint *endpoint, const char *what,
                  bool is_right, struct ax_busaddr bus)
{
    tally->tried++;
    tally->wrong += !is_right;
    axlog_print("dmatest: %s, %s at bus 0x%llx: %s\n", endpoint->name, what,
                (unsigned long long)bus.raw, is_right ? "ok" : "WRONG");
}

/* ---- coherent memory ---- */

/* The middle of `memory` is the device's, the guard is around it. */
static bool use_middle(struct endpoint *endpoint, const char *what, struct axdma_memory memory,
                       size_t bytes)
{
    size_t quarter = bytes / 4;
    unsigned char *start = memory.cpu;
    struct axdma_segment segment = {axdma_part(memory, quarter).bus, 2 * quarter};
    memset(start, GUARD, bytes);
    prepare(endpoint, what, start + quarter, 2 * quarter);
    bool is_done = endpoint_transfer(endpoint, &segment, 1);
    return is_done && is_guard(start, quarter) && is_guard(start + 3 * quarter, quarter) &&
           (endpoint == &endpoint_reader || is_written(start + quarter, 2 * quarter));
}

static void try_coherent(struct endpoint *endpoint, struct tally *tally)
{
    static const struct {
        const char *what;
        struct ax_layout layout;
    } kinds[] = {{"a small coherent piece", {512, 64}},
                 {"coherent pages", {3 * AX_PAGE_SIZE, AX_PAGE_SIZE}}};
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct axdma_memory memory = {0};
        bool is_right = axdma_alloc(&endpoint->device->dma, kinds[i].layout, &memory) == AX_OK;
        if (is_right) {
            is_right = use_middle(endpoint, kinds[i].what, memory, kinds[i].layout.size);
            is_right &= axdma_dealloc(&endpoint->device->dma, memory, kinds[i].layout) == AX_OK;
        }
        judge(tally, endpoint, kinds[i].what, is_right, memory.bus);
    }
}

static void try_pool(struct endpoint *endpoint, struct tally *tally)
{
    struct axdma_pool *pool;
    struct axdma_memory pieces[3] = {{0}};
    bool is_right =
        axdma_pool_create(&endpoint->device->dma, (struct ax_layout){256, 16}, &pool) == AX_OK;
    for (unsigned i = 0; is_right && i < 3; i++)
        is_right = axdma_pool_alloc(pool, &pieces[i]) == AX_OK;
    if (!is_right) {
        judge(tally, endpoint, "a pool's piece", false, pieces[0].bus);
        return;
    }
    memset(pieces[0].cpu, GUARD, 256);
    memset(pieces[2].cpu, GUARD, 256);
    is_right = use_middle(endpoint, "a pool's piece", pieces[1], 256) &&
               is_guard(pieces[0].cpu, 256) && is_guard(pieces[2].cpu, 256);
    for (unsigned i = 0; i < 3; i++)
        is_right &= axdma_pool_dealloc(pool, pieces[i]) == AX_OK;
    is_right &= axdma_pool_destroy(pool) == AX_OK;
    judge(tally, endpoint, "a pool's piece", is_right, pieces[1].bus);
}

/* ---- lent memory ---- */

static enum axdma_direction direction_of(const struct endpoint *endpoint)
{
    return endpoint == &endpoint_reader ? AXDMA_TO_DEVICE : AXDMA_FROM_DEVICE;
}

/* The device reaches the area: else all of it is bounced. */
static bool is_reached(const struct axdma_device *dma)
{
    struct ax_paddr start;
    if (dma->window_count == 0 || axhal_virt_to_phys(ax_vaddr_of(area), &start) != AX_OK)
        return true;
    for (unsigned i = 0; i < dma->window_count; i++)
        if (start.raw - dma->windows[i].physical.raw < dma->windows[i].size_bytes)
            return true;
    return false;
}

/* `dma` is the device as axdma is to see it, which may be narrower than it is. */
static void try_lent(struct endpoint *endpoint, struct axdma_device *dma, const char *what,
                     size_t offset, size_t bytes, bool bounces, struct tally *tally)
{
    struct axdma_mapping mapping = {.bus = {0}};
    memset(area, GUARD, sizeof area);
    prepare(endpoint, what, area + offset, bytes);
    bool is_right = axdma_map(dma, area + offset, bytes, direction_of(endpoint), &mapping) == AX_OK;
    struct axdma_segment segment = {mapping.bus, bytes};
    if (is_right) {
        is_right = (mapping.bounce != NULL) == (bounces || !is_reached(dma)) &&
                   endpoint_transfer(endpoint, &segment, 1);
        is_right &= axdma_unmap(dma, &mapping) == AX_OK;
    }
    is_right &=
        is_guard(area, offset) && is_guard(area + offset + bytes, sizeof area - offset - bytes);
    is_right &= endpoint == &endpoint_reader || is_written(area + offset, bytes);
    judge(tally, endpoint, what, is_right, mapping.bus);
}

/* A window of a MiB that is free now, where the area is not: by the device's own addresses. */
static bool narrow(const struct endpoint *endpoint, struct axdma_device *out)
{
    struct ax_layout layout = {WINDOW_BYTES, WINDOW_BYTES};
    struct axdma_device *dma = &endpoint->device->dma;
    struct axdma_memory memory;
    struct ax_paddr physical;
    if (axdma_alloc(dma, layout, &memory) != AX_OK ||
        axhal_virt_to_phys(ax_vaddr_of(memory.cpu), &physical) != AX_OK ||
        axdma_dealloc(dma, memory, layout) != AX_OK)
        return false;
    axdma_device_init(out, "a narrow device");
    out->coherent = dma->coherent;
    out->window_count = 1;
    out->windows[0] = (struct axdma_window){memory.bus, physical, WINDOW_BYTES};
    return true;
}

static void try_bounces(struct endpoint *endpoint, struct tally *tally)
{
    struct axdma_device *dma = &endpoint->device->dma, other;
    bool is_narrow = narrow(endpoint, &other);
    tally->wrong += !is_narrow;
    if (is_narrow)
        try_lent(endpoint, &other, "a buffer out of reach", 77, 3000, true, tally);
    if (is_narrow)
        try_lent(endpoint, &other, "a small one out of reach", 5, 100, true, tally);
    other = *dma;
    other.limits.align = 2048;
    try_lent(endpoint, &other, "a buffer out of alignment", 1024, 1024, true, tally);
    other = *dma;
    other.limits.boundary = AX_PAGE_SIZE;
    try_lent(endpoint, &other, "a buffer over a boundary", AX_PAGE_SIZE - 99, 200, true, tally);
    if (!axcpu_dcache_is_maintained())
        return;
    other = *dma;
    other.coherent = false;
    try_lent(endpoint, &other, "whole lines past the caches", AX_PAGE_SIZE, 2048, false, tally);
    try_lent(endpoint, &other, "parts of lines past the caches", 70, 300,
             endpoint == &endpoint_writer, tally);
}

/* ---- lists ---- */

/* Then where its pieces are is anybody's guess. */
static bool is_bounced(const struct axdma_list *list)
{
    for (unsigned i = 0; i < list->mapping_count; i++)
        if (list->mappings[i].bounce != NULL)
            return true;
    return false;
}

static void try_list(struct endpoint *endpoint, struct axdma_device *dma, const char *what,
                     unsigned segment_count, struct tally *tally)
{
    static const struct axdma_piece pieces[] = {{area + 64, 500},
                                                {area + 564, 460},
                                                {area + AX_PAGE_SIZE - 300, 600},
                                                {area + 3 * AX_PAGE_SIZE, 128}};
    enum { COUNT = sizeof pieces / sizeof *pieces };
    struct axdma_mapping mappings[COUNT];
    struct axdma_segment segments[SEGMENTS] = {{{0}, 0}};
    struct axdma_list list = {.mappings = mappings, .segments = segments, .segment_room = SEGMENTS};
    memset(area, GUARD, sizeof area);
    for (unsigned i = 0; i < COUNT; i++)
        prepare(endpoint, what, pieces[i].buffer, pieces[i].bytes);
    bool is_right = axdma_map_list(dma, pieces, COUNT, direction_of(endpoint), &list) == AX_OK;
    if (is_right) {
        is_right = (list.segment_count == segment_count || is_bounced(&list)) &&
                   endpoint_transfer(endpoint, segments, list.segment_count);
        is_right &= axdma_unmap_list(dma, &list) == AX_OK;
    }
    for (unsigned i = 0; i < COUNT && endpoint == &endpoint_writer; i++)
        is_right &= is_written(pieces[i].buffer, pieces[i].bytes);
    is_right &= is_guard(area, 64) && is_guard(area + 1024, AX_PAGE_SIZE - 300 - 1024) &&
                is_guard(area + 3 * AX_PAGE_SIZE + 128, AX_PAGE_SIZE - 128);
    judge(tally, endpoint, what, is_right, segments[0].bus);
}

static void try_lists(struct endpoint *endpoint, struct tally *tally)
{
    struct axdma_device other = endpoint->device->dma;
    try_list(endpoint, &other, "a list, joined", 3, tally);
    other.limits.boundary = AX_PAGE_SIZE;
    try_list(endpoint, &other, "a list, cut at a boundary", 4, tally);
    other.limits.segment_bytes = 320;
    try_list(endpoint, &other, "a list, cut into short segments", 7, tally);
}

void pieces_try(struct endpoint *endpoint, struct tally *tally)
{
    struct axdma_device *dma = &endpoint->device->dma;
    try_coherent(endpoint, tally);
    try_pool(endpoint, tally);
    try_lent(endpoint, dma, "a lent page", AX_PAGE_SIZE, AX_PAGE_SIZE, false, tally);
    if (dma->coherent)
        try_lent(endpoint, dma, "a lent buffer at an odd address", 33, 777, false, tally);
    try_bounces(endpoint, tally);
    try_lists(endpoint, tally);
}
