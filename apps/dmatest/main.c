/*
 * DMA, proven by devices: they write and read memory of every kind that axdma has, and each misuse
 * is refused. README.md.
 */
#include "copier.h"
#include "pieces.h"
#include <axalloc/alloc.h>
#include <axbase/string.h>
#include <axlog/log.h>

static void print_reach(const struct endpoint *endpoint)
{
    const struct axdma_device *dma = &endpoint->device->dma;
    axlog_print("dmatest: %s (%s) %s caches and reaches %s\n", endpoint->name,
                endpoint->device->name, dma->coherent ? "sees" : "does not see",
                dma->window_count == 0 ? "all memory" : "these windows:");
    for (unsigned i = 0; i < dma->window_count; i++)
        axlog_print("dmatest:   %llu KiB at bus 0x%llx, which are at physical 0x%llx\n",
                    (unsigned long long)dma->windows[i].size_bytes >> 10,
                    (unsigned long long)dma->windows[i].bus.raw,
                    (unsigned long long)dma->windows[i].physical.raw);
}

static bool is_given_back(size_t bytes, size_t pages, unsigned live,
                          const struct endpoint *endpoint)
{
    /* relaxed: nobody else uses the device */
    return axalloc_used_bytes(axalloc_global()) == bytes &&
           axalloc_usage(axalloc_global(), AXALLOC_DMA).pages == pages &&
           atomic_load_explicit(&endpoint->device->dma.live, memory_order_relaxed) == live;
}

static void try_endpoint(struct endpoint *endpoint, bool misuses, struct tally *tally)
{
    if (endpoint->device == NULL) {
        axlog_print("dmatest: this machine has no %s\n", endpoint->name);
        return;
    }
    print_reach(endpoint);
    size_t bytes = axalloc_used_bytes(axalloc_global());
    size_t pages = axalloc_usage(axalloc_global(), AXALLOC_DMA).pages;
    unsigned live = atomic_load_explicit(&endpoint->device->dma.live, memory_order_relaxed);
    if (misuses)
        misuse_try(endpoint, tally);
    else
        pieces_try(endpoint, tally);
    bool is_right = is_given_back(bytes, pages, live, endpoint);
    tally->wrong += !is_right;
    axlog_print("dmatest: %s\n", is_right ? "everything was given back" : "SOMETHING WAS KEPT");
}

int main(int argc, char **argv)
{
    struct tally tally = {0, 0};
    bool misuses = argc == 2 && strcmp(argv[1], "misuse") == 0;
    endpoints_want();
    copier_want();
    if (argc > 2 || (argc == 2 && !misuses)) {
        axlog_print("dmatest: the argument can be: misuse\n");
        return 2;
    }
    try_endpoint(&endpoint_writer, misuses, &tally);
    if (!misuses) {
        try_endpoint(&endpoint_reader, misuses, &tally);
        copier_try(&tally);
    }
    axlog_print("dmatest: %u tried, %u wrong\n", tally.tried, tally.wrong);
    return tally.tried != 0 && tally.wrong == 0 ? 0 : 1;
}
