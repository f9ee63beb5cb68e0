/*
 * dmacost: axdma's calls, each marked for tools/bench/dma to count. A section is a pair of calls,
 * there and back, done ROUNDS times after one that is not counted.
 */
#include <axalloc/alloc.h>
#include <axbase/assert.h>
#include <axbase/attr.h>
#include <axcpu/cache.h>
#include <axcpu/mark.h>
#include <axdma/dma.h>
#include <axdma/pool.h>
#include <axdma/stream.h>
#include <axlog/log.h>
#include <axruntime/app.h>

enum { ROUNDS = 20, PIECES = 4 };

static struct axdma_device seeing, blind, narrow;
static struct axdma_memory memory;
static struct axdma_mapping mapping;
static struct axdma_mapping mappings[PIECES];
static struct axdma_segment segments[PIECES];
static struct axdma_list list = {
    .mappings = mappings, .segments = segments, .segment_room = PIECES};
static struct axdma_pool *pool;
AX_ALIGNED(AX_PAGE_SIZE) static unsigned char buffer[4 * AX_PAGE_SIZE];

static const struct axdma_piece pieces[PIECES] = {
    {buffer, 512}, {buffer + 1024, 512}, {buffer + 2048, 512}, {buffer + 4096, 4096}};

/* ---- pairs ---- */

struct pair {
    const char *name;
    enum ax_err (*there)(const struct pair *pair);
    enum ax_err (*back)(const struct pair *pair);
    struct axdma_device *device;
    size_t bytes;
    enum axdma_direction direction;
};

static struct ax_layout layout_of(const struct pair *pair)
{
    return (struct ax_layout){pair->bytes, 64};
}

static enum ax_err allocate(const struct pair *pair)
{
    return axdma_alloc(pair->device, layout_of(pair), &memory);
}

static enum ax_err release(const struct pair *pair)
{
    return axdma_dealloc(pair->device, memory, layout_of(pair));
}

static enum ax_err allocate_uncached(const struct pair *pair)
{
    return axdma_alloc_coherent(layout_of(pair), &memory);
}

static enum ax_err release_uncached(const struct pair *pair)
{
    return axdma_dealloc_coherent(memory, layout_of(pair));
}

static enum ax_err take_piece(const struct pair *pair)
{
    (void)pair;
    return axdma_pool_alloc(pool, &memory);
}

static enum ax_err give_piece(const struct pair *pair)
{
    (void)pair;
    return axdma_pool_dealloc(pool, memory);
}

static enum ax_err lend(const struct pair *pair)
{
    return axdma_map(pair->device, buffer, pair->bytes, pair->direction, &mapping);
}

/* Where alignment is asked for, from an address that has none. */
static enum ax_err lend_odd(const struct pair *pair)
{
    return axdma_map(pair->device, buffer + 16, pair->bytes, pair->direction, &mapping);
}

static enum ax_err take_back(const struct pair *pair)
{
    return axdma_unmap(pair->device, &mapping);
}

static enum ax_err lend_list(const struct pair *pair)
{
    return axdma_map_list(pair->device, pieces, PIECES, pair->direction, &list);
}

static enum ax_err take_list_back(const struct pair *pair)
{
    return axdma_unmap_list(pair->device, &list);
}

static const struct pair pairs[] = {
    {"coherent-64", allocate, release, &seeing, 64, AXDMA_BOTH_WAYS},
    {"coherent-4096", allocate, release, &seeing, 4096, AXDMA_BOTH_WAYS},
    {"uncached-64", allocate_uncached, release_uncached, NULL, 64, AXDMA_BOTH_WAYS},
    {"uncached-4096", allocate_uncached, release_uncached, NULL, 4096, AXDMA_BOTH_WAYS},
    {"pool-64", take_piece, give_piece, NULL, 64, AXDMA_BOTH_WAYS},
    {"map-512", lend, take_back, &seeing, 512, AXDMA_FROM_DEVICE},
    {"map-4096", lend, take_back, &seeing, 4096, AXDMA_FROM_DEVICE},
    {"past-caches-512", lend, take_back, &blind, 512, AXDMA_FROM_DEVICE},
    {"past-caches-4096", lend, take_back, &blind, 4096, AXDMA_FROM_DEVICE},
    {"bounced-512", lend_odd, take_back, &narrow, 512, AXDMA_FROM_DEVICE},
    {"bounced-4096", lend_odd, take_back, &narrow, 4096, AXDMA_FROM_DEVICE},
    {"list-4", lend_list, take_list_back, &seeing, 0, AXDMA_TO_DEVICE},
};

static void must(enum ax_err err)
{
    if (err != AX_OK)
        ax_panic("dmacost: %s", ax_err_name(err));
}

static void count(const struct pair *pair)
{
    must(pair->there(pair));
    must(pair->back(pair));
    axlog_print("section %s\n", pair->name);
    axcpu_mark_section();
    for (unsigned i = 0; i < ROUNDS; i++) {
        axcpu_mark_begin();
        enum ax_err err = pair->there(pair);
        axcpu_mark_end_alloc();
        must(err);
        axcpu_mark_begin();
        err = pair->back(pair);
        axcpu_mark_end_free();
        must(err);
    }
}

/* A piece of each kind stays, so that pages are at hand, as they are for a driver at work. */
static void start(void)
{
    static const struct ax_layout small = {64, 64};
    struct axdma_memory kept;
    axdma_device_init(&seeing, "a device that sees the caches");
    axdma_device_init(&blind, "one that does not");
    axdma_device_init(&narrow, "one of another alignment");
    seeing.coherent = narrow.coherent = true;
    blind.coherent = false;
    narrow.limits.align = 64;
    must(axdma_alloc(&seeing, small, &kept));
    must(axdma_alloc_coherent(small, &kept));
    must(axdma_pool_create(&seeing, small, &pool));
    must(axdma_pool_alloc(pool, &kept));
}

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    start();
    for (unsigned i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i].device != &blind || axcpu_dcache_is_maintained())
            count(&pairs[i]);
    axlog_print("dmacost: done\n");
    return 0;
}
