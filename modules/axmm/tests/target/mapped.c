/*
 * Memory of the mapped window on the machine: virtually contiguous, executable, stacks. Every case
 * leaves pages and addresses as it found them.
 */
#include "cases.h"
#include <axalloc/alloc.h>
#include <axalloc/buffer.h>
#include <axalloc/manager.h>
#include <axalloc/mapper.h>
#include <axbase/config.h>
#include <axbase/string.h>
#include <axcpu/layout.h>
#include <axhal/mem.h>
#include <axhal/trap.h>
#include <axmm/code.h>
#include <axmm/kernel_space.h>
#include <axmm/stacks.h>

#define MIB ((size_t)1 << 20)

enum {
    READ = AXCPU_MAP_READ,
    WRITE = AXCPU_MAP_WRITE,
    EXECUTE = AXCPU_MAP_EXECUTE,
    ACCESS = READ | WRITE | EXECUTE,
    HELD = 1024, /* single pages that scatter what is free */
};

static const struct axalloc_mapper *const mapper = &axalloc_port_mapper;

static size_t used_pages(void)
{
    return axalloc_used_pages(axalloc_global());
}

/* Page tables that became empty are kept for the next, and a split leaf stays split. */
static void check_pages_are_back(struct axtest *test, size_t before)
{
    enum { TABLES_MAX = 8 };
    AXTEST_CHECK(test, used_pages() <= before + TABLES_MAX);
    AXTEST_CHECK(test, axalloc_check(axalloc_global()) == NULL);
}

static enum ax_err map(enum axalloc_mapping mapping, size_t pages, unsigned char **out)
{
    struct ax_vaddr start;
    enum ax_err err = mapper->map(mapper->context, mapping, pages, AX_PAGE_SIZE, &start);
    if (err == AX_OK)
        *out = ax_vaddr_ptr(start);
    return err;
}

static void unmap(unsigned char *start, size_t pages)
{
    mapper->unmap(mapper->context, ax_vaddr_of(start), pages);
}

/* Each page is told by its number. */
static void number_pages(unsigned char *start, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        memset(start + i * AX_PAGE_SIZE, (int)(i % 251), AX_PAGE_SIZE);
}

static bool are_numbered(const unsigned char *start, size_t pages)
{
    for (size_t i = 0; i < pages * AX_PAGE_SIZE; i++)
        if (start[i] != i / AX_PAGE_SIZE % 251)
            return false;
    return true;
}

static uint64_t physical_of(const void *address)
{
    struct axhal_mapping leaf;
    if (axmm_query(ax_vaddr_of(address), &leaf) != AX_OK)
        return 0;
    return leaf.physical.raw + (ax_vaddr_of(address).raw - leaf.virtual.start.raw);
}

static size_t hold_every_other_page(struct ax_vaddr *held)
{
    struct axalloc *global = axalloc_global();
    size_t count = 0;
    struct ax_vaddr run;
    if (axalloc_alloc_pages(global, 2 * HELD, AX_PAGE_SIZE, &run) != AX_OK)
        return 0;
    for (; count < HELD; count++) {
        held[count] = ax_vaddr_add(run, 2 * count * AX_PAGE_SIZE);
        if (axalloc_dealloc_pages(global, ax_vaddr_add(held[count], AX_PAGE_SIZE), 1) != AX_OK)
            return 0;
    }
    return count;
}

/* What is left in runs of more than one page goes to `rest`, largest first. */
static size_t hold_long_runs(struct ax_vrange *rest, size_t room)
{
    size_t count = 0;
    for (size_t pages = (size_t)1 << 20; pages > 1 && count < room; pages /= 2)
        while (count < room && axalloc_alloc_pages(axalloc_global(), pages, AX_PAGE_SIZE,
                                                   &rest[count].start) == AX_OK)
            rest[count++].size_bytes = pages * AX_PAGE_SIZE;
    return count;
}

/* With no two free pages side by side there is still virtually contiguous memory. */
void test_scattered_frames(struct axtest *test)
{
    static struct ax_vaddr held[HELD];
    static struct ax_vrange rest[256];
    struct axalloc_slice buffer;
    struct ax_layout layout = {MIB, 16};
    struct axalloc *global = axalloc_global();
    size_t before = used_pages();
    size_t count = hold_every_other_page(held);
    size_t long_runs = hold_long_runs(rest, sizeof rest / sizeof rest[0]);
    AXTEST_CHECK(test, axalloc_buffer_alloc(AXALLOC_KMALLOC, layout, AXALLOC_NO_WARN, &buffer) ==
                           AX_ENOMEM);
    enum ax_err err = axalloc_buffer_alloc(AXALLOC_KVMALLOC, layout, AXALLOC_ZERO, &buffer);
    if (AXTEST_CHECK(test, err == AX_OK)) {
        number_pages(buffer.bytes, 0, layout.size / AX_PAGE_SIZE);
        AXTEST_CHECK(test, are_numbered(buffer.bytes, layout.size / AX_PAGE_SIZE));
        AXTEST_CHECK(test, ax_vrange_contains(mapper->window, ax_vaddr_of(buffer.bytes)));
        AXTEST_CHECK(test, physical_of(buffer.bytes + AX_PAGE_SIZE) !=
                               physical_of(buffer.bytes) + AX_PAGE_SIZE);
        axalloc_buffer_free(AXALLOC_KVMALLOC, buffer.bytes, layout);
    }
    for (size_t i = 0; i < long_runs; i++)
        AXTEST_CHECK(test, axalloc_dealloc_pages(global, rest[i].start,
                                                 rest[i].size_bytes >> AX_PAGE_SHIFT) == AX_OK);
    for (size_t i = 0; i < count; i++)
        AXTEST_CHECK(test, axalloc_dealloc_pages(global, held[i], 1) == AX_OK);
    check_pages_are_back(test, before);
}

static bool is_filled(const unsigned char *bytes, unsigned char value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

/* Linux's second kind by its own interface: contents kept, the rest zeroed, whole pages usable. */
void test_mapped_buffers(struct axtest *test)
{
    struct ax_layout small = {100, 16}, large = {300000, 65536}, none = {0, 1};
    struct axalloc_slice buffer;
    size_t before = used_pages();
    if (!AXTEST_CHECK(test, axalloc_buffer_alloc(AXALLOC_VMALLOC, small, 0, &buffer) == AX_OK))
        return;
    AXTEST_CHECK(test, buffer.size_bytes == AX_PAGE_SIZE);
    AXTEST_CHECK(test, ax_vrange_contains(mapper->window, ax_vaddr_of(buffer.bytes)));
    memset(buffer.bytes, 0x3c, small.size);
    AXTEST_CHECK(test, axalloc_buffer_realloc(AXALLOC_VMALLOC, buffer.bytes, large, small,
                                              AXALLOC_ZERO, &buffer) == AX_OK);
    AXTEST_CHECK(test, ax_is_aligned(ax_vaddr_of(buffer.bytes).raw, large.align));
    AXTEST_CHECK(test, is_filled(buffer.bytes, 0x3c, small.size));
    AXTEST_CHECK(test, is_filled(buffer.bytes + small.size, 0, buffer.size_bytes - small.size));
    AXTEST_CHECK(test, axalloc_buffer_realloc(AXALLOC_VMALLOC, buffer.bytes, small, large, 0,
                                              &buffer) == AX_OK);
    AXTEST_CHECK(test, is_filled(buffer.bytes, 0x3c, small.size));
    AXTEST_CHECK(test, axalloc_buffer_realloc(AXALLOC_VMALLOC, buffer.bytes, none, small, 0,
                                              &buffer) == AX_OK);
    check_pages_are_back(test, before);
}

void test_large_mapping(struct axtest *test)
{
    enum { PAGES = 2 * 512 + 3 };
    struct axhal_mapping leaf;
    unsigned char *start = NULL;
    size_t before = used_pages();
    if (!AXTEST_CHECK(test, map(AXALLOC_MAPPING_DATA, PAGES, &start) == AX_OK))
        return;
    AXTEST_CHECK(test, axmm_query(ax_vaddr_of(start), &leaf) == AX_OK);
    AXTEST_CHECK(test, leaf.virtual.size_bytes == 2 * MIB);
    number_pages(start, 0, PAGES);
    AXTEST_CHECK(test, are_numbered(start, PAGES));
    AXTEST_CHECK(test, (flags_at(start) & ACCESS) == (READ | WRITE));
    unmap(start, PAGES);
    AXTEST_CHECK(test, flags_at(start) == 0 && !is_readable(start));
    check_pages_are_back(test, before);
}

static bool is_described(const void *address, const char *expected);

void test_guards(struct axtest *test)
{
    unsigned char *first = NULL, *second = NULL;
    size_t before = used_pages();
    if (!AXTEST_CHECK(test, map(AXALLOC_MAPPING_DATA, 3, &first) == AX_OK &&
                                map(AXALLOC_MAPPING_DATA, 1, &second) == AX_OK))
        return;
    AXTEST_CHECK(test, second >= first + 4 * AX_PAGE_SIZE);
    AXTEST_CHECK(test, is_readable(first) && is_readable(second));
    AXTEST_CHECK(test, !is_readable(first - 4) && !is_readable(first + 3 * AX_PAGE_SIZE));
    AXTEST_CHECK(test, !is_readable(second - 4) && !is_readable(second + AX_PAGE_SIZE));
    AXTEST_CHECK(test, is_described(first - 1, "the guard page below virtually contiguous"));
    AXTEST_CHECK(test, is_described(second + AX_PAGE_SIZE, "the guard page above virtually"));
    AXTEST_CHECK(test, is_described(second, "virtually contiguous memory, which is not exec"));
    unmap(first, 3);
    unmap(second, 1);
    AXTEST_CHECK(test, is_described(second, "in the window of mapped memory, where nothing"));
    check_pages_are_back(test, before);
}

static enum ax_err remap(unsigned char **start, size_t pages, size_t new_pages, size_t align)
{
    struct ax_vaddr at = ax_vaddr_of(*start);
    enum ax_err err = mapper->remap(mapper->context, at, pages, new_pages, align, &at);
    *start = ax_vaddr_ptr(at);
    return err;
}

/* The same frames wherever they are seen: nothing is copied. */
void test_remap(struct axtest *test)
{
    unsigned char *start = NULL, *other = NULL;
    size_t before = used_pages();
    if (!AXTEST_CHECK(test, map(AXALLOC_MAPPING_DATA, 5, &start) == AX_OK &&
                                map(AXALLOC_MAPPING_DATA, 1, &other) == AX_OK))
        return;
    number_pages(start, 0, 5);
    uint64_t frame = physical_of(start);
    unsigned char *old = start;
    AXTEST_CHECK(test, remap(&start, 5, 1100, AX_PAGE_SIZE) == AX_OK);
    AXTEST_CHECK(test, start != old && !is_readable(old) && physical_of(start) == frame);
    AXTEST_CHECK(test, are_numbered(start, 5));
    number_pages(start, 5, 1100);
    AXTEST_CHECK(test, remap(&start, 1100, 700, AX_PAGE_SIZE) == AX_OK && are_numbered(start, 700));
    old = start;
    AXTEST_CHECK(test, remap(&start, 700, 701, AX_PAGE_SIZE) == AX_OK && start == old);
    AXTEST_CHECK(test, remap(&start, 701, 4, 64 * MIB) == AX_OK && are_numbered(start, 4));
    AXTEST_CHECK(test, ax_is_aligned(ax_vaddr_of(start).raw, 64 * MIB) && !is_readable(old));
    AXTEST_CHECK(test, physical_of(start) == frame);
    unmap(start, 4);
    unmap(other, 1);
    check_pages_are_back(test, before);
}

void test_impossible_mappings(struct axtest *test)
{
    unsigned char *start = NULL;
    struct ax_vaddr at = {0};
    size_t before = used_pages();
    AXTEST_CHECK(test, map(AXALLOC_MAPPING_DATA, SIZE_MAX, &start) == AX_ENOMEM);
    AXTEST_CHECK(test, map(AXALLOC_MAPPING_DATA, (size_t)1 << 40, &start) == AX_ENOMEM);
    AXTEST_CHECK(test, map(AXALLOC_MAPPING_CODE, (size_t)1 << 40, &start) == AX_ENOMEM);
    AXTEST_CHECK(test, mapper->map(mapper->context, AXALLOC_MAPPING_DATA, 1, (size_t)1 << 63,
                                   &at) == AX_ENOMEM);
    AXTEST_CHECK(test, at.raw == 0 && used_pages() == before);
    if (!AXTEST_CHECK(test, map(AXALLOC_MAPPING_DATA, 2, &start) == AX_OK))
        return;
    number_pages(start, 0, 2);
    AXTEST_CHECK(test, remap(&start, 2, (size_t)1 << 40, AX_PAGE_SIZE) == AX_ENOMEM);
    AXTEST_CHECK(test, remap(&start, 2, SIZE_MAX, AX_PAGE_SIZE) == AX_ENOMEM);
    AXTEST_CHECK(test, are_numbered(start, 2));
    unmap(start, 2);
    check_pages_are_back(test, before);
}

/* ---- stacks ---- */

struct text {
    struct ax_sink sink; /* first: the callback casts back */
    size_t bytes;
    char text[160];
};

static void write_text(struct ax_sink *self, const char *bytes, size_t count)
{
    struct text *text = (struct text *)(void *)self;
    for (size_t i = 0; i < count && text->bytes < sizeof text->text - 1; i++)
        text->text[text->bytes++] = bytes[i];
    text->text[text->bytes] = '\0';
}

static bool is_described(const void *address, const char *expected)
{
    struct text text = {.sink = {write_text}};
    axhal_describe_address(ax_vaddr_of(address), &text.sink);
    return strncmp(text.text, expected, strlen(expected)) == 0;
}

void test_stacks(struct axtest *test)
{
    enum { BYTES = 3 * 4096 - 1, ROUNDED = 3 * 4096, ALIGN = 8 * 4096 };
    struct axmm_stack stack, none = {{0}, {0}};
    size_t before = used_pages();
    AXTEST_CHECK(test, axmm_stack_alloc(0, &none) == AX_EINVAL);
    AXTEST_CHECK(test, axmm_stack_alloc(SIZE_MAX, &none) == AX_EINVAL && none.top.raw == 0);
    if (!AXTEST_CHECK(test, axmm_stack_alloc(BYTES, &stack) == AX_OK))
        return;
    AXTEST_CHECK(test, ax_is_aligned(stack.bottom.raw, ALIGN));
    AXTEST_CHECK(test, stack.top.raw - stack.bottom.raw == ROUNDED);
    unsigned char *bottom = ax_vaddr_ptr(stack.bottom), *top = ax_vaddr_ptr(stack.top);
    memset(bottom, 0x57, ROUNDED);
    AXTEST_CHECK(test, (flags_at(bottom) & ACCESS) == (READ | WRITE));
    AXTEST_CHECK(test, !is_readable(bottom - 4) && !is_readable(top));
    AXTEST_CHECK(test, axhal_is_below_stack(ax_vaddr_of(bottom - 1)));
    AXTEST_CHECK(test, !axhal_is_below_stack(ax_vaddr_of(bottom)));
    axmm_stack_name(&stack, "trap", 7);
    AXTEST_CHECK(test,
                 is_described(bottom - 1, "the guard page below the trap stack of CPU 7: 12"));
    axmm_stack_free(&stack);
    AXTEST_CHECK(test, !is_readable(bottom) && !axhal_is_below_stack(ax_vaddr_of(bottom - 1)));
    check_pages_are_back(test, before);
}

/* ---- executable memory ---- */

/* return 42: RISC-V Unprivileged 20191213, "c.li", "c.jr"; Arm ARM C6.2, MOVZ and RET. */
static const uint32_t return_42_riscv64[] = {0x02a00513, 0x00008067};
static const uint32_t return_42_aarch64[] = {0x52800540, 0xd65f03c0};

enum { CODE_BYTES = sizeof return_42_riscv64 };

static const void *instructions(void)
{
    return CONFIG_ISA_RISCV64 ? return_42_riscv64 : return_42_aarch64;
}

static int call(const void *code)
{
    return ((int (*)(void))(uintptr_t)code)();
}

static bool is_linear_map_writable(const void *code)
{
    uint64_t frame = physical_of(code);
    return (flags_at(ax_vaddr_ptr(axhal_phys_to_virt(ax_paddr(frame)))) & WRITE) != 0;
}

void test_code(struct axtest *test)
{
    struct axalloc *global = axalloc_global();
    struct ax_layout layout = {5000, 64};
    size_t before = used_pages();
    void *block = NULL;
    if (!AXTEST_CHECK(test, axalloc_manager_allocate(global, AXALLOC_EXECUTABLE, layout, &block) ==
                                AX_OK))
        return;
    unsigned char *code = block;
    struct ax_vaddr linear = axhal_phys_to_virt(ax_paddr(physical_of(code)));
    AXTEST_CHECK(test, (flags_at(code) & ACCESS) == (READ | EXECUTE));
    AXTEST_CHECK(test, !is_linear_map_writable(code) && !is_linear_map_writable(code + 4096));
    AXTEST_CHECK(test, axmm_code_write(code + 4092, instructions(), CODE_BYTES) == AX_OK);
    AXTEST_CHECK(test, axmm_code_write(code, instructions(), CODE_BYTES) == AX_OK);
    AXTEST_CHECK(test, call(code) == 42 && call(code + 4092) == 42);
    AXTEST_CHECK(test, axmm_code_open(code, layout.size) == AX_OK);
    AXTEST_CHECK(test, (flags_at(code) & ACCESS) == (READ | WRITE));
    AXTEST_CHECK(test, !is_linear_map_writable(code));
    AXTEST_CHECK(test, axmm_code_seal(code, layout.size) == AX_OK && call(code) == 42);
    AXTEST_CHECK(test, axmm_code_open(code + 4096, 4097) == AX_EFAULT);
    AXTEST_CHECK(test, axmm_code_open(code, 0) == AX_EFAULT);
    AXTEST_CHECK(test, axmm_code_open(&layout, 1) == AX_EFAULT);
    axalloc_manager_deallocate(global, block, layout);
    AXTEST_CHECK(test, !is_readable(block) && (flags_at(ax_vaddr_ptr(linear)) & WRITE) != 0);
    check_pages_are_back(test, before);
}

/* What is resized stays executable, without being written. */
void test_code_resized(struct axtest *test)
{
    struct axalloc *global = axalloc_global();
    struct ax_layout layout = {100, 64}, larger = {9 * AX_PAGE_SIZE, 64 * AX_PAGE_SIZE};
    size_t before = used_pages();
    void *block = NULL;
    if (!AXTEST_CHECK(test, axalloc_manager_allocate(global, AXALLOC_EXECUTABLE, layout, &block) ==
                                AX_OK))
        return;
    AXTEST_CHECK(test, axmm_code_write(block, instructions(), CODE_BYTES) == AX_OK);
    AXTEST_CHECK(test, axalloc_manager_reallocate(global, block, layout, larger, &block) == AX_OK);
    AXTEST_CHECK(test, call(block) == 42);
    AXTEST_CHECK(test, (flags_at((char *)block + 8 * AX_PAGE_SIZE) & ACCESS) == (READ | EXECUTE));
    AXTEST_CHECK(test, axalloc_manager_reallocate(global, block, larger, layout, &block) == AX_OK);
    AXTEST_CHECK(test, call(block) == 42);
    axalloc_manager_deallocate(global, block, layout);
    check_pages_are_back(test, before);
}

/* ---- out of memory ---- */

/* At the start of each run that was taken. */
struct taken {
    struct taken *next;
    size_t pages;
};

/* All pages but so many, in a list; in long runs, then shorter ones, since there may be GiBs. */
static struct taken *take_all(struct taken *taken, size_t but)
{
    struct ax_vaddr start;
    size_t available;
    size_t run = SIZE_MAX / 2;
    while ((available = axalloc_available_pages(axalloc_global())) > but && run > 0) {
        run = run < available - but ? run : available - but;
        if (axalloc_alloc_pages(axalloc_global(), run, AX_PAGE_SIZE, &start) != AX_OK) {
            run /= 2;
            continue;
        }
        struct taken *first = ax_vaddr_ptr(start);
        *first = (struct taken){taken, run};
        taken = first;
    }
    return taken;
}

static void give_all(struct axtest *test, struct taken *taken)
{
    while (taken != NULL) {
        struct taken *run = taken;
        taken = run->next;
        AXTEST_CHECK(test, axalloc_dealloc_pages(axalloc_global(), ax_vaddr_of(run), run->pages) ==
                               AX_OK);
    }
}

static enum ax_err count_leaf(const struct axhal_mapping *leaf, void *context)
{
    uint64_t *bytes = context;
    *bytes += leaf->virtual.size_bytes;
    return AX_OK;
}

static uint64_t mapped_bytes(void)
{
    uint64_t bytes = 0;
    return axmm_walk(count_leaf, &bytes) == AX_OK ? bytes : 0;
}

/* With `free_pages` left, `pages` are mapped or nothing has changed. Returns whether they were. */
static bool try_with(struct axtest *test, enum axalloc_mapping mapping, size_t free_pages)
{
    enum { PAGES = 6 };
    unsigned char *start = NULL;
    struct taken *taken = take_all(NULL, free_pages);
    uint64_t mapped = mapped_bytes();
    enum ax_err err = map(mapping, PAGES, &start);
    AXTEST_CHECK(test, err == AX_OK || err == AX_ENOMEM);
    if (err == AX_OK)
        AXTEST_CHECK(test, mapped_bytes() == mapped + PAGES * AX_PAGE_SIZE);
    if (err == AX_OK && mapping == AXALLOC_MAPPING_DATA) {
        number_pages(start, 0, PAGES);
        AXTEST_CHECK(test, remap(&start, PAGES, PAGES + 1000, AX_PAGE_SIZE) == AX_ENOMEM);
        AXTEST_CHECK(test, are_numbered(start, PAGES));
    }
    if (err == AX_OK)
        unmap(start, PAGES);
    AXTEST_CHECK(test, mapped_bytes() == mapped);
    give_all(test, taken);
    return err == AX_OK;
}

/* However few pages are left: all that was asked for, or an error and nothing changed. */
void test_out_of_memory(struct axtest *test)
{
    enum { FREE_MAX = 16 };
    size_t before = used_pages();
    unsigned succeeded = 0;
    AXTEST_CHECK(test, !try_with(test, AXALLOC_MAPPING_DATA, 0));
    AXTEST_CHECK(test, !try_with(test, AXALLOC_MAPPING_CODE, 0));
    for (size_t pages = 1; pages <= FREE_MAX; pages++) {
        succeeded += try_with(test, AXALLOC_MAPPING_DATA, pages);
        succeeded += try_with(test, AXALLOC_MAPPING_CODE, pages);
    }
    AXTEST_CHECK(test, succeeded > 0 && succeeded < 2 * FREE_MAX);
    check_pages_are_back(test, before);
}

/* ---- out of memory for tables ---- */

enum { FAR_PLACES = 8 };

static enum ax_err map_far(struct ax_vaddr *out)
{
    return mapper->map(mapper->context, AXALLOC_MAPPING_DATA, 1, (size_t)1 << 30, out);
}

/* Without page tables, of which some are kept. */
static size_t app_pages(void)
{
    return axalloc_usage(axalloc_global(), AXALLOC_APP).pages;
}

/*
 * With `free_pages` left: a page at an address that takes tables of its own, or nothing changed.
 * Returns whether it was mapped.
 */
static bool try_far(struct axtest *test, unsigned char *start, size_t free_pages)
{
    struct ax_vaddr far;
    struct taken *taken = take_all(NULL, free_pages);
    size_t pages = app_pages();
    uint64_t mapped = mapped_bytes();
    bool is_mapped = map_far(&far) == AX_OK;
    if (is_mapped)
        mapper->unmap(mapper->context, far, 1);
    else
        AXTEST_CHECK(test, remap(&start, 1, 2, (size_t)1 << 30) == AX_ENOMEM);
    AXTEST_CHECK(test, mapped_bytes() == mapped && app_pages() == pages);
    AXTEST_CHECK(test, are_numbered(start, 1));
    give_all(test, taken);
    return is_mapped;
}

void test_out_of_tables(struct axtest *test)
{
    struct ax_vaddr places[FAR_PLACES];
    unsigned char *start = NULL;
    size_t before = used_pages(), free_pages = 0;
    if (!AXTEST_CHECK(test, map(AXALLOC_MAPPING_DATA, 1, &start) == AX_OK))
        return;
    number_pages(start, 0, 1);
    for (unsigned i = 0; i < FAR_PLACES; i++) /* uses up the tables that were kept */
        AXTEST_CHECK(test, map_far(&places[i]) == AX_OK);
    while (free_pages < FAR_PLACES && !try_far(test, start, free_pages))
        free_pages++;
    AXTEST_CHECK(test, free_pages > 0 && free_pages < FAR_PLACES);
    for (unsigned i = 0; i < FAR_PLACES; i++)
        mapper->unmap(mapper->context, places[i], 1);
    unmap(start, 1);
    AXTEST_CHECK(test, used_pages() <= before + 4 * FAR_PLACES);
    AXTEST_CHECK(test, axalloc_check(axalloc_global()) == NULL);
}
