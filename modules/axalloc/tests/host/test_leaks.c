/* The leak report of debug builds: what was live before is none, each call site has one line. */
#include "arena.h"
#include "unmapped.h"

#include <axalloc/leaks.h>
#include <axalloc/malloc.h>

static unsigned char *arena;
static void *from_before, *grows, *page_from_before;
static char report[4000];
static size_t report_length;

static void write_report(struct ax_sink *sink, const char *text, size_t bytes)
{
    (void)sink;
    assert_true(report_length + bytes < sizeof report);
    memcpy(report + report_length, text, bytes);
    report_length += bytes;
}

static size_t leaks(void)
{
    struct ax_sink sink = {write_report};
    report_length = 0;
    size_t count = axalloc_leaks_report(axalloc_global(), &sink);
    report[report_length] = '\0';
    return count;
}

static int begin(void **state)
{
    (void)state;
    arena = arena_map(8 * MIB);
    closed_pages = 0;
    if (axalloc_init(axalloc_global(), ax_vaddr_of(arena), 8 * MIB) != AX_OK)
        return -1;
    from_before = axalloc_malloc(100);
    grows = axalloc_aligned_alloc(4096, 500);
    page_from_before = axalloc_malloc(AX_PAGE_SIZE); /* hardened: an unmapped page is behind it */
    memset(from_before, 7, 100);
    axalloc_leaks_begin(axalloc_global());
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_unmap(arena, 8 * MIB);
    return 0;
}

static unsigned lines(void)
{
    unsigned count = 0;
    for (const char *at = report; *at != '\0'; at++)
        count += *at == '\n';
    return count;
}

static void nothing_is_said_when_nothing_leaked(void **state)
{
    (void)state;
    assert_int_equal(leaks(), 0);
    axalloc_free(axalloc_malloc(1000));
    axalloc_free(axalloc_realloc(axalloc_malloc(10), 100000));
    assert_int_equal(leaks(), 0);
    assert_string_equal(report, "");
}

static void what_was_live_before_stays_whole(void **state)
{
    (void)state;
    assert_sound(axalloc_check(axalloc_global()));
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(((unsigned char *)from_before)[i], 7);
    assert_int_equal(closed_pages, CONFIG_AXALLOC_GUARD_PAGES);
    axalloc_free(from_before);
    axalloc_free(page_from_before);
    axalloc_dealloc(axalloc_global(), grows, (struct ax_layout){500, 4096});
    assert_int_equal(leaks(), 0);
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
}

AX_NOINLINE static void leak_some(unsigned count, size_t size)
{
    for (unsigned i = 0; i < count; i++)
        assert_non_null(axalloc_malloc(size));
}

static void leaks_are_grouped_by_call(void **state)
{
    (void)state;
    leak_some(5, 100);
    leak_some(2, 1000);
    assert_non_null(axalloc_calloc(3, 10));
    assert_int_equal(leaks(), 8);
    assert_non_null(strstr(report, "axle: leaked: 8 blocks, 2530 bytes\n"));
    assert_non_null(strstr(report, "\n  7 blocks, 2500 bytes, allocated at pc 0x0000"));
    assert_non_null(strstr(report, "\n  1 block, 30 bytes, allocated at pc 0x0000"));
    assert_int_equal(lines(), 3);
}

AX_NOINLINE static void *keep_one(size_t size)
{
    return axalloc_malloc(size);
}

AX_NOINLINE static void *keep_another(size_t size)
{
    return axalloc_calloc(1, size);
}

/* What the report says of the one call in that function; its address in `at`. */
static bool says_of(void *(*function)(size_t size), const char *what)
{
    const char *line = strstr(report, what);
    if (line == NULL)
        return false;
    uintptr_t at = (uintptr_t)strtoull(strstr(line, "pc 0x") + 3, NULL, 16);
    return at > (uintptr_t)function && at < (uintptr_t)function + 200;
}

/* In turns, and every third is freed: each call has what is left of its own, the lower one first.
 */
static void calls_that_take_turns_are_counted_apart(void **state)
{
    (void)state;
    void *freed[20];
    for (unsigned i = 0; i < 60; i++) {
        void *block = i % 2 == 0 ? keep_one(10 + i) : keep_another(1000 + i);
        if (i % 3 == 0)
            freed[i / 3] = block;
    }
    assert_int_equal(leaks(), 60);
    assert_true(says_of(keep_one, "  30 blocks, 1170 bytes, allocated at "));
    assert_true(says_of(keep_another, "  30 blocks, 30900 bytes, allocated at "));
    for (unsigned i = 0; i < 20; i++)
        axalloc_free(freed[i]);
    assert_int_equal(leaks(), 40);
    assert_int_equal(lines(), 3);
    assert_true(says_of(keep_one, "  20 blocks, 800 bytes, allocated at "));
    assert_true(says_of(keep_another, "  20 blocks, 20600 bytes, allocated at "));
    uintptr_t one = (uintptr_t)keep_one, another = (uintptr_t)keep_another;
    assert_int_equal(strstr(report, " 800 bytes") < strstr(report, " 20600 bytes"), one < another);
}

static void every_way_to_allocate_names_its_caller(void **state)
{
    (void)state;
    struct axalloc *global = axalloc_global();
    const struct ax_layout layout = {32, 16};
    void *first = axalloc_malloc(16), *second = axalloc_malloc(16);
    void *blocks[] = {
        axalloc_malloc(32),
        axalloc_calloc(1, 32),
        axalloc_aligned_alloc(64, 32),
        axalloc_realloc(NULL, 32),
        axalloc_realloc(first, 32),
        axalloc_reallocarray(second, 2, 16),
        axalloc_alloc(global, layout),
        axalloc_reallocate(global, NULL, layout),
    };
    enum { COUNT = sizeof blocks / sizeof *blocks };
    assert_int_equal(leaks(), COUNT);
    assert_int_equal(lines(), 1 + COUNT); /* a line for each: nobody's caller is axalloc */
    unsigned long long address, function = (uintptr_t)every_way_to_allocate_names_its_caller;
    const char *at = report;
    while ((at = strstr(at, "pc 0x")) != NULL) {
        address = strtoull(at + 3, NULL, 16);
        assert_true(address > function && address < function + 4000);
        at++;
    }
    for (unsigned i = 0; i < COUNT; i++)
        axalloc_free(blocks[i]);
    assert_int_equal(leaks(), 0);
}

static void a_block_from_before_that_was_resized_is_the_apps(void **state)
{
    (void)state;
    grows = axalloc_realloc(grows, 100000);
    assert_int_equal(leaks(), 1);
    axalloc_free(grows);
    assert_int_equal(leaks(), 0);
}

/* The memory of a leaked block may still hold the headers of those that were there before. */
static void a_leak_is_counted_once_whoever_had_its_memory(void **state)
{
    (void)state;
    for (size_t size = 500; size < 1500; size += 8) {
        void *before = axalloc_malloc(size);
        axalloc_free(before);
        (void)axalloc_used_bytes(axalloc_global()); /* nothing waits */
        void *leaked = axalloc_aligned_alloc(64, size - 64);
        assert_non_null(leaked);
        assert_int_equal(leaks(), 1);
        char line[64];
        snprintf(line, sizeof line, "axle: leaked: 1 block, %zu bytes\n", size - 64);
        assert_non_null(strstr(report, line));
        axalloc_free(leaked);
    }
    assert_int_equal(leaks(), 0);
}

static void pages_are_counted_by_kind(void **state)
{
    (void)state;
    struct ax_vaddr run;
    assert_int_equal(axalloc_alloc_pages(axalloc_global(), 3, AX_PAGE_SIZE, &run), AX_OK);
    assert_int_equal(leaks(), 3);
    assert_string_equal(report, "axle: leaked: 0 blocks, 0 bytes\n  3 pages of kind app\n");
    assert_int_equal(axalloc_dealloc_pages(axalloc_global(), run, 3), AX_OK);
    assert_int_equal(leaks(), 0);
}

static void a_thousand_blocks_of_one_call_are_one_line(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (unsigned i = 0; i < 1000; i++)
        leak_some(1, axtest_random_below(&seed, 500));
    assert_int_equal(leaks(), 1000);
    assert_int_equal(lines(), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_said_when_nothing_leaked),
        TEST(what_was_live_before_stays_whole),
        TEST(leaks_are_grouped_by_call),
        TEST(calls_that_take_turns_are_counted_apart),
        TEST(every_way_to_allocate_names_its_caller),
        TEST(a_block_from_before_that_was_resized_is_the_apps),
        TEST(a_leak_is_counted_once_whoever_had_its_memory),
        TEST(pages_are_counted_by_kind),
        TEST(a_thousand_blocks_of_one_call_are_one_line),
    };
    return cmocka_run_group_tests_name("axalloc leaks", tests, NULL, NULL);
}
