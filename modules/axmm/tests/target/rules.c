/* The rules of the address space, broken one by one; late devices; the picture. */
#include "cases.h"
#include <axalloc/alloc.h>
#include <axalloc/manager.h>
#include <axbase/string.h>
#include <axcpu/image.h>
#include <axhal/mem.h>
#include <axmm/check.h>
#include <axmm/device.h>
#include <axmm/dump.h>
#include <axmm/kernel_space.h>

enum { READ = AXCPU_MAP_READ, READ_WRITE = AXCPU_MAP_READ | AXCPU_MAP_WRITE };

/* A page of the image's data that nobody else uses. */
AX_ALIGNED(4096) static unsigned char own_page[AX_PAGE_SIZE];

/* The page of the linear map that shows what `address` shows. */
static struct ax_vrange alias_of(const void *address)
{
    struct axhal_mapping leaf;
    struct ax_vrange page = {{0}, AX_PAGE_SIZE};
    if (axmm_query(ax_vaddr_of(address), &leaf) == AX_OK)
        page.start = axhal_phys_to_virt(leaf.physical);
    return page;
}

/* With the page writable the check says `expected`; with the page read-only again nothing. */
static void check_alias(struct axtest *test, const void *address, const char *expected)
{
    struct ax_vrange alias = alias_of(address);
    AXTEST_CHECK(test, axmm_check() == NULL);
    AXTEST_CHECK(test, axmm_protect(alias, READ_WRITE) == AX_OK);
    const char *wrong = axmm_check();
    AXTEST_CHECK(test, wrong != NULL && strcmp(wrong, expected) == 0);
    AXTEST_CHECK(test, axmm_protect(alias, READ) == AX_OK);
    AXTEST_CHECK(test, axmm_check() == NULL);
}

void test_check_finds(struct axtest *test)
{
    struct ax_layout layout = {100, 16};
    void *code = NULL;
    check_alias(test, axcpu_text_start, "the image's text or constants can be written");
    check_alias(test, axcpu_rodata_start, "the image's text or constants can be written");
    if (!AXTEST_CHECK(test, axalloc_manager_allocate(axalloc_global(), AXALLOC_EXECUTABLE, layout,
                                                     &code) == AX_OK))
        return;
    check_alias(test, code, "executable memory can be written by another address");
    axalloc_manager_deallocate(axalloc_global(), code, layout);
    struct ax_vrange data = {ax_vaddr_of(own_page), AX_PAGE_SIZE};
    AXTEST_CHECK(test, axmm_protect(data, READ | AXCPU_MAP_EXECUTE) == AX_OK);
    const char *wrong = axmm_check();
    AXTEST_CHECK(test, axmm_protect(data, READ_WRITE) == AX_OK);
    AXTEST_CHECK(test, wrong != NULL && strcmp(wrong, "a page is executable that is no code") == 0);
}

void test_device(struct axtest *test)
{
    struct ax_prange claimed, ram = axhal_memory()->ram[0];
    volatile void *registers = NULL;
    struct axhal_mapping leaf;
    AXTEST_CHECK(test, axmm_map_device(ax_prange(ram.start.raw, 4), &registers) == AX_EEXIST);
    AXTEST_CHECK(test, axmm_map_device(ax_prange(ax_prange_last(ram), 2), &registers) == AX_EEXIST);
    AXTEST_CHECK(test, axmm_map_device(ax_prange(0x1000, 0), &registers) == AX_EINVAL);
    AXTEST_CHECK(test, axmm_map_device(ax_prange(UINT64_MAX, 2), &registers) == AX_EINVAL);
    AXTEST_CHECK(test, axmm_map_device(ax_prange((uint64_t)1 << 60, 4), &registers) == AX_EINVAL);
    AXTEST_CHECK(test, registers == NULL);
    if (!axhal_claimed_device(0, &claimed)) {
        axtest_skip(test, "no device is known here");
        return;
    }
    struct ax_prange part = {ax_paddr_add(claimed.start, 0x10), 8};
    if (!AXTEST_CHECK(test, axmm_map_device(part, &registers) == AX_OK))
        return;
    const volatile char *start = (const volatile char *)registers - 0x10;
    AXTEST_CHECK(test, axmm_query(ax_vaddr_of(registers), &leaf) == AX_OK);
    AXTEST_CHECK(test, leaf.virtual.start.raw == ax_vaddr_of(start).raw);
    AXTEST_CHECK(test, leaf.physical.raw == claimed.start.raw);
    AXTEST_CHECK(test, (leaf.map_flags & AXCPU_MAP_DEVICE) != 0);
    AXTEST_CHECK(test, axmm_check() == NULL);
    AXTEST_CHECK(test, is_readable((const void *)(uintptr_t)registers));
    AXTEST_CHECK(test, !is_readable((const void *)(uintptr_t)(start - 4)));
    AXTEST_CHECK(test, !is_readable((const void *)(uintptr_t)(start + AX_PAGE_SIZE)));
    axmm_unmap_device(registers);
    AXTEST_CHECK(test, flags_at((const void *)(uintptr_t)start) == 0);
}

/* Counts lines. */
struct counter {
    struct ax_sink sink; /* first: the callback casts back */
    unsigned lines;
};

static void count_lines(struct ax_sink *self, const char *text, size_t bytes)
{
    struct counter *counter = (struct counter *)(void *)self;
    for (size_t i = 0; i < bytes; i++)
        counter->lines += text[i] == '\n';
}

void test_dump(struct axtest *test)
{
    struct ax_layout layout = {100, 16};
    struct counter before = {.sink = {count_lines}}, after = before;
    void *code = NULL;
    axmm_dump(&before.sink);
    if (!AXTEST_CHECK(test, axalloc_manager_allocate(axalloc_global(), AXALLOC_EXECUTABLE, layout,
                                                     &code) == AX_OK))
        return;
    axmm_dump(&after.sink);
    axalloc_manager_deallocate(axalloc_global(), code, layout);
    AXTEST_CHECK(test, before.lines > 10 && after.lines > before.lines);
}
