/* Debug builds: each misuse of lent memory is refused, and the line names it. src/lent.c. */
#include "fake_machine.h"

static struct axdma_device device, other;
static unsigned char *buffer;
static struct axdma_mapping mapping, changed;

enum { BYTES = 256 };

static void map(enum axdma_direction direction)
{
    assert_int_equal(axdma_map(&device, buffer, BYTES, direction, &mapping), AX_OK);
    changed = mapping;
}

static int start(void **state)
{
    machine_start(state);
    axdma_device_init(&device, "disk");
    axdma_device_init(&other, "card");
    device.coherent = other.coherent = true;
    buffer = heap_bytes(PAGE, PAGE);
    return 0;
}

static int end(void **state)
{
    (void)state;
    assert_int_equal(axdma_device_end(&device), AX_OK);
    assert_int_equal(axdma_device_end(&other), AX_OK);
    return 0;
}

static void unmap_changed(void)
{
    assert_int_equal(axdma_unmap(&device, &changed), AX_EINVAL);
}

static void unmap_by_other(void)
{
    assert_int_equal(axdma_unmap(&other, &changed), AX_EINVAL);
}

static void unmap_rightly(void)
{
    assert_int_equal(axdma_unmap(&device, &mapping), AX_OK);
}

static void map_again(void)
{
    struct axdma_mapping second;
    assert_int_equal(axdma_map(&other, buffer + BYTES - 1, 1, AXDMA_TO_DEVICE, &second), AX_EBUSY);
}

static void sync_outside(void)
{
    assert_int_equal(axdma_sync_for_cpu(&device, &mapping, 1, BYTES), AX_EINVAL);
    assert_int_equal(axdma_sync_for_device(&device, &mapping, BYTES + 1, 0), AX_EINVAL);
    assert_int_equal(axdma_sync_for_device(&device, &mapping, SIZE_MAX, 2), AX_EINVAL);
    assert_int_equal(axdma_sync_for_cpu(&device, &mapping, 0, 0), AX_EINVAL);
}

static void sync_changed(void)
{
    assert_int_equal(axdma_sync_for_cpu(&device, &changed, 0, 1), AX_EINVAL);
    assert_int_equal(axdma_sync_for_device(&device, &changed, 0, 1), AX_EINVAL);
}

static void end_device(void)
{
    assert_int_equal(axdma_device_end(&device), AX_EBUSY);
}

static void a_buffer_that_a_device_owns_is_not_lent(void **state)
{
    struct axdma_mapping second;
    (void)state;
    map(AXDMA_FROM_DEVICE);
    assert_says(log_of(map_again), "card: map: disk still owns it: 1 bytes at");
    assert_says(log_of(end_device), "disk: still mapped: 256 bytes at");
    unmap_rightly();
    map(AXDMA_TO_DEVICE); /* two may read */
    assert_int_equal(axdma_map(&other, buffer, BYTES, AXDMA_TO_DEVICE, &second), AX_OK);
    assert_int_equal(axdma_unmap(&other, &second), AX_OK);
    unmap_rightly();
}

static void unmapping_twice_is_named(void **state)
{
    (void)state;
    map(AXDMA_TO_DEVICE);
    unmap_rightly();
    assert_says(log_of(unmap_changed), "disk: unmap: unmapped twice: 256 bytes");
    changed = mapping; /* as axdma_unmap() leaves it, which every build can tell */
    assert_says(log_of(unmap_changed), "disk: unmap: not mapped, or unmapped twice");
}

static void what_was_never_mapped_is_named(void **state)
{
    (void)state;
    changed = (struct axdma_mapping){
        .buffer = buffer + 8, .bytes = 8, .direction = AXDMA_TO_DEVICE, .bus = {5}};
    assert_says(log_of(unmap_changed), "disk: unmap: not mapped: 8 bytes");
    assert_says(log_of(sync_changed), "disk: sync for the CPU: not mapped: 8 bytes");
}

static void wrong_size_direction_and_device_are_named(void **state)
{
    (void)state;
    map(AXDMA_TO_DEVICE);
    changed.bytes--;
    assert_says(log_of(unmap_changed), "not with the size that it was mapped with: 255 bytes");
    assert_says(log_of(sync_changed), "sync for the device: not with the size");
    changed = mapping;
    changed.direction = AXDMA_FROM_DEVICE;
    assert_says(log_of(unmap_changed), "not in the direction that it was mapped for");
    changed = mapping;
    changed.bounce = buffer;
    assert_says(log_of(unmap_changed), "not as axdma_map() left it");
    changed = mapping;
    assert_says(log_of(unmap_by_other), "card: unmap: another device's");
    unmap_rightly();
}

static void sync_outside_is_named(void **state)
{
    (void)state;
    map(AXDMA_BOTH_WAYS);
    assert_says(log_of(sync_outside), "disk: sync for the CPU: outside of the mapping");
    assert_says(log_of(sync_outside), "disk: sync for the device: outside of the mapping");
    unmap_rightly();
}

/* The CPU's turn is between the two calls of sync, and before and after the mapping. */
static void writing_out_of_turn_is_named(void **state)
{
    (void)state;
    map(AXDMA_TO_DEVICE);
    assert_int_equal(axdma_sync_for_cpu(&device, &mapping, 0, BYTES), AX_OK);
    buffer[3]++;
    assert_int_equal(axdma_sync_for_device(&device, &mapping, 0, BYTES), AX_OK);
    assert_null(strstr(log_of(unmap_rightly), "changed"));
    map(AXDMA_TO_DEVICE);
    buffer[3]++;
    assert_says(log_of(unmap_rightly),
                "disk: changed while the device owned it, which only reads it: 256 bytes");
    map(AXDMA_FROM_DEVICE); /* where it is what the device is there for */
    buffer[3]++;
    assert_null(strstr(log_of(unmap_rightly), "changed"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_buffer_that_a_device_owns_is_not_lent, start, end),
        cmocka_unit_test_setup_teardown(unmapping_twice_is_named, start, end),
        cmocka_unit_test_setup_teardown(what_was_never_mapped_is_named, start, end),
        cmocka_unit_test_setup_teardown(wrong_size_direction_and_device_are_named, start, end),
        cmocka_unit_test_setup_teardown(sync_outside_is_named, start, end),
        cmocka_unit_test_setup_teardown(writing_out_of_turn_is_named, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
