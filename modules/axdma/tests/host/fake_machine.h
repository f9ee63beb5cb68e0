/*
 * A machine for axdma's tests: RAM at a physical address of its own, a cache that a device does not
 * see, page attributes, and memory that runs out when the test says so.
 *
 * The cache. `ram` is what the CPU sees; tests and axdma use it by plain pointers. `dram` is what
 * is in memory, where a device without a view of the caches reads and writes. `fetched` is what the
 * CPU last fetched or wrote back of each line: a line whose `ram` differs from it is dirty. A cache
 * may write a dirty line back, or drop a clean one and fetch it anew, at any moment; cache_act()
 * does either. Whoever forgets to clean or to invalidate is found out by the bytes. An uncached
 * page is its `ram` for both sides.
 *
 * The linker sends axdma's calls of axalloc, axhal and the cache here (host-wraps).
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <axalloc/alloc.h>
#include <axcpu/cache.h>
#include <axcpu/host.h>
#include <axcpu/image.h>
#include <axcpu/map_flags.h>
#include <axdma/dma.h>
#include <axdma/pool.h>
#include <axdma/stream.h>
#include <axhal/mem.h>
#include <axmm/kernel_space.h>
#include <axtest/random.h>

#define RAM_START UINT64_C(0x80000000)
#define IMAGE_START UINT64_C(0x40000000)
enum { PAGE = AX_PAGE_SIZE, RAM_PAGES = 2048, RAM_BYTES = RAM_PAGES * PAGE };

static struct {
    unsigned char *ram, *dram, *fetched;
    bool is_uncached[RAM_PAGES];
    bool is_unflushed[RAM_PAGES]; /* uncached, but lines of it may still be in a cache */
    unsigned char *snapshot;      /* of such pages, when they became so */
    bool has_no_types;            /* riscv64 without Svpbmt */
    unsigned long calls, fail_at; /* of what may run out of memory; the one that does, 0: none */
    bool for_good;                /* and all after it */
    unsigned cleans, invalidates, clean_invalidates;
    const void *dropped; /* what was invalidated last */
    size_t dropped_bytes;
} machine;

/* ---- addresses ---- */

enum ax_err __wrap_axhal_virt_to_phys(struct ax_vaddr address, struct ax_paddr *out);
struct ax_vaddr __wrap_axhal_phys_to_virt(struct ax_paddr address);

enum ax_err __wrap_axhal_virt_to_phys(struct ax_vaddr address, struct ax_paddr *out)
{
    uint64_t in_ram = address.raw - (uintptr_t)machine.ram;
    uint64_t in_image = address.raw - (uintptr_t)axcpu_text_start;
    if (in_ram < RAM_BYTES)
        *out = ax_paddr(RAM_START + in_ram);
    else if (in_image <= (uint64_t)(axcpu_image_end - axcpu_text_start))
        *out = ax_paddr(IMAGE_START + in_image);
    else
        return AX_EFAULT;
    return AX_OK;
}

struct ax_vaddr __wrap_axhal_phys_to_virt(struct ax_paddr address)
{
    return ax_vaddr((uintptr_t)machine.ram + (address.raw - RAM_START));
}

/* ---- memory that runs out ---- */

static bool runs_out(void)
{
    machine.calls++;
    return machine.fail_at != 0 && (machine.calls == machine.fail_at ||
                                    (machine.for_good && machine.calls > machine.fail_at));
}

void *__real_axalloc_alloc(struct axalloc *self, struct ax_layout layout);
void *__wrap_axalloc_alloc(struct axalloc *self, struct ax_layout layout);
enum ax_err __real_axalloc_alloc_pages_as(struct axalloc *self, enum axalloc_kind kind,
                                          size_t count, size_t align, struct ax_vaddr *out);
enum ax_err __wrap_axalloc_alloc_pages_as(struct axalloc *self, enum axalloc_kind kind,
                                          size_t count, size_t align, struct ax_vaddr *out);
enum ax_err __real_axalloc_alloc_pages_below(struct axalloc *self, enum axalloc_kind kind,
                                             size_t count, size_t align, struct ax_vaddr limit,
                                             struct ax_vaddr *out);
enum ax_err __wrap_axalloc_alloc_pages_below(struct axalloc *self, enum axalloc_kind kind,
                                             size_t count, size_t align, struct ax_vaddr limit,
                                             struct ax_vaddr *out);
enum ax_err __real_axalloc_dealloc_pages_as(struct axalloc *self, enum axalloc_kind kind,
                                            struct ax_vaddr start, size_t count);
enum ax_err __wrap_axalloc_dealloc_pages_as(struct axalloc *self, enum axalloc_kind kind,
                                            struct ax_vaddr start, size_t count);

void *__wrap_axalloc_alloc(struct axalloc *self, struct ax_layout layout)
{
    return runs_out() ? NULL : __real_axalloc_alloc(self, layout);
}

enum ax_err __wrap_axalloc_alloc_pages_as(struct axalloc *self, enum axalloc_kind kind,
                                          size_t count, size_t align, struct ax_vaddr *out)
{
    return runs_out() ? AX_ENOMEM : __real_axalloc_alloc_pages_as(self, kind, count, align, out);
}

enum ax_err __wrap_axalloc_alloc_pages_below(struct axalloc *self, enum axalloc_kind kind,
                                             size_t count, size_t align, struct ax_vaddr limit,
                                             struct ax_vaddr *out)
{
    return runs_out() ? AX_ENOMEM
                      : __real_axalloc_alloc_pages_below(self, kind, count, align, limit, out);
}

static size_t page_at(struct ax_vaddr address)
{
    size_t page = (address.raw - (uintptr_t)machine.ram) / PAGE;
    assert_true(page < RAM_PAGES);
    return page;
}

/* reliability.md: the attribute is restored before the pages return to the pool. */
enum ax_err __wrap_axalloc_dealloc_pages_as(struct axalloc *self, enum axalloc_kind kind,
                                            struct ax_vaddr start, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_false(machine.is_uncached[page_at(start) + i]);
    return __real_axalloc_dealloc_pages_as(self, kind, start, count);
}

/* ---- attributes: what axmm would do, flushes included ---- */

enum ax_err axmm_protect(struct ax_vrange range, unsigned map_flags)
{
    bool is_uncached = (map_flags & AXCPU_MAP_UNCACHED) != 0;
    size_t first = page_at(range.start), count = range.size_bytes / PAGE;
    assert_int_equal(range.start.raw % PAGE | range.size_bytes % PAGE, 0);
    if (is_uncached && runs_out())
        return AX_ENOMEM;
    for (size_t page = first; page < first + count; page++) {
        size_t at = page * PAGE;
        assert_int_not_equal(machine.is_uncached[page], is_uncached);
        assert_false(machine.is_unflushed[page]);
        machine.is_uncached[page] = machine.is_unflushed[page] = is_uncached;
        memcpy((is_uncached ? machine.snapshot : machine.dram) + at, machine.ram + at, PAGE);
        memcpy(machine.fetched + at, machine.ram + at, PAGE);
    }
    return AX_OK;
}

bool axmm_use_memory_types(void)
{
    return !machine.has_no_types;
}

/* ---- the cache ---- */

/* The line is written back if it is dirty; fetched anew if not. */
static void cache_act(size_t at)
{
    size_t line = axcpu_host_dcache_line_bytes;
    at -= at % line;
    if (machine.is_uncached[at / PAGE])
        return;
    bool is_dirty = memcmp(machine.ram + at, machine.fetched + at, line) != 0;
    memcpy(is_dirty ? machine.dram + at : machine.ram + at,
           is_dirty ? machine.ram + at : machine.dram + at, line);
    memcpy(machine.fetched + at, machine.ram + at, line);
}

static void cache_drop(size_t at)
{
    size_t line = axcpu_host_dcache_line_bytes;
    memcpy(machine.ram + at, machine.dram + at, line);
    memcpy(machine.fetched + at, machine.dram + at, line);
}

static void each_line(const void *start, size_t bytes, bool drops)
{
    size_t line = axcpu_host_dcache_line_bytes;
    size_t first = (size_t)((const unsigned char *)start - machine.ram), end = first + bytes;
    assert_true(first < RAM_BYTES && bytes <= RAM_BYTES - first);
    for (size_t at = first - first % line; at < end; at += line) {
        bool is_whole = at >= first && end - at >= line;
        if (drops && is_whole)
            cache_drop(at);
        else
            cache_act(at);
    }
}

void __wrap_axcpu_dcache_clean(const void *start, size_t bytes);
void __wrap_axcpu_dcache_invalidate(const void *start, size_t bytes);
void __wrap_axcpu_dcache_clean_invalidate(const void *start, size_t bytes);

void __wrap_axcpu_dcache_clean(const void *start, size_t bytes)
{
    machine.cleans++;
    each_line(start, bytes, false);
}

void __wrap_axcpu_dcache_invalidate(const void *start, size_t bytes)
{
    machine.invalidates++;
    machine.dropped = start;
    machine.dropped_bytes = bytes;
    each_line(start, bytes, true);
}

/* Of pages that have become uncached nobody may have written anything yet. */
void __wrap_axcpu_dcache_clean_invalidate(const void *start, size_t bytes)
{
    machine.clean_invalidates++;
    each_line(start, bytes, false);
    for (size_t page = page_at(ax_vaddr_of(start)); bytes >= PAGE; page++, bytes -= PAGE) {
        if (machine.is_unflushed[page])
            assert_memory_equal(machine.snapshot + page * PAGE, machine.ram + page * PAGE, PAGE);
        machine.is_unflushed[page] = false;
    }
}

/* ---- the device's side ---- */

/* Where the device's byte at `bus` is, by its windows; the test fails if it reaches none there. */
static inline size_t find_byte(const struct axdma_device *device, struct ax_busaddr bus)
{
    assert_true(bus.raw <= device->limits.mask);
    for (unsigned i = 0; i < device->window_count; i++) {
        const struct axdma_window *window = &device->windows[i];
        if (bus.raw - window->bus.raw < window->size_bytes) {
            uint64_t at = window->physical.raw + (bus.raw - window->bus.raw) - RAM_START;
            assert_true(at < RAM_BYTES);
            return (size_t)at;
        }
    }
    assert_int_equal(device->window_count, 0);
    assert_true(bus.raw - RAM_START < RAM_BYTES);
    return (size_t)(bus.raw - RAM_START);
}

static inline unsigned char *device_byte(const struct axdma_device *device, struct ax_busaddr bus)
{
    size_t at = find_byte(device, bus);
    assert_false(machine.is_unflushed[at / PAGE]);
    bool sees_ram = device->coherent || machine.is_uncached[at / PAGE];
    return (sees_ram ? machine.ram : machine.dram) + at;
}

static inline void device_write(const struct axdma_device *device, struct ax_busaddr bus,
                                const unsigned char *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        *device_byte(device, ax_busaddr(bus.raw + i)) = from[i];
}

static inline void device_read(const struct axdma_device *device, struct ax_busaddr bus,
                               unsigned char *to, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = *device_byte(device, ax_busaddr(bus.raw + i));
}

/* ---- the whole of it ---- */

static unsigned char *map_memory(void)
{
    unsigned char *start = mmap(NULL, RAM_BYTES + (2 << 20), PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(start, MAP_FAILED);
    return start + (-(uintptr_t)start & ((2 << 20) - 1));
}

/* Fresh RAM, all of it axalloc's. For setup functions. */
static inline int machine_start(void **state)
{
    static struct axhal_memory_map map;
    (void)state;
    if (machine.ram == NULL) {
        machine.ram = map_memory();
        machine.dram = map_memory();
        machine.fetched = map_memory();
        machine.snapshot = map_memory();
    }
    memset(machine.is_uncached, 0, sizeof machine.is_uncached);
    memset(machine.is_unflushed, 0, sizeof machine.is_unflushed);
    machine.has_no_types = machine.for_good = false;
    machine.calls = machine.fail_at = 0;
    machine.cleans = machine.invalidates = machine.clean_invalidates = 0;
    axcpu_host_dcache_line_bytes = 64;
    axcpu_host_dcache_is_absent = false;
    axhal_memory_map_init(&map, UINT64_MAX);
    assert_int_equal(axhal_memory_map_add_ram(&map, ax_prange(RAM_START, RAM_BYTES)), AX_OK);
    axhal_memory_map_finalize(&map);
    axhal_memory_use(&map);
    assert_int_equal(axalloc_global_init(ax_vaddr_of(machine.ram), RAM_BYTES), AX_OK);
    return 0;
}

/* What is in use, to be compared. */
struct holdings {
    size_t bytes;
    size_t pages;
};

static inline struct holdings held(void)
{
    return (struct holdings){axalloc_used_bytes(axalloc_global()),
                             axalloc_used_pages(axalloc_global())};
}

static inline void assert_held(struct holdings before)
{
    struct holdings now = held();
    assert_int_equal(now.bytes, before.bytes);
    assert_int_equal(now.pages, before.pages);
    assert_null(axalloc_check(axalloc_global()));
}

/* Memory of the heap, which never fails here. */
static inline void *heap_bytes(size_t size, size_t align)
{
    struct ax_layout layout = {size, align};
    void *memory = __real_axalloc_alloc(axalloc_global(), layout);
    assert_non_null(memory);
    return memory;
}

/* What a piece of a test logs, as text. */
static inline const char *log_of(void (*act)(void))
{
    static char text[4000];
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    int saved = dup(2);
    dup2(fileno(file), 2);
    act();
    fflush(stderr);
    dup2(saved, 2);
    close(saved);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static inline void assert_says(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("not said: \"%s\", but: %s", words, text);
}
