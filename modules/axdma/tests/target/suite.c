/*
 * axdma on the target: addresses, sizes and alignments, zeroes, the attribute while it is handed
 * out and after, and refusals; devices that see caches or do not, and what they are lent. QEMU's
 * CPUs have no caches: the attribute is proved by the table, read as the CPU reads it.
 */
#include "together.h"
#include <axalloc/alloc.h>
#include <axbase/config.h>
#include <axbase/string.h>
#include <axcpu/cache.h>
#include <axcpu/mair.h>
#include <axcpu/mmu.h>
#include <axcpu/start.h>
#include <axdma/config.h>
#include <axdma/dma.h>
#include <axdma/pool.h>
#include <axdma/stream.h>
#include <axhal/mem.h>
#include <axmm/kernel_space.h>
#include <axtest/test.h>

static bool is_uncached(const void *address)
{
    struct axhal_mapping mapping;
    return axmm_query(ax_vaddr_of(address), &mapping) == AX_OK &&
           (mapping.map_flags & AXCPU_MAP_UNCACHED) != 0;
}

/* ---- the live table ---- */

static struct ax_paddr root(void)
{
    uint64_t in_use = axcpu_kernel_root();
    return CONFIG_ISA_RISCV64 ? ax_paddr(in_use << 20 >> 8) : ax_paddr(in_use << 16 >> 28 << 12);
}

/* The leaf by which the CPU reaches `address`. */
static uint64_t live_leaf(const void *address)
{
    const struct axcpu_pt_format *format = axcpu_kernel_format();
    struct ax_paddr table = root();
    unsigned level = format->levels;
    uint64_t entry;
    do {
        level--;
        const uint64_t *entries = ax_vaddr_ptr(axhal_phys_to_virt(table));
        entry = entries[(uintptr_t)address >> (AX_PAGE_SHIFT + AXCPU_PT_INDEX_BITS * level) &
                        (AXCPU_PT_ENTRIES - 1)];
        table = axcpu_pt_address(format, entry);
    } while (axcpu_pt_is_table(format, entry, level));
    return entry;
}

/* What hardware is told: PBMT in bits 62 and 61 (Svpbmt 1.0), AttrIndx in bits 4 to 2. */
static bool is_uncached_in_hardware(const void *address)
{
    uint64_t leaf = live_leaf(address);
    return CONFIG_ISA_RISCV64 ? leaf >> 61 == 1 : (leaf >> 2 & 7) == AXCPU_MAIR_UNCACHED;
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
    AXTEST_CHECK(test, is_uncached_in_hardware(bytes) == axmm_use_memory_types());
    memset(bytes, 0xa5, size);
    AXTEST_CHECK(test, axdma_dealloc_coherent(memory, layout) == AX_OK);
    AXTEST_CHECK(test, !is_uncached(bytes) && !is_uncached(bytes + size - 1));
    AXTEST_CHECK(test,
                 !is_uncached_in_hardware(bytes) && !is_uncached_in_hardware(bytes + size - 1));
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

/* ---- for one device ---- */

/* Memory is uncached for a device that does not see caches, and ordinary for one that does. */
static void test_devices(struct axtest *test)
{
    static const struct ax_layout layouts[] = {{100, 16}, {3 * AX_PAGE_SIZE, AX_PAGE_SIZE}};
    struct axdma_device device;
    struct axdma_memory memory;
    axdma_device_init(&device, "test");
    AXTEST_CHECK(test, device.coherent == CONFIG_ISA_RISCV64);
    for (unsigned i = 0; i < 4; i++) {
        struct ax_layout layout = layouts[i / 2];
        device.coherent = i % 2 != 0;
        enum ax_err err = axdma_alloc(&device, layout, &memory);
        if (!device.coherent && !(axmm_use_memory_types() && axcpu_dcache_is_maintained())) {
            AXTEST_CHECK(test, err == AX_ENOTSUP);
            continue;
        }
        if (!AXTEST_CHECK(test, err == AX_OK))
            return;
        AXTEST_CHECK(test, is_uncached_in_hardware(memory.cpu) == !device.coherent);
        AXTEST_CHECK(test, is_zero(memory.cpu, layout.size));
        AXTEST_CHECK(test, axdma_device_end(&device) == AX_EBUSY);
        AXTEST_CHECK(test, axdma_dealloc(&device, memory, layout) == AX_OK);
        AXTEST_CHECK(test, !is_uncached_in_hardware(memory.cpu));
    }
    AXTEST_CHECK(test, axdma_device_end(&device) == AX_OK);
}

static void fill(unsigned char *bytes, size_t count, unsigned seed)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)(seed + i);
}

/* What the CPU finds where the device has its bytes; these devices reach all by the offset. */
static unsigned char *shared_of(struct axdma_mapping mapping)
{
    return ax_vaddr_ptr(axhal_phys_to_virt(axdma_bus_to_phys(mapping.bus)));
}

/* Lent as it is, and through a bounce buffer: there and back, and nothing beside is touched. */
static void check_lending(struct axtest *test, struct axdma_device *device, size_t bytes,
                          bool bounces)
{
    static unsigned char buffer[3 * AX_PAGE_SIZE];
    unsigned char *start = buffer + 3;
    struct axdma_mapping mapping;
    fill(buffer, sizeof buffer, 1);
    if (!AXTEST_CHECK(test, axdma_map(device, start, bytes, AXDMA_BOTH_WAYS, &mapping) == AX_OK))
        return;
    AXTEST_CHECK(test, (mapping.bounce != NULL) == bounces);
    AXTEST_CHECK(test, mapping.bus.raw + bytes - 1 <= device->limits.mask);
    AXTEST_CHECK(test, memcmp(shared_of(mapping), start, bytes) == 0);
    fill(shared_of(mapping), bytes, 77);
    AXTEST_CHECK(test, axdma_sync_for_cpu(device, &mapping, 0, bytes) == AX_OK);
    AXTEST_CHECK(test, start[0] == 77 && start[bytes - 1] == (unsigned char)(77 + bytes - 1));
    start[0] = 9;
    AXTEST_CHECK(test, axdma_sync_for_device(device, &mapping, 0, bytes) == AX_OK);
    AXTEST_CHECK(test, shared_of(mapping)[0] == 9);
    AXTEST_CHECK(test, axdma_unmap(device, &mapping) == AX_OK);
    AXTEST_CHECK(test, axdma_unmap(device, &mapping) == AX_EINVAL);
    AXTEST_CHECK(test, start[0] == 9 && start[1] == 78 && buffer[2] == 3);
    AXTEST_CHECK(test, start[bytes] == (unsigned char)(1 + 3 + bytes));
}

static void test_lending(struct axtest *test)
{
    static const size_t sizes[] = {2, 60, 2048, 2049, 2 * AX_PAGE_SIZE};
    struct axdma_device device;
    size_t pages = dma_pages();
    axdma_device_init(&device, "test");
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        device.coherent = true;
        device.limits.align = 1;
        check_lending(test, &device, sizes[i], false);
        device.limits.align = 512;
        check_lending(test, &device, sizes[i], true);
        device.coherent = false;
        device.limits.align = 1;
        if (axcpu_dcache_is_maintained())
            check_lending(test, &device, sizes[i], true);
    }
    AXTEST_CHECK(test, dma_pages() == pages);
}

/* Only memory in a window of 1 MiB, which free RAM has somewhere, and elsewhere on the bus. */
static void test_windows(struct axtest *test)
{
    enum { MIB = 1 << 20 };
    static const struct ax_layout large = {64 << 10, 4096};
    struct axdma_device device;
    struct ax_paddr physical;
    struct ax_vaddr free_pages;
    struct axdma_memory memory;
    if (!AXTEST_CHECK(test, axalloc_alloc_pages(axalloc_global(), MIB >> AX_PAGE_SHIFT, MIB,
                                                &free_pages) == AX_OK))
        return;
    AXTEST_CHECK(test, axalloc_dealloc_pages(axalloc_global(), free_pages, MIB >> AX_PAGE_SHIFT) ==
                           AX_OK);
    AXTEST_CHECK(test, axhal_virt_to_phys(free_pages, &physical) == AX_OK);
    axdma_device_init(&device, "test");
    device.coherent = true;
    device.window_count = 1;
    device.windows[0] = (struct axdma_window){ax_busaddr(0x10000000), physical, MIB};
    if (!AXTEST_CHECK(test, axdma_alloc(&device, large, &memory) == AX_OK))
        return;
    AXTEST_CHECK(test, memory.bus.raw >= 0x10000000 && memory.bus.raw + large.size <= 0x10100000);
    AXTEST_CHECK(test, ax_vaddr_of(memory.cpu).raw - free_pages.raw == memory.bus.raw - 0x10000000);
    AXTEST_CHECK(test, axdma_dealloc(&device, memory, large) == AX_OK);
    device.windows[0].size_bytes = AX_PAGE_SIZE;
    AXTEST_CHECK(test, axdma_alloc(&device, large, &memory) == AX_ERANGE);
    device.limits.mask = 0xffff; /* nothing is left of the window */
    AXTEST_CHECK(test, axdma_alloc(&device, (struct ax_layout){8, 8}, &memory) == AX_ERANGE);
    AXTEST_CHECK(test, axdma_device_end(&device) == AX_OK);
}

static void test_pool(struct axtest *test)
{
    static struct axdma_memory pieces[100];
    struct axdma_device device;
    struct axdma_pool *pool;
    size_t pages = dma_pages();
    axdma_device_init(&device, "test");
    device.coherent = true;
    if (!AXTEST_CHECK(test, axdma_pool_create(&device, (struct ax_layout){40, 8}, &pool) == AX_OK))
        return;
    for (unsigned i = 0; i < 100; i++) {
        if (!AXTEST_CHECK(test, axdma_pool_alloc(pool, &pieces[i]) == AX_OK))
            return;
        AXTEST_CHECK(test, is_zero(pieces[i].cpu, 40) && pieces[i].bus.raw % 64 == 0);
        memset(pieces[i].cpu, 0xff, 40);
    }
    AXTEST_CHECK(test, axdma_pool_destroy(pool) == AX_EBUSY);
    for (unsigned i = 0; i < 100; i++)
        AXTEST_CHECK(test, axdma_pool_dealloc(pool, pieces[i]) == AX_OK);
    AXTEST_CHECK(test, axdma_pool_dealloc(pool, pieces[0]) == AX_EINVAL);
    AXTEST_CHECK(test, axdma_pool_destroy(pool) == AX_OK);
    AXTEST_CHECK(test, dma_pages() == pages);
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
    {"a device's memory is cached if it sees caches", test_devices},
    {"lent as it is, and by a bounce buffer", test_lending},
    {"windows somewhere else on the bus", test_windows},
    {"pools", test_pool},
    {"every CPU at once", test_dma_together},
    {"out of memory loses nothing", test_out_of_memory},
};

const struct axtest_suite axdma_suite = {"axdma", cases, AXTEST_COUNT(cases)};
