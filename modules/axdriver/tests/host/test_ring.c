/* The split ring, against a device that keeps the rules and one that breaks each of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ring_device.h"
#include <axtest/random.h>

enum { SIZE = 16 };

static struct ring_device device;
static int tokens[SIZE];

static int start(void **state)
{
    (void)state;
    ring_device_start(&device, SIZE, false, false);
    return 0;
}

static int start_with_everything(void **state)
{
    (void)state;
    ring_device_start(&device, SIZE, true, true);
    return 0;
}

static int end(void **state)
{
    (void)state;
    const char *complaint = ring_check(&device.ring);
    ring_device_end(&device);
    if (complaint != NULL)
        print_error("%s\n", complaint);
    return complaint != NULL;
}

static struct axdma_segment segment(uint64_t bus, uint64_t bytes)
{
    return (struct axdma_segment){{bus}, bytes};
}

static enum ax_err add(unsigned reads, unsigned writes, void *token)
{
    struct axdma_segment segments[2 * SIZE];
    for (unsigned i = 0; i < reads + writes; i++)
        segments[i] = segment(0x1000 * (i + 1), 16 + i);
    return ring_add(&device.ring, segments, reads, writes, token);
}

static void a_request_arrives_as_it_was_given(void **state)
{
    (void)state;
    struct ring_request request;
    void *token;
    uint32_t written;
    const char *rule;
    assert_int_equal(add(2, 3, &tokens[0]), AX_OK);
    assert_true(ring_device_next(&device, &request));
    assert_int_equal(request.count, 5);
    assert_int_equal(request.readable_count, 2);
    assert_int_equal(request.writable, 18 + 19 + 20);
    assert_int_equal(request.first_bus, 0x1000);
    assert_int_equal(ring_take(&device.ring, &token, &written, &rule), AX_ENOENT);
    ring_device_use(&device, request.id, 57);
    assert_int_equal(ring_take(&device.ring, &token, &written, &rule), AX_OK);
    assert_ptr_equal(token, &tokens[0]);
    assert_int_equal(written, 57);
    assert_int_equal(device.ring.free_count, SIZE);
}

static void a_table_takes_one_descriptor(void **state)
{
    (void)state;
    struct ring_request request;
    for (unsigned i = 0; i < SIZE; i++)
        assert_int_equal(add(1, 2, &tokens[i]), AX_OK);
    assert_int_equal(add(1, 0, &tokens[0]), AX_EBUSY);
    for (unsigned i = 0; i < SIZE; i++) {
        assert_true(ring_device_next(&device, &request));
        assert_true(request.is_table);
        assert_int_equal(request.count, 3);
        assert_int_equal(request.writable, 17 + 18);
        ring_device_use(&device, request.id, 0);
    }
}

static void a_full_ring_says_so_and_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(add(SIZE - 2, 0, &tokens[0]), AX_OK);
    assert_int_equal(add(2, 1, &tokens[1]), AX_EBUSY);
    assert_int_equal(device.ring.in_flight, 1);
    assert_int_equal(ring_device_available(&device)[1], 1);
    assert_int_equal(add(1, 1, &tokens[1]), AX_OK);
    assert_int_equal(device.ring.free_count, 0);
}

static void what_can_never_be_offered_is_refused(void **state)
{
    (void)state;
    struct axdma_segment empty[2] = {segment(0, 16), segment(0, 0)};
    struct axdma_segment large[2] = {segment(0, UINT32_MAX), segment(0, 1)};
    struct axdma_segment huge = segment(0, UINT64_C(1) << 32);
    struct ring *ring = &device.ring;
    assert_int_equal(add(0, 0, &tokens[0]), AX_EINVAL);
    assert_int_equal(add(SIZE, 1, &tokens[0]), AX_EINVAL);
    assert_int_equal(add(1, 0, NULL), AX_EINVAL);
    assert_int_equal(ring_add(ring, large, UINT32_MAX, 2, tokens), AX_EINVAL);
    assert_int_equal(ring_add(ring, empty, 1, 1, tokens), AX_EINVAL);
    assert_int_equal(ring_add(ring, large, 1, 1, tokens), AX_EINVAL);
    assert_int_equal(ring_add(ring, &huge, 0, 1, tokens), AX_EINVAL);
    assert_int_equal(ring_device_available(&device)[1], 0);
}

/* ---- regression case 13, and its kind ---- */

static void expect_broken(const char *part_of_rule)
{
    void *token = NULL;
    uint32_t written;
    const char *rule = NULL;
    struct ring before = device.ring;
    assert_int_equal(ring_take(&device.ring, &token, &written, &rule), AX_EBADMSG);
    assert_non_null(strstr(rule, part_of_rule));
    assert_null(token);
    assert_memory_equal(&before, &device.ring, sizeof before);
}

static void an_id_outside_the_queue_is_found_out(void **state)
{
    (void)state;
    static const uint32_t ids[] = {SIZE, SIZE + 1, 0x8000, 0xffff, 0x10000, UINT32_MAX};
    assert_int_equal(add(1, 1, &tokens[0]), AX_OK);
    for (unsigned i = 0; i < sizeof ids / sizeof *ids; i++) {
        ring_device_used(&device)[1] = 0;
        ring_device_use(&device, ids[i], 0);
        expect_broken("that the queue does not have");
    }
}

static void an_id_that_begins_no_request_is_found_out(void **state)
{
    (void)state;
    struct ring_request request;
    assert_int_equal(add(1, 1, &tokens[0]), AX_OK);
    assert_true(ring_device_next(&device, &request));
    for (unsigned id = 0; id < SIZE; id++) {
        ring_device_used(&device)[1] = 0;
        ring_device_use(&device, id, 0);
        if (id != request.id)
            expect_broken("no request begins with");
    }
}

static void an_id_that_is_used_twice_is_found_out(void **state)
{
    (void)state;
    void *token;
    uint32_t written;
    const char *rule;
    assert_int_equal(add(1, 1, &tokens[0]), AX_OK);
    assert_int_equal(add(1, 1, &tokens[1]), AX_OK);
    ring_device_use(&device, 0, 0);
    ring_device_use(&device, 0, 0);
    assert_int_equal(ring_take(&device.ring, &token, &written, &rule), AX_OK);
    expect_broken("no request begins with");
}

static void a_length_beyond_what_was_lent_is_found_out(void **state)
{
    (void)state;
    assert_int_equal(add(2, 1, &tokens[0]), AX_OK); /* 16 + 17, and 18 to be written */
    static const uint32_t lengths[] = {19, 51, 0x80000000, UINT32_MAX};
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        ring_device_used(&device)[1] = 0;
        ring_device_use(&device, 0, lengths[i]);
        expect_broken("more than it was lent");
    }
}

static void an_index_that_runs_ahead_is_found_out(void **state)
{
    (void)state;
    static const uint16_t indexes[] = {2, SIZE, SIZE + 1, 0x7fff, 0xffff};
    assert_int_equal(add(1, 1, &tokens[0]), AX_OK);
    ring_device_use(&device, 0, 0);
    for (unsigned i = 0; i < sizeof indexes / sizeof *indexes; i++) {
        ring_device_used(&device)[1] = indexes[i];
        expect_broken("ahead of what was asked");
    }
    ring_device_used(&device)[1] = 1;
}

/* Whatever the device does to descriptors and the available ring, we never read them back. */
static void what_we_wrote_is_never_read_back(void **state)
{
    (void)state;
    void *token;
    uint32_t written;
    const char *rule;
    assert_int_equal(add(2, 2, &tokens[0]), AX_OK);
    assert_int_equal(add(1, 1, &tokens[1]), AX_OK);
    memset(device.parts[0], 0xff, ring_descriptors_bytes(SIZE));
    memset(device.parts[1], 0xff, ring_available_bytes(SIZE));
    ring_device_use(&device, 4, 0);
    ring_device_use(&device, 0, 0);
    assert_int_equal(ring_take(&device.ring, &token, &written, &rule), AX_OK);
    assert_ptr_equal(token, &tokens[1]);
    assert_int_equal(ring_take(&device.ring, &token, &written, &rule), AX_OK);
    assert_ptr_equal(token, &tokens[0]);
    assert_int_equal(device.ring.free_count, SIZE);
}

static void what_is_in_flight_comes_back_once_after_a_reset(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(add(1, i % 3, &tokens[i]), AX_OK);
    for (int *token; (token = ring_abandon(&device.ring)) != NULL; count++) {
        assert_in_range(token - tokens, 0, 4);
        assert_int_equal(*token, 0);
        *token = 1;
    }
    assert_int_equal(count, 5);
    assert_int_equal(device.ring.free_count, SIZE);
    memset(tokens, 0, sizeof tokens);
}

/* ---- who is told of what ---- */

static void the_device_is_told_unless_it_said_not_to(void **state)
{
    (void)state;
    assert_false(ring_must_notify(&device.ring));
    assert_int_equal(add(1, 0, &tokens[0]), AX_OK);
    assert_true(ring_must_notify(&device.ring));
    assert_false(ring_must_notify(&device.ring));
    ring_device_used(&device)[0] = 1;
    assert_int_equal(add(1, 0, &tokens[1]), AX_OK);
    assert_false(ring_must_notify(&device.ring));
}

static void the_device_is_told_at_the_index_that_it_named(void **state)
{
    (void)state;
    uint16_t *event = ring_device_used(&device) + 2 + SIZE * 4;
    *event = 2; /* when the third is added */
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(add(1, 0, &tokens[i]), AX_OK);
        assert_int_equal(ring_must_notify(&device.ring), i == 2);
    }
    *event = 6;
    assert_int_equal(add(1, 0, &tokens[5]), AX_OK);
    assert_int_equal(add(1, 0, &tokens[6]), AX_OK);
    assert_true(ring_must_notify(&device.ring));
}

static void the_next_interrupt_is_asked_for_by_index(void **state)
{
    (void)state;
    void *token;
    uint32_t written;
    const char *rule;
    const uint16_t *event = ring_device_available(&device) + 2 + SIZE;
    assert_int_equal(add(1, 0, &tokens[0]), AX_OK);
    assert_false(ring_rearm(&device.ring));
    assert_int_equal(*event, 0);
    ring_device_use(&device, 0, 0);
    assert_true(ring_rearm(&device.ring));
    assert_int_equal(ring_take(&device.ring, &token, &written, &rule), AX_OK);
    assert_false(ring_rearm(&device.ring));
    assert_int_equal(*event, 1);
}

/* ---- long runs: indexes wrap, requests end in any order ---- */

static void check_a_million(bool has_event_index, bool has_tables)
{
    struct ring_request out[SIZE];
    unsigned count = 0;
    uint64_t seed = 7;
    ring_device_end(&device);
    ring_device_start(&device, SIZE, has_event_index, has_tables);
    for (unsigned i = 0; i < 200000; i++) {
        unsigned reads = (unsigned)axtest_random_below(&seed, 4);
        unsigned writes = (unsigned)axtest_random_below(&seed, 4);
        int *token = &tokens[axtest_random_below(&seed, SIZE)];
        if (reads + writes > 0 && add(reads, writes, token) == AX_OK)
            assert_true(ring_device_next(&device, &out[count++]));
        if (count == 0 || axtest_random_below(&seed, 3) == 0)
            continue;
        unsigned which = (unsigned)axtest_random_below(&seed, count);
        uint32_t bytes = (uint32_t)axtest_random_below(&seed, (uint64_t)out[which].writable + 1);
        void *back;
        uint32_t written;
        const char *rule = "";
        ring_device_use(&device, out[which].id, bytes);
        out[which] = out[--count];
        assert_int_equal(ring_take(&device.ring, &back, &written, &rule), AX_OK);
        assert_int_equal(written, bytes);
        assert_int_equal(device.ring.in_flight, count);
        assert_null(ring_check(&device.ring));
    }
}

static void nothing_is_lost_in_long_runs(void **state)
{
    (void)state;
    check_a_million(false, false);
    check_a_million(true, false);
    check_a_million(false, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define RING_TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
#define FULL_RING_TEST(name) cmocka_unit_test_setup_teardown(name, start_with_everything, end)
        RING_TEST(a_request_arrives_as_it_was_given),
        FULL_RING_TEST(a_table_takes_one_descriptor),
        RING_TEST(a_full_ring_says_so_and_changes_nothing),
        RING_TEST(what_can_never_be_offered_is_refused),
        RING_TEST(an_id_outside_the_queue_is_found_out),
        FULL_RING_TEST(an_id_outside_the_queue_is_found_out),
        RING_TEST(an_id_that_begins_no_request_is_found_out),
        RING_TEST(an_id_that_is_used_twice_is_found_out),
        RING_TEST(a_length_beyond_what_was_lent_is_found_out),
        FULL_RING_TEST(a_length_beyond_what_was_lent_is_found_out),
        RING_TEST(an_index_that_runs_ahead_is_found_out),
        RING_TEST(what_we_wrote_is_never_read_back),
        RING_TEST(what_is_in_flight_comes_back_once_after_a_reset),
        FULL_RING_TEST(what_is_in_flight_comes_back_once_after_a_reset),
        RING_TEST(the_device_is_told_unless_it_said_not_to),
        FULL_RING_TEST(the_device_is_told_at_the_index_that_it_named),
        FULL_RING_TEST(the_next_interrupt_is_asked_for_by_index),
        RING_TEST(nothing_is_lost_in_long_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
