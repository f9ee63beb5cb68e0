/*
 * Xila's ManagerTrait, method by method, with each capability that a block may have.
 */
#include "arena.h"
#include "fake_mapper.h"
#include "log_text.h"

#include <axalloc/manager.h>
#include <axcpu/host.h>
#include <axlog/log.h>

enum { PAGE = AX_PAGE_SIZE, LINE = 64 };

#define ARENA_BYTES (8 * MIB)

static const unsigned capabilities[] = {0, AXALLOC_DMA_ABLE, AXALLOC_EXECUTABLE};
static struct axalloc manager;
static unsigned char *arena;

static int start(void **state)
{
    (void)state;
    arena = arena_map(ARENA_BYTES);
    assert_int_equal(axalloc_init(&manager, ax_vaddr_of(arena), ARENA_BYTES), AX_OK);
    assert_int_equal(axalloc_manager_get_used(&manager), 0);
    fake_mapper_start();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    assert_int_equal(axalloc_manager_get_used(&manager), 0);
    assert_sound(axalloc_check(&manager));
    fake_mapper_stop();
    arena_unmap(arena, ARENA_BYTES);
    return 0;
}

static struct ax_layout layout_of(size_t size, size_t align)
{
    return (struct ax_layout){size, align};
}

static unsigned char *allocate(unsigned wanted, struct ax_layout layout)
{
    void *block = NULL;
    assert_int_equal(axalloc_manager_allocate(&manager, wanted, layout, &block), AX_OK);
    assert_non_null(block);
    assert_true(is_aligned_to(block, layout.align));
    return block;
}

static unsigned char *reallocate(void *pointer, struct ax_layout old, struct ax_layout layout)
{
    void *block = NULL;
    assert_int_equal(axalloc_manager_reallocate(&manager, pointer, old, layout, &block), AX_OK);
    assert_non_null(block);
    assert_true(is_aligned_to(block, layout.align));
    return block;
}

static bool is_ram(const unsigned char *block)
{
    return block >= arena && block < arena + ARENA_BYTES;
}

static void allocate_and_deallocate_with_each_capability(void **state)
{
    (void)state;
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < 15; i++) {
            struct ax_layout layout = {((size_t)1 << i) + 3, (size_t)1 << i};
            unsigned char *block = allocate(capabilities[c], layout);
            memset(block, 0x99, layout.size);
            assert_int_equal(is_ram(block), capabilities[c] != AXALLOC_EXECUTABLE);
            axalloc_manager_deallocate(&manager, block, layout);
        }
}

static void size_zero_is_a_block_like_any_other(void **state)
{
    (void)state;
    struct ax_layout none = {0, 8}, some = {100, 8};
    for (size_t c = 0; c < 3; c++) {
        unsigned char *a = allocate(capabilities[c], none), *b = allocate(capabilities[c], none);
        assert_ptr_not_equal(a, b);
        a = reallocate(a, none, some);
        memset(a, 1, some.size);
        a = reallocate(a, some, none);
        axalloc_manager_deallocate(&manager, a, none);
        axalloc_manager_deallocate(&manager, b, none);
    }
}

static void dma_able_memory_shares_no_cache_line_with_anything(void **state)
{
    (void)state;
    struct ax_layout layout = {40, 8};
    unsigned char *device = allocate(AXALLOC_DMA_ABLE, layout);
    static unsigned char *others[200];
    for (size_t i = 0; i < 200; i++)
        others[i] = allocate(i % 50 == 0 ? AXALLOC_DMA_ABLE : 0, layout_of(24, 8));
    memset(device, 0xdd, PAGE); /* all of its lines, up to the end of its page, are its own */
    for (size_t i = 0; i < 200; i++) {
        assert_true(others[i] + 24 <= device || others[i] >= device + PAGE);
        axalloc_manager_deallocate(&manager, others[i], layout_of(24, 8));
    }
    assert_true(is_aligned_to(device, LINE));
    assert_sound(axalloc_check(&manager));
    axalloc_manager_deallocate(&manager, device, layout);
}

static void executable_memory_is_the_mappers_code(void **state)
{
    (void)state;
    unsigned char *code = allocate(AXALLOC_EXECUTABLE, layout_of(5000, 16));
    size_t slot = fake_slot_of(ax_vaddr_of(code));
    assert_int_equal(fake_slots[slot].mapping, AXALLOC_MAPPING_CODE);
    assert_int_equal(fake_slots[slot].pages, 2);
    /* no larger, but on another boundary */
    code = reallocate(code, layout_of(5000, 16), layout_of(5000, 64 * KIB));
    axalloc_manager_deallocate(&manager, code, layout_of(5000, 64 * KIB));
}

static void ask_for_code(void *wanted)
{
    void *block = &manager;
    assert_int_equal(
        axalloc_manager_allocate(&manager, *(unsigned *)wanted, layout_of(8, 8), &block),
        AX_ENOTSUP);
    assert_ptr_equal(block, &manager);
}

static void what_cannot_be_had_is_said(void **state)
{
    (void)state;
    void *block = &manager;
    unsigned code = AXALLOC_EXECUTABLE, both = AXALLOC_EXECUTABLE | AXALLOC_DMA_ABLE;
    assert_non_null(strstr(log_text(ask_for_code, &both), "never DMA-able"));
    axalloc_use_mapper(NULL);
    assert_non_null(strstr(log_text(ask_for_code, &code), "axalloc_use_mapper"));
    axalloc_use_mapper(&fake_mapper);
    assert_int_equal(axalloc_manager_allocate(&manager, 4, layout_of(8, 8), &block), AX_EINVAL);
    assert_int_equal(axalloc_manager_allocate(&manager, 0, layout_of(8, 5), &block), AX_EINVAL);
    fake_is_out_of_memory = true;
    for (size_t c = 0; c < 3; c++)
        assert_int_equal(axalloc_manager_allocate(&manager, capabilities[c],
                                                  layout_of(2 * ARENA_BYTES, 8), &block),
                         AX_ENOMEM);
    assert_ptr_equal(block, &manager);
}

static void reallocate_from_none_is_allocate(void **state)
{
    (void)state;
    unsigned char *block = reallocate(NULL, layout_of(77, 3 /* ignored */), layout_of(300, 128));
    memset(block, 1, 300);
    axalloc_manager_deallocate(&manager, block, layout_of(300, 128));
}

static void reallocate_keeps_contents_and_capabilities(void **state)
{
    (void)state;
    static const size_t sizes[] = {100, 9000, 4096, 50000, 3, 4097, 8192, 700};
    for (size_t c = 0; c < 3; c++) {
        struct ax_layout old = {64, 8};
        unsigned char *block = allocate(capabilities[c], old);
        memset(block, 0x42, old.size);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct ax_layout layout = {sizes[i], (size_t)8 << 2 * i};
            block = reallocate(block, old, layout);
            for (size_t k = 0; k < (old.size < layout.size ? old.size : layout.size); k++)
                assert_int_equal(block[k], 0x42);
            memset(block, 0x42, layout.size);
            assert_int_equal(is_ram(block), capabilities[c] != AXALLOC_EXECUTABLE);
            if (capabilities[c] == AXALLOC_DMA_ABLE)
                assert_int_equal(axalloc_usage(&manager, AXALLOC_DMA).pages,
                                 (layout.size + PAGE - 1) / PAGE);
            old = layout;
        }
        axalloc_manager_deallocate(&manager, block, old);
    }
}

static void failed_reallocate_leaves_the_block(void **state)
{
    (void)state;
    struct ax_layout layout = {500, 8};
    for (size_t c = 0; c < 3; c++) {
        unsigned char *block = allocate(capabilities[c], layout);
        void *out = &manager;
        memset(block, 0x42, layout.size);
        fake_is_out_of_memory = true;
        assert_int_equal(
            axalloc_manager_reallocate(&manager, block, layout, layout_of(ARENA_BYTES, 8), &out),
            AX_ENOMEM);
        assert_int_equal(axalloc_manager_reallocate(&manager, block, layout, layout_of(8, 9), &out),
                         AX_EINVAL);
        fake_is_out_of_memory = false;
        assert_ptr_equal(out, &manager);
        for (size_t k = 0; k < layout.size; k++)
            assert_int_equal(block[k], 0x42);
        axalloc_manager_deallocate(&manager, block, layout);
    }
}

static void get_used_and_get_free_count_bytes_and_pages(void **state)
{
    (void)state;
    struct ax_layout layout = {MIB, 16};
    struct ax_vaddr run;
    size_t free = axalloc_manager_get_free(&manager);
    assert_in_range(free, ARENA_BYTES / 100 * 98, ARENA_BYTES);
    unsigned char *block = allocate(0, layout);
    assert_in_range(axalloc_manager_get_used(&manager), MIB, MIB + PAGE);
    assert_in_range(free - axalloc_manager_get_free(&manager), MIB, RECORDS(MIB) + MIB + 2 * PAGE);
    assert_int_equal(axalloc_alloc_pages(&manager, 10, PAGE, &run), AX_OK);
    assert_in_range(axalloc_manager_get_used(&manager), MIB + 10 * PAGE, MIB + 11 * PAGE);
    axalloc_manager_deallocate(&manager, block, layout);
    assert_int_equal(axalloc_manager_get_used(&manager), 10 * PAGE);
    assert_int_equal(axalloc_manager_get_free(&manager), free - 10 * PAGE);
    assert_int_equal(axalloc_dealloc_pages(&manager, run, 10), AX_OK);
}

static void get_used_is_zero_after_memory_was_added(void **state)
{
    (void)state;
    struct ax_layout layout = {12 * MIB, 16};
    unsigned char *more = arena_map(16 * MIB);
    size_t free = axalloc_manager_get_free(&manager);
    assert_int_equal(axalloc_add_memory(&manager, ax_vaddr_of(more), 16 * MIB), AX_OK);
    assert_int_equal(axalloc_manager_get_used(&manager), 0);
    assert_true(axalloc_manager_get_free(&manager) - free > 15 * MIB);
    unsigned char *block = allocate(0, layout);
    assert_true(axalloc_manager_get_used(&manager) >= 12 * MIB);
    axalloc_manager_deallocate(&manager, block, layout);
    assert_int_equal(axalloc_manager_get_used(&manager), 0);
    assert_int_equal(axalloc_init(&manager, ax_vaddr_of(arena), ARENA_BYTES), AX_OK);
    arena_unmap(more, 16 * MIB);
}

static void flush_instruction_cache_reaches_the_cpu(void **state)
{
    (void)state;
    unsigned before = axcpu_host_icache.syncs;
    axalloc_manager_flush_instruction_cache(&manager, arena + 100, 300);
    assert_int_equal(axcpu_host_icache.syncs, before + 1);
    assert_ptr_equal(axcpu_host_icache.start, arena + 100);
    assert_int_equal(axcpu_host_icache.bytes, 300);
}

static void flush_data_cache_cleans_all_and_changes_no_byte(void **state)
{
    (void)state;
    struct ax_layout layout = {100, 8};
    unsigned char *block = allocate(AXALLOC_DMA_ABLE, layout);
    unsigned before = axcpu_host_dcache.alls;
    memset(block, 0x5d, layout.size);
    axalloc_manager_flush_data_cache(&manager);
    assert_int_equal(axcpu_host_dcache.alls, before + 1);
    for (size_t i = 0; i < layout.size; i++)
        assert_int_equal(block[i], 0x5d);
    axalloc_manager_deallocate(&manager, block, layout);
}

static void get_page_size_is_that_of_the_pages(void **state)
{
    (void)state;
    assert_int_equal(axalloc_manager_get_page_size(&manager), 4096);
    assert_int_equal(axalloc_manager_get_page_size(&manager), AX_PAGE_SIZE);
}

#define METHOD(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        METHOD(allocate_and_deallocate_with_each_capability),
        METHOD(size_zero_is_a_block_like_any_other),
        METHOD(dma_able_memory_shares_no_cache_line_with_anything),
        METHOD(executable_memory_is_the_mappers_code),
        METHOD(what_cannot_be_had_is_said),
        METHOD(reallocate_from_none_is_allocate),
        METHOD(reallocate_keeps_contents_and_capabilities),
        METHOD(failed_reallocate_leaves_the_block),
        METHOD(get_used_and_get_free_count_bytes_and_pages),
        METHOD(get_used_is_zero_after_memory_was_added),
        METHOD(flush_instruction_cache_reaches_the_cpu),
        METHOD(flush_data_cache_cleans_all_and_changes_no_byte),
        METHOD(get_page_size_is_that_of_the_pages),
    };
    return cmocka_run_group_tests_name("Xila ManagerTrait", tests, NULL, NULL);
}
