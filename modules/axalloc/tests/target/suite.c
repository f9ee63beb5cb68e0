/*
 * axalloc on the target: the global instance on real memory, at real addresses, under whatever
 * load the app has put on it. Every case leaves it as it found it.
 */
#include "contracts.h"
#include <axalloc/alloc.h>
#include <axalloc/malloc.h>
#include <axalloc/page.h>
#include <axbase/string.h>
#include <axtest/test.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

enum { BLOCKS = 200 };

/* What is in use, to compare with afterwards. */
struct usage {
    size_t bytes;
    size_t pages;
};

static struct usage usage_now(void)
{
    struct axalloc *global = axalloc_global();
    return (struct usage){axalloc_used_bytes(global), axalloc_used_pages(global)};
}

/* Page tables that were split for the guard's unmapped pages stay split. */
enum { TABLES_MAX = CONFIG_AXALLOC_GUARD_PAGES ? 8 : 0 };

static void check_usage_is(struct axtest *test, struct usage before)
{
    struct usage now = usage_now();
    AXTEST_CHECK(test, now.bytes == before.bytes);
    AXTEST_CHECK(test, now.pages - before.pages <= TABLES_MAX);
    AXTEST_CHECK(test, axalloc_check(axalloc_global()) == NULL);
}

static bool is_filled(const unsigned char *bytes, unsigned char value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

static void test_counters(struct axtest *test)
{
    struct axalloc *global = axalloc_global();
    AXTEST_CHECK(test, strlen(axalloc_name()) > 0);
    AXTEST_CHECK(test, axalloc_total_bytes(global) > AXALLOC_MIN_HEAP_BYTES / 2);
    AXTEST_CHECK(test, axalloc_used_bytes(global) + axalloc_available_bytes(global) ==
                           axalloc_total_bytes(global));
    AXTEST_CHECK(test, axalloc_used_pages(global) + axalloc_available_pages(global) ==
                           axalloc_total_pages(global));
    AXTEST_CHECK(test, axalloc_check(global) == NULL);
}

static void test_blocks(struct axtest *test)
{
    static unsigned char *blocks[BLOCKS];
    struct usage before = usage_now();
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = axalloc_malloc(i * i);
        AXTEST_CHECK(test, blocks[i] != NULL);
        AXTEST_CHECK(test, ax_is_aligned((uintptr_t)blocks[i], AX_MALLOC_ALIGN));
        if (blocks[i] != NULL)
            memset(blocks[i], (int)i, i * i);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        AXTEST_CHECK(test, blocks[i] == NULL || is_filled(blocks[i], (unsigned char)i, i * i));
        axalloc_free(blocks[i]);
    }
    check_usage_is(test, before);
}

static void test_alignments(struct axtest *test)
{
    struct usage before = usage_now();
    for (size_t align = 1; align <= MIB; align *= 2) {
        void *block = axalloc_aligned_alloc(align, 100);
        AXTEST_CHECK(test, block != NULL && ax_is_aligned((uintptr_t)block, align));
        axalloc_free(block);
    }
    check_usage_is(test, before);
}

static void test_growth(struct axtest *test)
{
    struct usage before = usage_now();
    unsigned char *block = axalloc_calloc(1, MIB);
    if (AXTEST_CHECK(test, block != NULL)) {
        AXTEST_CHECK(test, axalloc_used_pages(axalloc_global()) > before.pages);
        AXTEST_CHECK(test, is_filled(block, 0, MIB));
    }
    unsigned char *longer = axalloc_realloc(block, MIB + 64 * KIB);
    if (AXTEST_CHECK(test, longer != NULL))
        block = longer;
    AXTEST_CHECK(test, block == NULL || is_filled(block, 0, MIB));
    axalloc_free(block);
    check_usage_is(test, before);
}

static void test_impossible_requests(struct axtest *test)
{
    struct usage before = usage_now();
    AXTEST_CHECK(test, axalloc_malloc(SIZE_MAX) == NULL);
    AXTEST_CHECK(test, axalloc_malloc(PTRDIFF_MAX) == NULL);
    AXTEST_CHECK(test, axalloc_malloc((size_t)1 << 46) == NULL);
    AXTEST_CHECK(test, axalloc_calloc(SIZE_MAX / 2, 3) == NULL);
    AXTEST_CHECK(test, axalloc_aligned_alloc(3, 3) == NULL);
    check_usage_is(test, before);
}

static void test_pages(struct axtest *test)
{
    struct axalloc *global = axalloc_global();
    struct usage before = usage_now();
    struct ax_vaddr run;
    if (!AXTEST_CHECK(test, axalloc_alloc_pages(global, 5, 8 * AX_PAGE_SIZE, &run) == AX_OK))
        return;
    AXTEST_CHECK(test, ax_is_aligned(run.raw, 8 * AX_PAGE_SIZE));
    memset(ax_vaddr_ptr(run), 0x5a, 5 * AX_PAGE_SIZE);
    struct ax_vaddr middle = ax_vaddr_add(run, 2 * AX_PAGE_SIZE);
    AXTEST_CHECK(test, axalloc_alloc_pages_at(global, middle, 1, AX_PAGE_SIZE) == AX_EBUSY);
    AXTEST_CHECK(test, axalloc_dealloc_pages(global, middle, 1) == AX_OK);
    AXTEST_CHECK(test, axalloc_alloc_pages_at(global, middle, 1, AX_PAGE_SIZE) == AX_OK);
    AXTEST_CHECK(test, is_filled(ax_vaddr_ptr(run), 0x5a, 2 * AX_PAGE_SIZE));
    AXTEST_CHECK(test, axalloc_dealloc_pages(global, run, 5) == AX_OK);
    check_usage_is(test, before);
}

static void test_page_handle(struct axtest *test)
{
    struct usage before = usage_now();
    {
        AXALLOC_PAGE_SCOPED struct axalloc_page page = {{0}, 0};
        if (AXTEST_CHECK(test, axalloc_page_alloc_zero(&page) == AX_OK))
            AXTEST_CHECK(test, is_filled(axalloc_page_ptr(&page), 0, AX_PAGE_SIZE));
    }
    check_usage_is(test, before);
}

static void test_own_instance(struct axtest *test)
{
    static struct axalloc instance;
    struct usage before = usage_now();
    struct ax_vaddr region;
    enum { PAGES = 64 };
    if (!AXTEST_CHECK(test,
                      axalloc_alloc_pages(axalloc_global(), PAGES, AX_PAGE_SIZE, &region) == AX_OK))
        return;
    AXTEST_CHECK(test, axalloc_init(&instance, region, PAGES * AX_PAGE_SIZE) == AX_OK);
    struct ax_layout layout = {100 * KIB, 16};
    void *block = axalloc_alloc(&instance, layout);
    AXTEST_CHECK(test, block != NULL);
    AXTEST_CHECK(test, axalloc_alloc(&instance, (struct ax_layout){MIB, 16}) == NULL);
    if (block != NULL)
        axalloc_dealloc(&instance, block, layout);
    AXTEST_CHECK(test, axalloc_used_bytes(&instance) == 0);
    AXTEST_CHECK(test, axalloc_check(&instance) == NULL);
    AXTEST_CHECK(test, axalloc_dealloc_pages(axalloc_global(), region, PAGES) == AX_OK);
    check_usage_is(test, before);
}

static const struct axtest_case cases[] = {
    {"counters", test_counters},
    {"blocks", test_blocks},
    {"alignments", test_alignments},
    {"growth_and_return", test_growth},
    {"impossible_requests", test_impossible_requests},
    {"pages", test_pages},
    {"page_handle", test_page_handle},
    {"own_instance", test_own_instance},
    {"ids", test_ids},
    {"frames", test_frames},
    {"buffers", test_buffers},
    {"low_buffers", test_low_buffers},
    {"manager", test_manager},
    {"toy_heap", test_toy_heap},
};

const struct axtest_suite axalloc_suite = {"axalloc", cases, AXTEST_COUNT(cases)};
