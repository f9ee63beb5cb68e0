/*
 * Lending memory to devices: which maintenance happens and which does not, bounce buffers, sync,
 * and lists. The bytes are compared through the fake cache.
 */
#include "fake_machine.h"

static struct axdma_device device;

static int start(void **state)
{
    machine_start(state);
    axdma_device_init(&device, "disk");
    device.coherent = false;
    return 0;
}

enum { AREA = 64 * 1024, LINE = 64 };

static struct axdma_mapping map(void *buffer, size_t bytes, enum axdma_direction direction)
{
    struct axdma_mapping mapping;
    assert_int_equal(axdma_map(&device, buffer, bytes, direction, &mapping), AX_OK);
    return mapping;
}

static void unmap(struct axdma_mapping mapping)
{
    assert_int_equal(axdma_unmap(&device, &mapping), AX_OK);
}

/* Maintenance since the last time: cleans, invalidates, both at once. */
static void assert_maintained(unsigned cleans, unsigned invalidates, unsigned both)
{
    assert_int_equal(machine.cleans, cleans);
    assert_int_equal(machine.invalidates, invalidates);
    assert_int_equal(machine.clean_invalidates, both);
    machine.cleans = machine.invalidates = machine.clean_invalidates = 0;
}

static void fill(unsigned char *bytes, size_t count, unsigned seed)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)(seed + i * 7);
}

/* ---- maintenance ---- */

static void who_sees_caches_needs_no_maintenance(void **state)
{
    unsigned char *area = heap_bytes(AREA, PAGE);
    (void)state;
    device.coherent = true;
    for (int direction = 1; direction <= 3; direction++) {
        struct axdma_mapping mapping = map(area + 5, 100, (enum axdma_direction)direction);
        assert_null(mapping.bounce);
        assert_int_equal(mapping.bus.raw, RAM_START + (uint64_t)(area + 5 - machine.ram));
        assert_int_equal(axdma_sync_for_cpu(&device, &mapping, 3, 10), AX_OK);
        assert_int_equal(axdma_sync_for_device(&device, &mapping, 3, 10), AX_OK);
        unmap(mapping);
    }
    assert_maintained(0, 0, 0);
}

static void each_direction_has_its_maintenance(void **state)
{
    unsigned char *area = heap_bytes(AREA, PAGE);
    (void)state;
    struct axdma_mapping mapping = map(area, 4 * LINE, AXDMA_TO_DEVICE);
    assert_maintained(1, 0, 0);
    assert_int_equal(axdma_sync_for_cpu(&device, &mapping, 0, LINE), AX_OK);
    assert_maintained(0, 0, 0);
    assert_int_equal(axdma_sync_for_device(&device, &mapping, 0, LINE), AX_OK);
    assert_maintained(1, 0, 0);
    unmap(mapping);
    assert_maintained(0, 0, 0);
    mapping = map(area, 4 * LINE, AXDMA_FROM_DEVICE);
    assert_maintained(0, 1, 0);
    assert_int_equal(axdma_sync_for_cpu(&device, &mapping, 0, LINE), AX_OK);
    assert_maintained(0, 1, 0);
    assert_int_equal(axdma_sync_for_device(&device, &mapping, 0, LINE), AX_OK);
    assert_maintained(0, 1, 0);
    unmap(mapping);
    assert_maintained(0, 1, 0);
    mapping = map(area, 4 * LINE, AXDMA_BOTH_WAYS);
    assert_maintained(0, 0, 1);
    unmap(mapping);
    assert_maintained(0, 1, 0);
}

/* What lies in the same line survives, and so does what the device wrote. */
static void shared_lines_are_bounced(void **state)
{
    static const struct {
        size_t offset, bytes;
        bool bounces;
    } shapes[] = {{0, LINE, false},         {LINE, 3 * LINE, false}, {1, LINE, true},
                  {0, LINE - 1, true},      {0, LINE + 1, true},     {LINE - 1, 2, true},
                  {8, 3 * LINE - 16, true}, {0, 2 * PAGE, false},    {4, 2 * PAGE, true}};
    unsigned char *area = heap_bytes(AREA, PAGE);
    unsigned char written[2 * PAGE], whole[4 * PAGE];
    (void)state;
    fill(written, sizeof written, 99);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        fill(area, sizeof whole, (unsigned)i);
        memcpy(whole, area, sizeof whole);
        memcpy(whole + shapes[i].offset, written, shapes[i].bytes);
        struct axdma_mapping mapping =
            map(area + shapes[i].offset, shapes[i].bytes, AXDMA_FROM_DEVICE);
        assert_int_equal(mapping.bounce != NULL, shapes[i].bounces);
        device_write(&device, mapping.bus, written, shapes[i].bytes);
        for (size_t at = 0; at < sizeof whole; at += LINE)
            cache_act((size_t)(area - machine.ram) + at);
        unmap(mapping);
        assert_memory_equal(area, whole, sizeof whole);
    }
}

/* Writing back what is beside harms nobody, so a device that only reads gets the buffer itself. */
static void shared_lines_are_lent_to_who_only_reads(void **state)
{
    unsigned char *area = heap_bytes(AREA, PAGE), read[100];
    (void)state;
    fill(area, AREA, 3);
    struct axdma_mapping mapping = map(area + 13, sizeof read, AXDMA_TO_DEVICE);
    assert_null(mapping.bounce);
    device_read(&device, mapping.bus, read, sizeof read);
    assert_memory_equal(read, area + 13, sizeof read);
    unmap(mapping);
}

/* ---- limits ---- */

static void out_of_reach_is_bounced(void **state)
{
    unsigned char *area = heap_bytes(AREA, PAGE), read[3000];
    struct holdings before = held();
    (void)state;
    device.coherent = true;
    device.windows[device.window_count++] =
        (struct axdma_window){ax_busaddr(0x4000), ax_paddr(RAM_START + 0x600000), 0x4000};
    for (size_t bytes = 100; bytes <= sizeof read; bytes += 2900) {
        fill(area, bytes, 7);
        struct axdma_mapping mapping = map(area, bytes, AXDMA_BOTH_WAYS);
        assert_non_null(mapping.bounce);
        assert_true(mapping.bus.raw >= 0x4000 && mapping.bus.raw + bytes <= 0x8000);
        device_read(&device, mapping.bus, read, bytes);
        assert_memory_equal(read, area, bytes);
        fill(read, bytes, 50);
        device_write(&device, mapping.bus, read, bytes);
        unmap(mapping);
        assert_memory_equal(read, area, bytes);
    }
    assert_held(before);
    struct axdma_mapping none;
    assert_int_equal(axdma_map(&device, area, 5 * PAGE, AXDMA_TO_DEVICE, &none), AX_ERANGE);
    assert_held(before);
}

static void alignment_and_boundary_are_bounced(void **state)
{
    unsigned char *area = heap_bytes(AREA, PAGE);
    struct axdma_mapping none;
    (void)state;
    device.coherent = true;
    device.limits.align = 512;
    struct axdma_mapping mapping = map(area + 256, 512, AXDMA_TO_DEVICE);
    assert_non_null(mapping.bounce);
    assert_int_equal(mapping.bus.raw % 512, 0);
    unmap(mapping);
    device.limits.align = 1;
    device.limits.boundary = PAGE;
    mapping = map(area + PAGE - 10, 20, AXDMA_TO_DEVICE);
    assert_non_null(mapping.bounce);
    assert_true(mapping.bus.raw / PAGE == (mapping.bus.raw + 19) / PAGE);
    unmap(mapping);
    assert_int_equal(axdma_map(&device, area, PAGE + 1, AXDMA_TO_DEVICE, &none), AX_ERANGE);
    device.limits.boundary = 0;
    device.limits.segment_bytes = 100;
    assert_int_equal(axdma_map(&device, area, 101, AXDMA_TO_DEVICE, &none), AX_ERANGE);
}

static void what_is_not_memory_is_refused(void **state)
{
    static unsigned char outside[16];
    struct axdma_mapping none;
    (void)state;
    assert_int_equal(axdma_map(&device, machine.ram, 0, AXDMA_TO_DEVICE, &none), AX_EINVAL);
    assert_int_equal(axdma_map(&device, machine.ram, 16, (enum axdma_direction)0, &none),
                     AX_EINVAL);
    assert_int_equal(axdma_map(&device, machine.ram, 16, (enum axdma_direction)4, &none),
                     AX_EINVAL);
    assert_int_equal(axdma_map(&device, outside, 16, AXDMA_TO_DEVICE, &none), AX_EFAULT);
    assert_int_equal(axdma_map(&device, machine.ram, RAM_BYTES + 1, AXDMA_TO_DEVICE, &none),
                     AX_EFAULT);
    assert_int_equal(axdma_map(&device, machine.ram, SIZE_MAX, AXDMA_TO_DEVICE, &none), AX_EFAULT);
    axcpu_host_dcache_is_absent = true; /* a CPU that cannot clean what this device does not see */
    assert_int_equal(axdma_map(&device, machine.ram, 64, AXDMA_TO_DEVICE, &none), AX_ENOTSUP);
    axcpu_host_dcache_is_absent = false;
    /* from the image to RAM, both of which have physical addresses, but not side by side */
    ptrdiff_t apart = (char *)machine.ram - axcpu_text_start;
    if (apart > 0)
        assert_int_equal(
            axdma_map(&device, axcpu_text_start, (size_t)apart + 1, AXDMA_TO_DEVICE, &none),
            AX_EFAULT);
    /* the image's constants may be read by a device, never written */
    device.coherent = true;
    assert_int_equal(axdma_map(&device, axcpu_rodata_start, 1, AXDMA_FROM_DEVICE, &none),
                     AX_EFAULT);
    assert_int_equal(axdma_map(&device, axcpu_rodata_start, 1, AXDMA_BOTH_WAYS, &none), AX_EFAULT);
    unmap(map(axcpu_rodata_start, 1, AXDMA_TO_DEVICE));
    assert_int_equal(device.live, 0);
}

/* ---- sync ---- */

static void sync_hands_parts_over(void **state)
{
    unsigned char *area = heap_bytes(AREA, PAGE), bytes[4 * LINE];
    (void)state;
    for (size_t offset = 0; offset < 2; offset++) { /* lent as it is, and bounced */
        fill(area, AREA, 1);
        struct axdma_mapping mapping = map(area + offset, 4 * LINE, AXDMA_BOTH_WAYS);
        assert_int_equal(mapping.bounce != NULL, offset == 1);
        fill(bytes, sizeof bytes, 77);
        device_write(&device, ax_busaddr(mapping.bus.raw + LINE), bytes, LINE);
        assert_int_equal(axdma_sync_for_cpu(&device, &mapping, LINE, LINE), AX_OK);
        assert_memory_equal(area + offset + LINE, bytes, LINE);
        fill(area + offset + LINE, LINE, 200);
        assert_int_equal(axdma_sync_for_device(&device, &mapping, LINE, LINE), AX_OK);
        device_read(&device, mapping.bus, bytes, sizeof bytes);
        assert_memory_equal(bytes + LINE, area + offset + LINE, LINE);
        unmap(mapping);
    }
}

/* What is dropped in part would be written back first, and with it old bytes over the device's. */
static void sync_is_of_whole_lines(void **state)
{
    unsigned char *area = heap_bytes(AREA, PAGE);
    (void)state;
    struct axdma_mapping mapping = map(area, 4 * LINE, AXDMA_FROM_DEVICE);
    assert_int_equal(axdma_sync_for_cpu(&device, &mapping, LINE + 6, LINE), AX_OK);
    assert_ptr_equal(machine.dropped, area + LINE);
    assert_int_equal(machine.dropped_bytes, 2 * LINE);
    unmap(mapping);
}

/* ---- lists ---- */

enum { ROOM = 8 };

static struct axdma_mapping mappings[ROOM];
static struct axdma_segment segments[ROOM];
static struct axdma_list list;

static enum ax_err map_list(const struct axdma_piece *pieces, unsigned count, unsigned room)
{
    list = (struct axdma_list){.mappings = mappings, .segments = segments, .segment_room = room};
    return axdma_map_list(&device, pieces, count, AXDMA_TO_DEVICE, &list);
}

static void assert_segment(unsigned index, const unsigned char *start, size_t bytes)
{
    assert_true(index < list.segment_count);
    assert_int_equal(segments[index].bus.raw, RAM_START + (uint64_t)(start - machine.ram));
    assert_int_equal(segments[index].bytes, bytes);
}

static void lists_are_cut_and_joined(void **state)
{
    unsigned char *area = heap_bytes(AREA, PAGE);
    struct axdma_piece pieces[] = {
        {area, 1000}, {area + 1000, 500}, {area + 8000, 100}, {area + 2 * PAGE - 50, 100}};
    (void)state;
    device.coherent = true;
    assert_int_equal(map_list(pieces, 3, ROOM), AX_OK);
    assert_int_equal(list.segment_count, 2);
    assert_segment(0, area, 1500);
    assert_segment(1, area + 8000, 100);
    assert_int_equal(axdma_unmap_list(&device, &list), AX_OK);
    device.limits.segment_bytes = 1200;
    assert_int_equal(map_list(pieces, 3, ROOM), AX_OK);
    assert_int_equal(list.segment_count, 3); /* not joined: it would be too long */
    assert_int_equal(axdma_unmap_list(&device, &list), AX_OK);
    device.limits.segment_bytes = 400;
    assert_int_equal(map_list(pieces, 1, ROOM), AX_OK);
    assert_int_equal(list.segment_count, 3);
    assert_segment(2, area + 800, 200);
    assert_int_equal(axdma_unmap_list(&device, &list), AX_OK);
    device.limits.segment_bytes = 0;
    device.limits.boundary = PAGE;
    assert_int_equal(map_list(pieces + 3, 1, ROOM), AX_OK);
    assert_int_equal(list.segment_count, 2);
    assert_segment(0, area + 2 * PAGE - 50, 50);
    assert_segment(1, area + 2 * PAGE, 50);
    assert_int_equal(axdma_unmap_list(&device, &list), AX_OK);
    assert_int_equal(device.live, 0);
}

static void lists_fail_whole(void **state)
{
    static unsigned char outside[16];
    unsigned char *area = heap_bytes(AREA, PAGE);
    struct axdma_piece pieces[] = {{area, 16}, {area + 4000, 16}, {outside, 16}};
    struct holdings before = held();
    (void)state;
    device.coherent = true;
    assert_int_equal(map_list(pieces, 3, ROOM), AX_EFAULT);
    assert_int_equal(map_list(pieces, 2, 1), AX_ENOSPC);
    assert_int_equal(map_list(pieces, 0, ROOM), AX_EINVAL);
    assert_int_equal(list.segment_count, 0);
    device.limits.align = 32;
    device.limits.segment_bytes = 16;
    pieces[0].bytes = 40;
    assert_int_equal(map_list(pieces, 1, ROOM), AX_ERANGE); /* the second segment is not aligned */
    assert_held(before);
    assert_int_equal(device.live, 0);
    assert_int_equal(axdma_unmap_list(&device, &list), AX_EINVAL);
}

/* ---- every allocation fails once, and for good ---- */

static bool try_everything(unsigned char *area)
{
    struct axdma_piece pieces[] = {{area + 3, 100}, {area + 5000, 5000}};
    struct axdma_mapping mapping;
    if (axdma_map(&device, area + 1, 50, AXDMA_FROM_DEVICE, &mapping) != AX_OK)
        return false;
    unmap(mapping);
    list = (struct axdma_list){.mappings = mappings, .segments = segments, .segment_room = ROOM};
    if (axdma_map_list(&device, pieces, 2, AXDMA_BOTH_WAYS, &list) != AX_OK)
        return false;
    assert_int_equal(axdma_unmap_list(&device, &list), AX_OK);
    return true;
}

static void failures_leak_nothing(void **state)
{
    unsigned char *area = heap_bytes(AREA, PAGE);
    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        bool is_done = false;
        for (unsigned long n = 1; !is_done; n++) {
            struct holdings before = held();
            machine.calls = 0;
            machine.fail_at = n;
            machine.for_good = round == 1;
            is_done = try_everything(area);
            machine.fail_at = 0;
            assert_held(before);
            assert_int_equal(device.live, 0);
            assert_true(n < 40);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_sees_caches_needs_no_maintenance, start),
        cmocka_unit_test_setup(each_direction_has_its_maintenance, start),
        cmocka_unit_test_setup(shared_lines_are_bounced, start),
        cmocka_unit_test_setup(shared_lines_are_lent_to_who_only_reads, start),
        cmocka_unit_test_setup(out_of_reach_is_bounced, start),
        cmocka_unit_test_setup(alignment_and_boundary_are_bounced, start),
        cmocka_unit_test_setup(what_is_not_memory_is_refused, start),
        cmocka_unit_test_setup(sync_hands_parts_over, start),
        cmocka_unit_test_setup(sync_is_of_whole_lines, start),
        cmocka_unit_test_setup(lists_are_cut_and_joined, start),
        cmocka_unit_test_setup(lists_fail_whole, start),
        cmocka_unit_test_setup(failures_leak_nothing, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
