/*
 * Coherent memory and pools: what each piece keeps (reliability.md's DMA invariants), what limits
 * ask, what is refused and how it is named, and every allocation that can fail, failing.
 */
#include "fake_machine.h"

static struct axdma_device device, other;

static int start(void **state)
{
    machine_start(state);
    axdma_device_init(&device, "disk");
    axdma_device_init(&other, "card");
    return 0;
}

static void use_window(uint64_t bus, uint64_t physical, uint64_t bytes)
{
    device.windows[device.window_count++] =
        (struct axdma_window){ax_busaddr(bus), ax_paddr(physical), bytes};
}

static uint64_t physical_of(struct axdma_memory memory)
{
    return RAM_START + (uint64_t)((unsigned char *)memory.cpu - machine.ram);
}

static struct axdma_memory take(size_t size, size_t align)
{
    struct axdma_memory memory;
    assert_int_equal(axdma_alloc(&device, (struct ax_layout){size, align}, &memory), AX_OK);
    return memory;
}

static void give(struct axdma_memory memory, size_t size, size_t align)
{
    assert_int_equal(axdma_dealloc(&device, memory, (struct ax_layout){size, align}), AX_OK);
}

/* Every page of it has the one attribute, and no line of it is in a cache. */
static void assert_attribute(struct axdma_memory memory, size_t size, bool is_uncached)
{
    size_t first = (size_t)((unsigned char *)memory.cpu - machine.ram);
    for (size_t page = first / PAGE; page <= (first + size - 1) / PAGE; page++) {
        assert_int_equal(machine.is_uncached[page], is_uncached);
        assert_false(machine.is_unflushed[page]);
    }
}

static void assert_zero(struct axdma_memory memory, size_t size)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(((unsigned char *)memory.cpu)[i], 0);
}

/* ---- what a piece keeps ---- */

static const size_t sizes[] = {1, 63, 64, 65, 2048, 2049, 4096, 4097, 20000};
static const size_t aligns[] = {1, 64, 128, 4096, 8192, 65536};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void check_piece(size_t size, size_t align, bool is_uncached)
{
    struct axdma_memory memory = take(size, align);
    assert_int_equal(memory.bus.raw % align, 0);
    assert_int_equal((uintptr_t)memory.cpu % align, 0);
    assert_true(memory.bus.raw + (size - 1) <= device.limits.mask);
    assert_attribute(memory, size, is_uncached);
    assert_zero(memory, size);
    memset(memory.cpu, 0xa5, size);
    give(memory, size, align);
    assert_attribute(memory, size, false);
}

static void pieces_are_zeroed_aligned_and_of_one_attribute(void **state)
{
    struct holdings before = held();
    (void)state;
    for (unsigned sees_caches = 0; sees_caches < 2; sees_caches++) {
        device.coherent = sees_caches;
        for (size_t i = 0; i < COUNT(sizes); i++)
            for (size_t j = 0; j < COUNT(aligns); j++)
                check_piece(sizes[i], aligns[j], !sees_caches);
    }
    assert_held(before);
    assert_int_equal(device.live, 0);
}

static void pieces_are_zeroed_anew(void **state)
{
    struct axdma_memory keep = take(64, 64), piece = take(100, 64); /* of the same page */
    void *place = piece.cpu;
    (void)state;
    memset(piece.cpu, 0xa5, 100);
    give(piece, 100, 64);
    piece = take(100, 64);
    assert_ptr_equal(piece.cpu, place);
    assert_zero(piece, 100);
    give(piece, 100, 64);
    give(keep, 64, 64);
}

/* Nothing of the heap's or of another piece lies in a line of it. */
static void lines_are_shared_with_nothing(void **state)
{
    struct axdma_memory a, b;
    (void)state;
    for (size_t line = 32; line <= 256; line *= 2) {
        axcpu_host_dcache_line_bytes = line;
        a = take(5, 1);
        b = take(5, 1);
        assert_int_not_equal((uintptr_t)a.cpu / line, (uintptr_t)b.cpu / line);
        assert_int_equal((uintptr_t)a.cpu % line, 0);
        give(a, 5, 1);
        give(b, 5, 1);
    }
}

static void memory_is_within_mask_and_window(void **state)
{
    (void)state;
    use_window(0x1000, RAM_START + 0x400000, 0x10000); /* not where RAM begins */
    device.limits.mask = 0xffff;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct axdma_memory memory = take(sizes[i], 16);
        assert_true(physical_of(memory) >= RAM_START + 0x400000);
        assert_int_equal(memory.bus.raw, physical_of(memory) - RAM_START - 0x400000 + 0x1000);
        assert_true(memory.bus.raw + sizes[i] - 1 <= 0xffff);
        give(memory, sizes[i], 16);
    }
}

static void a_second_window_serves_when_the_first_is_full(void **state)
{
    struct axdma_memory pages[4];
    struct axdma_memory none;
    (void)state;
    use_window(0, RAM_START + 0x300000, 2 * PAGE);
    use_window(0x100000, RAM_START + 0x500000, 2 * PAGE);
    for (unsigned i = 0; i < 4; i++)
        pages[i] = take(PAGE, PAGE);
    assert_true(pages[1].bus.raw < 0x100000 && pages[2].bus.raw >= 0x100000);
    assert_int_equal(axdma_alloc(&device, (struct ax_layout){PAGE, PAGE}, &none), AX_ENOMEM);
    for (unsigned i = 0; i < 4; i++)
        give(pages[i], PAGE, PAGE);
}

static void boundaries_are_not_crossed(void **state)
{
    static const size_t odd_sizes[] = {24, 100, 1000, 1500, 3000, 4000, 5000, 12000, 60000};
    struct axdma_memory pieces[9][3];
    (void)state;
    device.limits.boundary = 65536;
    for (size_t i = 0; i < COUNT(odd_sizes); i++)
        for (unsigned j = 0; j < 3; j++) {
            pieces[i][j] = take(odd_sizes[i], 8);
            uint64_t first = pieces[i][j].bus.raw, last = first + odd_sizes[i] - 1;
            assert_true(first / 65536 == last / 65536);
        }
    for (size_t i = 0; i < COUNT(odd_sizes); i++)
        for (unsigned j = 0; j < 3; j++)
            give(pieces[i][j], odd_sizes[i], 8);
}

static void the_impossible_is_told_from_want(void **state)
{
    struct axdma_memory memory;
    struct ax_layout page = {PAGE, PAGE};
    struct holdings before = held();
    (void)state;
    device.limits.segment_bytes = 2048;
    assert_int_equal(axdma_alloc(&device, page, &memory), AX_ERANGE);
    device.limits.segment_bytes = 0;
    device.limits.mask = RAM_START - 1; /* below all RAM */
    assert_int_equal(axdma_alloc(&device, page, &memory), AX_ERANGE);
    device.limits.mask = UINT64_MAX;
    use_window(0x800, RAM_START, RAM_BYTES); /* no page is at a page there */
    assert_int_equal(axdma_alloc(&device, page, &memory), AX_ERANGE);
    device.window_count = 0;
    assert_int_equal(axdma_alloc(&device, (struct ax_layout){2 * RAM_BYTES, 1}, &memory),
                     AX_ERANGE);
    assert_int_equal(axdma_alloc(&device, (struct ax_layout){RAM_BYTES, 1}, &memory), AX_ENOMEM);
    assert_int_equal(axdma_alloc(&device, (struct ax_layout){0, 1}, &memory), AX_EINVAL);
    assert_int_equal(axdma_alloc(&device, (struct ax_layout){8, 3}, &memory), AX_EINVAL);
    device.coherent = false;
    machine.has_no_types = true; /* a CPU that cannot do without its cache */
    assert_int_equal(axdma_alloc(&device, page, &memory), AX_ENOTSUP);
    machine.has_no_types = false;
    axcpu_host_dcache_is_absent = true; /* or cannot clean it */
    assert_int_equal(axdma_alloc(&device, page, &memory), AX_ENOTSUP);
    assert_held(before);
    assert_int_equal(axdma_device_end(&device), AX_OK);
}

/* ---- misuse, by name ---- */

static const struct ax_layout small = {256, 64}, large = {3 * PAGE, PAGE};
static struct axdma_memory victim;

static void free_small(void)
{
    assert_int_equal(axdma_dealloc(&device, victim, small), AX_EINVAL);
}

static void free_small_as_larger(void)
{
    assert_int_equal(axdma_dealloc(&device, victim, (struct ax_layout){512, 64}), AX_EINVAL);
}

static void free_inside(void)
{
    assert_int_equal(axdma_dealloc(&device, axdma_part(victim, 64), small), AX_EINVAL);
}

static void free_by_other(void)
{
    assert_int_equal(axdma_dealloc(&other, victim, small), AX_EINVAL);
}

static void free_as_nobodys(void)
{
    assert_int_equal(axdma_dealloc_coherent(victim, small), AX_EINVAL);
}

static void free_large(void)
{
    assert_int_equal(axdma_dealloc(&device, victim, large), AX_EINVAL);
}

static void free_large_in_part(void)
{
    assert_int_equal(axdma_dealloc(&device, victim, (struct ax_layout){2 * PAGE, PAGE}), AX_EINVAL);
}

static void free_large_by_other(void)
{
    assert_int_equal(axdma_dealloc(&other, victim, large), AX_EINVAL);
}

static void end_device(void)
{
    assert_int_equal(axdma_device_end(&device), AX_EBUSY);
}

static void wrong_frees_of_small_pieces_are_named(void **state)
{
    struct axdma_memory keep = take(64, 64); /* so that the page stays */
    (void)state;
    victim = take(256, 64);
    assert_says(log_of(free_small_as_larger), "disk: freed with the wrong size: 512 bytes");
    assert_says(log_of(free_inside), "disk: not the beginning of a piece");
    assert_says(log_of(free_by_other), "card: another device's");
    assert_says(log_of(free_as_nobodys), "axdma: another device's");
    assert_says(log_of(end_device), "disk: still allocated: 256 bytes at");
    give(victim, 256, 64);
    assert_says(log_of(free_small), "disk: freed twice");
    give(keep, 64, 64);
    assert_says(log_of(free_small), "disk: not allocated, or freed twice");
    assert_int_equal(axdma_device_end(&device), AX_OK);
}

static void free_coherent(void)
{
    assert_int_equal(axdma_dealloc_coherent(victim, small), AX_EINVAL);
}

static void wrong_frees_of_nobodys_memory_are_named(void **state)
{
    (void)state;
    assert_int_equal(axdma_alloc_coherent(small, &victim), AX_OK);
    victim.bus.raw += 64;
    assert_says(log_of(free_coherent), "axdma: not this memory's bus address");
    victim.bus.raw -= 64;
    assert_int_equal(axdma_dealloc_coherent(victim, small), AX_OK);
    assert_says(log_of(free_coherent), "axdma: not allocated, or freed twice");
}

static void wrong_frees_of_pages_are_named(void **state)
{
    (void)state;
    victim = take(large.size, large.align);
    assert_says(log_of(free_large_in_part), "disk: freed with the wrong size: 8192 bytes");
    assert_says(log_of(free_large_by_other), "card: another device's");
    assert_says(log_of(end_device), "disk: still allocated: 3 pages at");
    victim.bus.raw += PAGE;
    assert_says(log_of(free_large), "disk: not this device's bus address of it");
    victim.bus.raw -= PAGE;
    give(victim, large.size, large.align);
    assert_says(log_of(free_large), "disk: not allocated, or freed twice");
}

/* ---- pools ---- */

static struct axdma_pool *pool;

static void destroy_pool(void)
{
    assert_int_equal(axdma_pool_destroy(pool), AX_EBUSY);
}

static void free_in_pool(void)
{
    assert_int_equal(axdma_pool_dealloc(pool, victim), AX_EINVAL);
}

static void pools_hand_out_pieces_of_their_own(void **state)
{
    enum { PIECES = 200 };
    static struct axdma_memory pieces[PIECES];
    struct holdings before = held();
    (void)state;
    assert_int_equal(axdma_pool_create(&device, (struct ax_layout){0, 1}, &pool), AX_EINVAL);
    assert_int_equal(axdma_pool_create(&device, (struct ax_layout){48, 16}, &pool), AX_OK);
    victim = take(48, 16); /* not of the pool, though of the device */
    assert_says(log_of(free_in_pool), "disk: another device's, or pool's");
    give(victim, 48, 16);
    for (unsigned i = 0; i < PIECES; i++) {
        assert_int_equal(axdma_pool_alloc(pool, &pieces[i]), AX_OK);
        assert_zero(pieces[i], 48);
        memset(pieces[i].cpu, (int)i + 1, 48);
    }
    for (unsigned i = 0; i < PIECES; i++) {
        unsigned char *bytes = pieces[i].cpu;
        assert_int_equal(bytes[0] | bytes[47] << 8, (i + 1) % 256 * 0x101);
        assert_says(i == 0 ? log_of(destroy_pool) : "disk: still", "disk: still");
        assert_int_equal(axdma_pool_dealloc(pool, pieces[i]), AX_OK);
    }
    victim = pieces[0];
    assert_says(log_of(free_in_pool), "disk: not allocated, or freed twice");
    assert_int_equal(axdma_pool_destroy(pool), AX_OK);
    assert_held(before);
}

static void pools_know_the_impossible_at_once(void **state)
{
    (void)state;
    device.limits.mask = 0xffff;
    assert_int_equal(axdma_pool_create(&device, (struct ax_layout){48, 16}, &pool), AX_ERANGE);
}

/* ---- every allocation fails once, and for good ---- */

static bool try_everything(void)
{
    struct axdma_memory a, b, c;
    struct axdma_pool *own;
    bool done = axdma_alloc(&device, small, &a) == AX_OK;
    if (done && axdma_alloc(&device, large, &b) == AX_OK) {
        give(b, large.size, large.align);
        done = true;
    } else if (done) {
        give(a, small.size, small.align);
        return false;
    }
    if (!done)
        return false;
    give(a, small.size, small.align);
    if (axdma_pool_create(&device, small, &own) != AX_OK)
        return false;
    done = axdma_pool_alloc(own, &c) == AX_OK;
    if (done)
        assert_int_equal(axdma_pool_dealloc(own, c), AX_OK);
    assert_int_equal(axdma_pool_destroy(own), AX_OK);
    return done;
}

static void failures_leak_nothing(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        bool is_done = false;
        device.coherent = round % 2;
        for (unsigned long n = 1; !is_done; n++) {
            struct holdings before = held();
            machine.calls = 0;
            machine.fail_at = n;
            machine.for_good = round >= 2;
            is_done = try_everything();
            assert_held(before);
            assert_int_equal(device.live, 0);
            assert_true(n < 40 && (is_done || n <= machine.calls));
        }
        machine.fail_at = 0;
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(pieces_are_zeroed_aligned_and_of_one_attribute, start),
        cmocka_unit_test_setup(pieces_are_zeroed_anew, start),
        cmocka_unit_test_setup(lines_are_shared_with_nothing, start),
        cmocka_unit_test_setup(memory_is_within_mask_and_window, start),
        cmocka_unit_test_setup(a_second_window_serves_when_the_first_is_full, start),
        cmocka_unit_test_setup(boundaries_are_not_crossed, start),
        cmocka_unit_test_setup(the_impossible_is_told_from_want, start),
        cmocka_unit_test_setup(wrong_frees_of_small_pieces_are_named, start),
        cmocka_unit_test_setup(wrong_frees_of_nobodys_memory_are_named, start),
        cmocka_unit_test_setup(wrong_frees_of_pages_are_named, start),
        cmocka_unit_test_setup(pools_hand_out_pieces_of_their_own, start),
        cmocka_unit_test_setup(pools_know_the_impossible_at_once, start),
        cmocka_unit_test_setup(failures_leak_nothing, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
