/*
 * Addresses between the kernel's two windows, and the devices that drivers claim. The list of
 * claims only grows, so each case has addresses of its own, and the one that fills it is the last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axcpu/image.h>
#include <axcpu/layout.h>
#include <axhal/mem.h>
#include <axtest/random.h>

#define IMAGE UINT64_C(0x80200000)
#define LINEAR_END (AXCPU_LINEAR_BASE + AXCPU_LINEAR_SIZE)

static int put_image(void **state)
{
    (void)state;
    axhal_mem_init(ax_paddr(IMAGE));
    return 0;
}

static void the_linear_map_there_and_back(void **state)
{
    uint64_t seed = 12;
    struct ax_paddr back;
    (void)state;
    assert_int_equal(axhal_phys_to_virt(ax_paddr(0)).raw, AXCPU_LINEAR_BASE);
    for (unsigned i = 0; i < 10000; i++) {
        struct ax_paddr address = {axtest_random_wide(&seed) % AXCPU_LINEAR_SIZE};
        assert_int_equal(axhal_virt_to_phys(axhal_phys_to_virt(address), &back), AX_OK);
        assert_int_equal(back.raw, address.raw);
    }
}

static void assert_physical(uint64_t virtual, uint64_t expected)
{
    struct ax_paddr out;
    assert_int_equal(axhal_virt_to_phys(ax_vaddr(virtual), &out), AX_OK);
    assert_int_equal(out.raw, expected);
}

static void assert_nowhere(uint64_t virtual)
{
    struct ax_paddr out = {77};
    assert_int_equal(axhal_virt_to_phys(ax_vaddr(virtual), &out), AX_EFAULT);
    assert_int_equal(out.raw, 77);
}

static void both_ends_of_both_windows(void **state)
{
    uint64_t image_bytes = (uint64_t)(axcpu_image_end - axcpu_text_start);
    (void)state;
    assert_physical(AXCPU_LINEAR_BASE, 0);
    assert_physical(LINEAR_END - 1, AXCPU_LINEAR_SIZE - 1);
    assert_physical(AXCPU_IMAGE_BASE, IMAGE);
    assert_physical(AXCPU_IMAGE_BASE + image_bytes - 1, IMAGE + image_bytes - 1);
    assert_nowhere(AXCPU_LINEAR_BASE - 1);
    assert_nowhere(LINEAR_END);
    assert_nowhere(AXCPU_IMAGE_BASE - 1);
    assert_nowhere(AXCPU_IMAGE_BASE + image_bytes);
    assert_nowhere(0);
    assert_nowhere(UINT64_MAX);
}

static void what_the_linear_map_reaches(void **state)
{
    uint64_t last_page = AXCPU_LINEAR_SIZE - AX_PAGE_SIZE;
    (void)state;
    assert_true(axhal_is_in_linear_map(ax_prange(0, 1)));
    assert_true(axhal_is_in_linear_map(ax_prange(0, AXCPU_LINEAR_SIZE)));
    assert_true(axhal_is_in_linear_map(ax_prange(last_page, AX_PAGE_SIZE)));
    assert_false(axhal_is_in_linear_map(ax_prange(last_page, AX_PAGE_SIZE + 1)));
    assert_false(axhal_is_in_linear_map(ax_prange(0, AXCPU_LINEAR_SIZE + 1)));
    assert_false(axhal_is_in_linear_map(ax_prange(AXCPU_LINEAR_SIZE, 1)));
    assert_false(axhal_is_in_linear_map(ax_prange(1, UINT64_MAX)));
    assert_false(axhal_is_in_linear_map(ax_prange(UINT64_MAX, 2)));
}

static void the_memory_map_that_is_in_use(void **state)
{
    static const struct axhal_memory_map map;
    (void)state;
    assert_null(axhal_memory());
    axhal_memory_use(&map);
    assert_ptr_equal(axhal_memory(), &map);
}

static volatile void *claim(uint64_t start, uint64_t bytes)
{
    volatile void *registers = NULL;
    assert_int_equal(axhal_claim_device(ax_prange(start, bytes), &registers), AX_OK);
    return registers;
}

static unsigned claim_count(void)
{
    struct ax_prange range;
    unsigned count = 0;
    while (axhal_claimed_device(count, &range))
        count++;
    assert_false(axhal_claimed_device(UINT32_MAX, &range));
    return count;
}

/* The claims that hold `address`: one, of just these pages. */
static void assert_claimed(uint64_t address, uint64_t start, uint64_t bytes)
{
    unsigned holders = 0;
    struct ax_prange range;
    for (unsigned i = 0; axhal_claimed_device(i, &range); i++) {
        if (!ax_prange_contains(range, ax_paddr(address)))
            continue;
        holders++;
        assert_int_equal(range.start.raw, start);
        assert_int_equal(range.size_bytes, bytes);
    }
    assert_int_equal(holders, 1);
}

static void a_claim_is_of_whole_pages(void **state)
{
    (void)state;
    assert_ptr_equal(claim(0x10000010, 8), ax_vaddr_ptr(ax_vaddr(AXCPU_LINEAR_BASE + 0x10000010)));
    assert_claimed(0x10000010, 0x10000000, 0x1000);
    claim(0x10003ff8, 16);
    assert_claimed(0x10003ff8, 0x10003000, 0x2000);
    claim(0x10008000, 0x1000);
    assert_claimed(0x10008000, 0x10008000, 0x1000);
}

/* Mapped once: a page that is claimed twice would be mapped twice, and that is an error. */
static void claims_that_share_a_page_are_one(void **state)
{
    unsigned before = claim_count();
    (void)state;
    claim(0x20000000, 0x100);
    claim(0x20000100, 0x100);
    claim(0x20000000, 0x100);
    assert_int_equal(claim_count(), before + 1);
    claim(0x20002000, 0x1000);
    assert_int_equal(claim_count(), before + 2);
    assert_ptr_equal(claim(0x20000800, 0x2000),
                     ax_vaddr_ptr(ax_vaddr(AXCPU_LINEAR_BASE + 0x20000800)));
    assert_int_equal(claim_count(), before + 1);
    assert_claimed(0x20001000, 0x20000000, 0x3000);
    claim(0x20001000, 0x1000);
    assert_claimed(0x20001000, 0x20000000, 0x3000);
}

static void claims_side_by_side_stay_apart(void **state)
{
    unsigned before = claim_count();
    (void)state;
    claim(0x30000000, 0x1000);
    claim(0x30001000, 0x1000);
    assert_int_equal(claim_count(), before + 2);
    assert_claimed(0x30000fff, 0x30000000, 0x1000);
    assert_claimed(0x30001000, 0x30001000, 0x1000);
}

static void assert_not_claimable(uint64_t start, uint64_t bytes, enum ax_err expected)
{
    unsigned before = claim_count();
    volatile void *registers = &before;
    assert_int_equal(axhal_claim_device(ax_prange(start, bytes), &registers), expected);
    assert_ptr_equal(registers, &before);
    assert_int_equal(claim_count(), before);
}

static void beyond_the_linear_map_nothing_can_be_claimed(void **state)
{
    (void)state;
    assert_not_claimable(0x40000000, 0, AX_ERANGE);
    assert_not_claimable(AXCPU_LINEAR_SIZE, 1, AX_ERANGE);
    assert_not_claimable(AXCPU_LINEAR_SIZE - 1, 2, AX_ERANGE);
    assert_not_claimable(0, AXCPU_LINEAR_SIZE + 1, AX_ERANGE);
    assert_not_claimable(UINT64_MAX, 1, AX_ERANGE);
    assert_not_claimable(UINT64_MAX - 15, 16, AX_ERANGE); /* ends at 2^64 */
    assert_not_claimable(UINT64_MAX - 15, 32, AX_ERANGE); /* wraps */
    assert_not_claimable(0x1000, UINT64_MAX, AX_ERANGE);
    claim(AXCPU_LINEAR_SIZE - 1, 1);
    assert_claimed(AXCPU_LINEAR_SIZE - 1, AXCPU_LINEAR_SIZE - 0x1000, 0x1000);
}

static void a_full_list_takes_only_what_it_has(void **state)
{
    uint64_t next = 0x50000000;
    (void)state;
    for (; claim_count() < AXHAL_DEVICE_RANGES_MAX; next += 0x2000)
        claim(next, 0x1000);
    assert_not_claimable(next, 0x1000, AX_ENOSPC);
    claim(0x50000000, 0x10);
    claim(0x50000000, 0x3000);
    assert_int_equal(claim_count(), AXHAL_DEVICE_RANGES_MAX - 1);
    claim(next, 0x1000);
    assert_not_claimable(next + 0x2000, 0x1000, AX_ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_linear_map_there_and_back, put_image),
        cmocka_unit_test_setup(both_ends_of_both_windows, put_image),
        cmocka_unit_test(what_the_linear_map_reaches),
        cmocka_unit_test(the_memory_map_that_is_in_use),
        cmocka_unit_test(a_claim_is_of_whole_pages),
        cmocka_unit_test(claims_that_share_a_page_are_one),
        cmocka_unit_test(claims_side_by_side_stay_apart),
        cmocka_unit_test(beyond_the_linear_map_nothing_can_be_claimed),
        cmocka_unit_test(a_full_list_takes_only_what_it_has),
    };
    return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
