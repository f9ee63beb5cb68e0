/*
 * axdma on the target: addresses, sizes and alignments, zeroes, the attribute while it is handed
 * out and after, and refusals. QEMU's CPUs have no caches: the attribute is proved by the table.
 */
#include <axalloc/alloc.h>
#include <axbase/string.h>
#include <axdma/config.h>
#include <axdma/dma.h>
#include <axhal/mem.h>
#include <axmm/kernel_space.h>
#include <axtest/test.h>

static bool is_uncached(const void *address)
{
    struct axhal_mapping mapping;
    return axmm_query(ax_vaddr_of(address), &mapping) == AX_OK &&
           (mapping.map_flags & AXCPU_MAP_UNCACHED) != 0;
}

static bool is_zero(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void test_addresses(struct axtest *test)
{
    static int anything;
    struct ax_paddr physical;
    struct ax_busaddr bus;
    AXTEST_CHECK(test, axhal_virt_to_phys(ax_vaddr_of(&anything), &physical) == AX_OK);
    AXTEST_CHECK(test, axdma_virt_to_bus(&anything, &bus) == AX_OK);
    AXTEST_CHECK(test, bus.raw == physical.raw + CONFIG_AXDMA_PHYS_BUS_OFFSET);
    AXTEST_CHECK(test, axdma_phys_to_bus(physical).raw == bus.raw);
    AXTEST_CHECK(test, axdma_bus_to_phys(bus).raw == physical.raw);
    AXTEST_CHECK(test, axdma_virt_to_bus(NULL, &bus) == AX_EFAULT);
}

/* One piece: right in every respect while it is ours, ordinary memory after. */
static void check_piece(struct axtest *test, size_t size, size_t align)
{
    struct ax_layout layout = {size, align};
    struct axdma_memory memory;
    struct ax_paddr physical;
    if (!AXTEST_CHECK(test, axdma_alloc_coherent(layout, &memory) == AX_OK))
        return;
    unsigned char *bytes = memory.cpu;
    AXTEST_CHECK(test, ax_is_aligned((uintptr_t)bytes, align));
    AXTEST_CHECK(test, axhal_virt_to_phys(ax_vaddr_of(bytes), &physical) == AX_OK);
    AXTEST_CHECK(test, axdma_phys_to_bus(physical).raw == memory.bus.raw);
    AXTEST_CHECK(test, is_zero(bytes, size));
    AXTEST_CHECK(test, is_uncached(bytes) && is_uncached(bytes + size - 1));
    memset(bytes, 0xa5, size);
    AXTEST_CHECK(test, axdma_dealloc_coherent(memory, layout) == AX_OK);
    AXTEST_CHECK(test, !is_uncached(bytes) && !is_uncached(bytes + size - 1));
}

static void test_layouts(struct axtest *test)
{
    static const size_t sizes[] = {1, 63, 64, 65, 100, 2048, 2049, 4095, 4096, 4097, 65536};
    static const size_t aligns[] = {1, 16, 64, 128, 2048, 4096, 8192, 65536, 2 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t j = 0; j < sizeof aligns / sizeof aligns[0]; j++)
            check_piece(test, sizes[i], aligns[j]);
}

enum { PIECES = 200 };

static void test_many_small(struct axtest *test)
{
    static struct axdma_memory pieces[PIECES];
    struct ax_layout layout = {96, 16};
    size_t pages = axalloc_used_pages(axalloc_global());
    size_t bytes = axalloc_used_bytes(axalloc_global());
    for (unsigned i = 0; i < PIECES; i++) {
        if (!AXTEST_CHECK(test, axdma_alloc_coherent(layout, &pieces[i]) == AX_OK))
            return;
        memset(pieces[i].cpu, (int)i, layout.size);
    }
    for (unsigned i = 0; i < PIECES; i++) {
        const unsigned char *own = pieces[i].cpu;
        AXTEST_CHECK(test, own[0] == (unsigned char)i && own[95] == (unsigned char)i);
        AXTEST_CHECK(test, axdma_dealloc_coherent(pieces[i], layout) == AX_OK);
    }
    AXTEST_CHECK(test, axalloc_used_bytes(axalloc_global()) == bytes);
    /* what stays are tables of leaves that were split, not DMA pages */
    AXTEST_CHECK(test, axalloc_used_pages(axalloc_global()) - pages <= 2);
}

static void test_refusals(struct axtest *test)
{
    struct ax_layout layout = {256, 64};
    struct ax_layout larger = {512, 64};
    struct ax_layout pages = {2 * AX_PAGE_SIZE, AX_PAGE_SIZE};
    struct axdma_memory memory;
    struct axdma_memory foreign = {test, {0}};
    AXTEST_CHECK(test, axdma_alloc_coherent((struct ax_layout){0, 1}, &memory) == AX_EINVAL);
    AXTEST_CHECK(test, axdma_alloc_coherent((struct ax_layout){8, 3}, &memory) == AX_EINVAL);
    AXTEST_CHECK(test, axdma_alloc_coherent((struct ax_layout){(size_t)1 << 40, 1}, &memory) ==
                           AX_ENOMEM);
    AXTEST_CHECK(test, axdma_dealloc_coherent(foreign, layout) == AX_EINVAL);
    AXTEST_CHECK(test, axdma_dealloc_coherent(foreign, pages) == AX_EINVAL);
    AXTEST_CHECK(test, axdma_alloc_coherent(layout, &memory) == AX_OK);
    AXTEST_CHECK(test, axdma_dealloc_coherent(memory, larger) == AX_EINVAL);
    AXTEST_CHECK(test, axdma_dealloc_coherent(memory, layout) == AX_OK);
    AXTEST_CHECK(test, axdma_dealloc_coherent(memory, layout) == AX_EINVAL);
}

/* Runs of pages go back whole, and a page of the small pieces is no run. */
static void test_partial(struct axtest *test)
{
    struct ax_layout run = {4 * AX_PAGE_SIZE, AX_PAGE_SIZE};
    struct ax_layout part = {2 * AX_PAGE_SIZE, AX_PAGE_SIZE};
    struct ax_layout page = {AX_PAGE_SIZE, AX_PAGE_SIZE};
    struct ax_layout small = {64, AX_PAGE_SIZE};
    struct axdma_memory memory;
    if (!AXTEST_CHECK(test, axdma_alloc_coherent(run, &memory) == AX_OK))
        return;
    AXTEST_CHECK(test, axdma_dealloc_coherent(memory, part) == AX_EINVAL);
    AXTEST_CHECK(test, is_uncached(memory.cpu));
    AXTEST_CHECK(test, axdma_dealloc_coherent(memory, run) == AX_OK);
    AXTEST_CHECK(test, axdma_dealloc_coherent(memory, run) == AX_EINVAL);
    if (!AXTEST_CHECK(test, axdma_alloc_coherent(small, &memory) == AX_OK))
        return;
    AXTEST_CHECK(test, axdma_dealloc_coherent(memory, page) == AX_EINVAL);
    AXTEST_CHECK(test, axdma_dealloc_coherent(memory, small) == AX_OK);
}

static size_t dma_pages(void)
{
    return axalloc_usage(axalloc_global(), AXALLOC_DMA).pages;
}

static void test_accounting(struct axtest *test)
{
    static const struct ax_layout run = {5 * AX_PAGE_SIZE, AX_PAGE_SIZE};
    struct axdma_memory memory;
    size_t before = dma_pages();
    if (!AXTEST_CHECK(test, axdma_alloc_coherent(run, &memory) == AX_OK))
        return;
    AXTEST_CHECK(test, dma_pages() == before + 5);
    AXTEST_CHECK(test, axdma_dealloc_coherent(memory, run) == AX_OK);
    AXTEST_CHECK(test, dma_pages() == before);
    AXTEST_CHECK(test, axalloc_usage(axalloc_global(), AXALLOC_DMA).peak_pages >= before + 5);
}

/* ---- out of memory ---- */

/* A run of pages that is held, in its first words. */
struct held_run {
    struct held_run *next;
    size_t pages;
};

/* Take every free page but those that larger runs leave between them: none. */
static struct held_run *hold_all_pages(void)
{
    struct held_run *held = NULL;
    for (size_t pages = (size_t)1 << 20; pages > 0; pages /= 2) {
        struct ax_vaddr start;
        while (axalloc_alloc_pages(axalloc_global(), pages, AX_PAGE_SIZE, &start) == AX_OK) {
            struct held_run *run = ax_vaddr_ptr(start);
            *run = (struct held_run){held, pages};
            held = run;
        }
    }
    return held;
}

static struct held_run *give_first(struct axtest *test, struct held_run *held)
{
    struct held_run run = *held;
    AXTEST_CHECK(test,
                 axalloc_dealloc_pages(axalloc_global(), ax_vaddr_of(held), run.pages) == AX_OK);
    return run.next;
}

/* With `layout` out of reach for want of a page, of a record or of a table, nothing is lost. */
static void try_without_memory(struct axtest *test, struct ax_layout layout)
{
    struct axdma_memory memory;
    size_t bytes = axalloc_used_bytes(axalloc_global());
    size_t pages = axalloc_available_pages(axalloc_global());
    enum ax_err err = axdma_alloc_coherent(layout, &memory);
    if (err == AX_OK)
        err = axdma_dealloc_coherent(memory, layout);
    else
        AXTEST_CHECK(test, err == AX_ENOMEM && axalloc_available_pages(axalloc_global()) == pages);
    AXTEST_CHECK(test, err == AX_OK || err == AX_ENOMEM);
    AXTEST_CHECK(test, axalloc_used_bytes(axalloc_global()) == bytes);
}

static void test_out_of_memory(struct axtest *test)
{
    static const struct ax_layout layouts[] = {{64, 64}, {AX_PAGE_SIZE, AX_PAGE_SIZE}};
    struct held_run *held = hold_all_pages();
    AXTEST_CHECK(test, axalloc_available_pages(axalloc_global()) == 0);
    for (unsigned free_runs = 0; free_runs < 6 && held != NULL; free_runs++) {
        for (unsigned i = 0; i < sizeof layouts / sizeof *layouts; i++)
            try_without_memory(test, layouts[i]);
        held = give_first(test, held);
    }
    while (held != NULL)
        held = give_first(test, held);
    AXTEST_CHECK(test, axalloc_check(axalloc_global()) == NULL);
}

static const struct axtest_case cases[] = {
    {"physical, virtual and bus addresses", test_addresses},
    {"sizes and alignments", test_layouts},
    {"many small pieces come and go", test_many_small},
    {"what must not be is refused", test_refusals},
    {"only whole runs go back", test_partial},
    {"pages count as DMA", test_accounting},
    {"out of memory loses nothing", test_out_of_memory},
};

const struct axtest_suite axdma_suite = {"axdma", cases, AXTEST_COUNT(cases)};
