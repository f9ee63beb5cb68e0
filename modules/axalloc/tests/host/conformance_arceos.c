/*
 * ArceOS's GlobalAllocator, GlobalPage and global functions, method by method: each test bears
 * the name of what it shows, and holds for whatever byte and page allocators are chosen.
 */
#include "arena.h"
#include "log_text.h"

#include <axalloc/alloc.h>
#include <axalloc/config.h>
#include <axalloc/page.h>
#include <axlog/log.h>

enum { PAGE = AX_PAGE_SIZE, FIRST_PAGES = AXALLOC_MIN_HEAP_BYTES / AX_PAGE_SIZE };

#define ARENA_BYTES (8 * MIB)

static struct axalloc instance;
static unsigned char *arena;        /* the instance's */
static unsigned char *global_arena; /* the global instance's */

static int start(void **state)
{
    (void)state;
    arena = arena_map(ARENA_BYTES);
    global_arena = arena_map(ARENA_BYTES);
    assert_int_equal(axalloc_init(&instance, ax_vaddr_of(arena), ARENA_BYTES), AX_OK);
    assert_int_equal(axalloc_global_init(ax_vaddr_of(global_arena), ARENA_BYTES), AX_OK);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_unmap(arena, ARENA_BYTES);
    arena_unmap(global_arena, ARENA_BYTES);
    return 0;
}

/* Nothing is handed out but the first heap. */
static void assert_as_started(struct axalloc *self)
{
    assert_int_equal(axalloc_used_bytes(self), 0);
    assert_int_equal(axalloc_used_pages(self), FIRST_PAGES);
    assert_sound(axalloc_check(self));
}

/* ---- GlobalAllocator ---- */

static void new_is_an_empty_allocator(void **state)
{
    (void)state;
    static struct axalloc fresh; /* all zeros, as static storage is */
    struct ax_vaddr run;
    assert_null(axalloc_alloc(&fresh, (struct ax_layout){1, 1}));
    assert_int_equal(axalloc_alloc_pages(&fresh, 1, PAGE, &run), AX_ENOMEM);
    assert_int_equal(axalloc_total_bytes(&fresh) + axalloc_total_pages(&fresh), 0);
    assert_int_equal(axalloc_used_bytes(&fresh) + axalloc_used_pages(&fresh), 0);
    assert_int_equal(axalloc_available_bytes(&fresh) + axalloc_available_pages(&fresh), 0);
    assert_sound(axalloc_check(&fresh));
}

static void name_is_the_byte_allocators(void **state)
{
    (void)state;
    assert_string_equal(axalloc_name(), CONFIG_AXALLOC_BYTES_NAME);
}

static void init_gives_all_to_pages_and_32_kib_to_the_heap(void **state)
{
    (void)state;
    assert_as_started(&instance);
    assert_int_equal(AXALLOC_MIN_HEAP_BYTES, 32 * KIB);
    assert_true(axalloc_total_bytes(&instance) <= AXALLOC_MIN_HEAP_BYTES);
    assert_true(axalloc_total_bytes(&instance) > AXALLOC_MIN_HEAP_BYTES / 2);
    assert_true(axalloc_total_pages(&instance) * PAGE > ARENA_BYTES / 100 * 99);
}

static void init_with(void *context)
{
    enum ax_err err = axalloc_init(&instance, ax_vaddr_of(arena), *(size_t *)context);
    assert_int_equal(err, AX_EINVAL);
}

static void init_needs_more_than_32_kib_and_names_the_least(void **state)
{
    (void)state;
    size_t least, size = AXALLOC_MIN_HEAP_BYTES;
    const char *text = strstr(log_text(init_with, &size), "at least ");
    assert_non_null(text);
    assert_int_equal(sscanf(text, "at least %zu", &least), 1);
    assert_true(least > AXALLOC_MIN_HEAP_BYTES);
    assert_null(axalloc_alloc(&instance, (struct ax_layout){1, 1}));
    size = least - 1;
    assert_non_null(strstr(log_text(init_with, &size), text));
    assert_int_equal(axalloc_init(&instance, ax_vaddr_of(arena), least), AX_OK);
    assert_as_started(&instance);
}

static void add_memory_serves_bytes(void **state)
{
    (void)state;
    unsigned char *more = arena_map(16 * MIB);
    struct ax_layout layout = {12 * MIB, 16};
    size_t total = axalloc_total_bytes(&instance);
    assert_null(axalloc_alloc(&instance, layout));
    assert_int_equal(axalloc_add_memory(&instance, ax_vaddr_of(more), 16 * MIB), AX_OK);
    assert_true(axalloc_total_bytes(&instance) - total > 15 * MIB);
    unsigned char *block = axalloc_alloc(&instance, layout);
    assert_true(block >= more && block + layout.size <= more + 16 * MIB);
    axalloc_dealloc(&instance, block, layout);
    assert_int_equal(axalloc_add_memory(&instance, ax_vaddr_of(more), 0), AX_EINVAL);
    assert_int_equal(axalloc_add_memory(&instance, ax_vaddr(UINT64_MAX - 100), 4096), AX_EINVAL);
    assert_as_started(&instance);
    arena_unmap(more, 16 * MIB);
}

static void alloc_and_dealloc_by_layout(void **state)
{
    (void)state;
    static void *blocks[2][15];
    for (size_t i = 0; i < 15; i++)
        for (size_t k = 0; k < 2; k++) {
            struct ax_layout layout = {(size_t)3 << i, (size_t)1 << i};
            blocks[k][i] = axalloc_alloc(&instance, layout);
            assert_non_null(blocks[k][i]);
            assert_true(is_aligned_to(blocks[k][i], layout.align));
            memset(blocks[k][i], (int)(i + 100 * k), layout.size);
        }
    for (size_t i = 0; i < 15; i++)
        for (size_t k = 0; k < 2; k++) {
            struct ax_layout layout = {(size_t)3 << i, (size_t)1 << i};
            for (size_t at = 0; at < layout.size; at++)
                assert_int_equal(((unsigned char *)blocks[k][i])[at], i + 100 * k);
            axalloc_dealloc(&instance, blocks[k][i], layout);
        }
    assert_as_started(&instance);
    /* where the seed ends by handle_alloc_error, the answer here is NULL */
    assert_null(axalloc_alloc(&instance, (struct ax_layout){ARENA_BYTES, 1}));
    assert_as_started(&instance);
}

static void alloc_pages_and_dealloc_pages(void **state)
{
    (void)state;
    struct ax_vaddr one, many, none;
    assert_int_equal(axalloc_alloc_pages(&instance, 1, 64 * KIB, &one), AX_OK);
    assert_int_equal(axalloc_alloc_pages(&instance, 300, PAGE, &many), AX_OK);
    assert_true(ax_is_aligned(one.raw, 64 * KIB)); /* honoured for one page too */
    memset(ax_vaddr_ptr(many), 0x11, 300 * PAGE);
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES + 301);
    assert_int_equal(axalloc_alloc_pages(&instance, 0, PAGE, &none), AX_EINVAL);
    assert_int_equal(axalloc_alloc_pages(&instance, 1, 3 * PAGE, &none), AX_EINVAL);
    assert_int_equal(axalloc_alloc_pages(&instance, ARENA_BYTES / PAGE, PAGE, &none), AX_ENOMEM);
    assert_int_equal(axalloc_dealloc_pages(&instance, many, 300), AX_OK);
    assert_int_equal(axalloc_dealloc_pages(&instance, many, 300), AX_EINVAL);
    assert_int_equal(axalloc_dealloc_pages(&instance, one, 1), AX_OK);
    assert_int_equal(axalloc_dealloc_pages(&instance, ax_vaddr(0), 1), AX_EFAULT);
    assert_as_started(&instance);
}

static void alloc_pages_at_takes_just_those(void **state)
{
    (void)state;
    struct ax_vaddr there = ax_vaddr_of(arena + 4 * MIB), untouched = ax_vaddr(1);
    assert_int_equal(axalloc_alloc_pages_at(&instance, there, 4, 4 * PAGE), AX_OK);
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES + 4);
    assert_int_equal(axalloc_alloc_pages_at(&instance, there, 1, PAGE), AX_EBUSY);
    there.raw -= PAGE;
    assert_int_equal(axalloc_alloc_pages_at(&instance, there, 1, 2 * PAGE), AX_EINVAL);
    assert_int_equal(axalloc_alloc_pages_at(&instance, ax_vaddr(PAGE), 1, PAGE), AX_EFAULT);
    assert_int_equal(untouched.raw, 1);
    there.raw += PAGE;
    assert_int_equal(axalloc_dealloc_pages(&instance, there, 4), AX_OK);
    assert_as_started(&instance);
}

static void used_and_available_bytes(void **state)
{
    (void)state;
    struct ax_layout layout = {1000, 16};
    size_t total = axalloc_total_bytes(&instance);
    assert_int_equal(axalloc_available_bytes(&instance), total);
    void *block = axalloc_alloc(&instance, layout);
    assert_in_range(axalloc_used_bytes(&instance), 1000, 2048 + 64);
    assert_int_equal(axalloc_used_bytes(&instance) + axalloc_available_bytes(&instance),
                     axalloc_total_bytes(&instance));
    axalloc_dealloc(&instance, block, layout);
    assert_int_equal(axalloc_used_bytes(&instance), 0);
}

static void used_and_available_pages(void **state)
{
    (void)state;
    struct ax_vaddr run;
    size_t available = axalloc_available_pages(&instance);
    assert_int_equal(available + FIRST_PAGES, axalloc_total_pages(&instance));
    assert_int_equal(axalloc_alloc_pages(&instance, 10, PAGE, &run), AX_OK);
    assert_int_equal(axalloc_used_pages(&instance), FIRST_PAGES + 10);
    assert_int_equal(axalloc_available_pages(&instance), available - 10);
    assert_int_equal(axalloc_dealloc_pages(&instance, run, 10), AX_OK);
    assert_int_equal(axalloc_available_pages(&instance), available);
}

/* ---- GlobalPage ---- */

static void page_alloc_is_one_page(void **state)
{
    (void)state;
    {
        AXALLOC_PAGE_SCOPED struct axalloc_page page = {{0}, 0};
        assert_int_equal(axalloc_page_alloc(&page), AX_OK);
        assert_int_equal(axalloc_page_size(&page), PAGE);
        assert_int_equal(axalloc_used_pages(axalloc_global()), FIRST_PAGES + 1);
    }
    assert_as_started(axalloc_global()); /* dropped at the end of its scope */
}

/* Whichever page the allocator hands out next, its bytes are not 0. */
static void write_to_all_free_pages(void)
{
    static struct ax_vaddr taken[ARENA_BYTES / PAGE];
    size_t count = 0;
    while (axalloc_alloc_pages(axalloc_global(), 1, PAGE, &taken[count]) == AX_OK)
        memset(ax_vaddr_ptr(taken[count++]), 0xff, PAGE);
    while (count > 0)
        assert_int_equal(axalloc_dealloc_pages(axalloc_global(), taken[--count], 1), AX_OK);
}

static void page_alloc_zero_is_zero_where_it_was_not(void **state)
{
    (void)state;
    struct axalloc_page page = {{0}, 0};
    write_to_all_free_pages();
    assert_int_equal(axalloc_page_alloc(&page), AX_OK);
    assert_int_equal(*(unsigned char *)axalloc_page_ptr(&page), 0xff);
    axalloc_page_release(&page);
    axalloc_page_release(&page); /* an empty handle: nothing happens */
    assert_int_equal(axalloc_page_alloc_zero(&page), AX_OK);
    const unsigned char *bytes = axalloc_page_ptr(&page);
    for (size_t i = 0; i < PAGE; i++)
        assert_int_equal(bytes[i], 0);
    axalloc_page_release(&page);
    assert_as_started(axalloc_global());
}

static void page_alloc_contiguous_is_so_many_so_aligned(void **state)
{
    (void)state;
    AXALLOC_PAGE_SCOPED struct axalloc_page pages = {{0}, 0};
    assert_int_equal(axalloc_page_alloc_contiguous(&pages, 7, 32 * KIB), AX_OK);
    assert_int_equal(axalloc_page_size(&pages), 7 * PAGE);
    assert_true(ax_is_aligned(axalloc_page_start_vaddr(&pages).raw, 32 * KIB));
    struct axalloc_page none = {{0}, 0};
    assert_int_equal(axalloc_page_alloc_contiguous(&none, 0, PAGE), AX_EINVAL);
    assert_int_equal(axalloc_page_alloc_contiguous(&none, 1, PAGE / 2), AX_EINVAL);
    assert_int_equal(axalloc_page_alloc_contiguous(&none, ARENA_BYTES / PAGE, PAGE), AX_ENOMEM);
    assert_int_equal(none.pages, 0);
}

static struct ax_paddr two_gib_above(struct ax_vaddr address)
{
    return ax_paddr(address.raw + 2 * GIB);
}

static void page_start_vaddr_and_start_paddr(void **state)
{
    (void)state;
    AXALLOC_PAGE_SCOPED struct axalloc_page page = {{0}, 0};
    assert_int_equal(axalloc_page_alloc(&page), AX_OK);
    struct ax_vaddr start = axalloc_page_start_vaddr(&page);
    assert_true(start.raw >= ax_vaddr_of(global_arena).raw &&
                start.raw < ax_vaddr_of(global_arena).raw + ARENA_BYTES);
    assert_int_equal(axalloc_page_start_paddr(&page, two_gib_above).raw, start.raw + 2 * GIB);
}

/* as_ptr and as_mut_ptr are one function in C, as_slice and as_mut_slice another */
static void page_as_ptr_and_as_slice_are_the_whole_of_it(void **state)
{
    (void)state;
    AXALLOC_PAGE_SCOPED struct axalloc_page pages = {{0}, 0};
    assert_int_equal(axalloc_page_alloc_contiguous(&pages, 3, PAGE), AX_OK);
    unsigned char *mutable = axalloc_page_ptr(&pages);
    struct axalloc_slice slice = axalloc_page_slice(&pages);
    assert_int_equal(ax_vaddr_of(mutable).raw, axalloc_page_start_vaddr(&pages).raw);
    assert_ptr_equal(slice.bytes, mutable);
    assert_int_equal(slice.size_bytes, axalloc_page_size(&pages));
    slice.bytes[slice.size_bytes - 1] = 9;
    const unsigned char *read_only = axalloc_page_ptr(&pages);
    assert_int_equal(read_only[3 * PAGE - 1], 9);
}

static void page_fill_and_zero_set_every_byte(void **state)
{
    (void)state;
    AXALLOC_PAGE_SCOPED struct axalloc_page pages = {{0}, 0};
    assert_int_equal(axalloc_page_alloc_contiguous(&pages, 2, PAGE), AX_OK);
    struct axalloc_slice slice = axalloc_page_slice(&pages);
    axalloc_page_fill(&pages, 0xc3);
    for (size_t i = 0; i < slice.size_bytes; i++)
        assert_int_equal(slice.bytes[i], 0xc3);
    axalloc_page_zero(&pages);
    for (size_t i = 0; i < slice.size_bytes; i++)
        assert_int_equal(slice.bytes[i], 0);
}

/* ---- the global functions ---- */

static void global_allocator_is_one(void **state)
{
    (void)state;
    assert_non_null(axalloc_global());
    assert_ptr_equal(axalloc_global(), axalloc_global());
    assert_ptr_not_equal(axalloc_global(), &instance);
}

static void global_init_starts_the_global_allocator(void **state)
{
    (void)state;
    assert_as_started(axalloc_global());
    assert_int_equal(axalloc_global_init(ax_vaddr_of(global_arena), 100), AX_EINVAL);
    assert_null(axalloc_alloc(axalloc_global(), (struct ax_layout){1, 1}));
    assert_int_equal(axalloc_global_init(ax_vaddr_of(global_arena), 4 * MIB), AX_OK);
    assert_as_started(axalloc_global());
    struct ax_vaddr upper = ax_vaddr_of(global_arena + 4 * MIB),
                    last = ax_vaddr_of(global_arena + 6 * MIB);
    assert_int_equal(axalloc_global_add_memory(upper, 2 * MIB), AX_OK);
    assert_int_equal(axalloc_global_add_pages(last, 2 * MIB), AX_OK);
    assert_sound(axalloc_check(axalloc_global()));
}

#define METHOD(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        METHOD(new_is_an_empty_allocator),
        METHOD(name_is_the_byte_allocators),
        METHOD(init_gives_all_to_pages_and_32_kib_to_the_heap),
        METHOD(init_needs_more_than_32_kib_and_names_the_least),
        METHOD(add_memory_serves_bytes),
        METHOD(alloc_and_dealloc_by_layout),
        METHOD(alloc_pages_and_dealloc_pages),
        METHOD(alloc_pages_at_takes_just_those),
        METHOD(used_and_available_bytes),
        METHOD(used_and_available_pages),
        METHOD(page_alloc_is_one_page),
        METHOD(page_alloc_zero_is_zero_where_it_was_not),
        METHOD(page_alloc_contiguous_is_so_many_so_aligned),
        METHOD(page_start_vaddr_and_start_paddr),
        METHOD(page_as_ptr_and_as_slice_are_the_whole_of_it),
        METHOD(page_fill_and_zero_set_every_byte),
        METHOD(global_allocator_is_one),
        METHOD(global_init_starts_the_global_allocator),
    };
    return cmocka_run_group_tests_name("ArceOS axalloc", tests, NULL, NULL);
}
