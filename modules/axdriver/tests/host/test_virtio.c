/*
 * The life of a virtio device, with a driver of the test's own: a device that keeps the rules, one
 * that breaks them, one that never answers, and no memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_device.h"

enum { TEST_DEVICE = 77, QUEUES = 2, SIZE = 16, WANTED = 5, REQUESTS = 8 };

static struct fake_device device;
static struct axdriver_virtio_queue *queues[QUEUES];

/* What done() was told. */
static struct {
    unsigned count[REQUESTS]; /* of each token */
    unsigned failed;
    uint32_t written;
    bool is_submitting; /* done() submits the same again */
} ended;
static int tokens[REQUESTS];

static enum ax_err submit(unsigned queue, int *token)
{
    const struct axdma_segment segments[2] = {{{0x1000}, 16}, {{0x2000}, 100}};
    return axdriver_virtio_submit(queues[queue], segments, 1, 1, token);
}

static void done(struct axdriver_virtio_queue *queue, void *token, uint32_t written_bytes)
{
    assert_false(axsync_spin_is_locked(&queue->lock));
    ended.count[(int *)token - tokens]++;
    ended.failed += axdriver_virtio_failed(queue);
    ended.written = written_bytes;
    if (ended.is_submitting)
        assert_int_equal(submit(queue->index, token),
                         axdriver_virtio_failed(queue) ? AX_EIO : AX_OK);
}

static enum ax_err attach(struct axdriver_virtio *virtio)
{
    enum ax_err err = axdriver_virtio_negotiate(virtio, WANTED);
    for (unsigned i = 0; i < QUEUES && err == AX_OK; i++)
        err = axdriver_virtio_queue_start(virtio, i, SIZE, done, &queues[i]);
    return err == AX_OK ? axdriver_virtio_go(virtio) : err;
}

const struct axdriver_virtio_driver axdriver_virtio_drivers[] = {{TEST_DEVICE, "test", attach},
                                                                 {0, NULL, NULL}};

static int prepare(void **state)
{
    (void)state;
    memset(&ended, 0, sizeof ended);
    fake_start(&device, TEST_DEVICE);
    return 0;
}

static int start(void **state)
{
    prepare(state);
    return axdriver_virtio_found(&device.virtio) != AX_OK;
}

static int end(void **state)
{
    (void)state;
    axdriver_virtio_stop(&device.virtio);
    return fake.live != 0;
}

/* ---- what is agreed on ---- */

static void the_status_goes_up_in_order(void **state)
{
    (void)state;
    static const uint8_t order[] = {0, 1 | 2, 1 | 2 | 8, 1 | 2 | 8 | 4};
    assert_int_equal(axdriver_virtio_found(&device.virtio), AX_OK);
    assert_int_equal(device.status_count, sizeof order);
    assert_memory_equal(device.statuses, order, sizeof order);
}

static void only_what_is_known_and_wanted_is_taken(void **state)
{
    (void)state;
    const uint64_t ring = AXDRIVER_VIRTIO_F_VERSION_1 | AXDRIVER_VIRTIO_F_EVENT_IDX |
                          AXDRIVER_VIRTIO_F_INDIRECT_DESC | AXDRIVER_VIRTIO_F_ACCESS_PLATFORM;
    assert_int_equal(axdriver_virtio_found(&device.virtio), AX_OK);
    assert_int_equal(device.accepted, ring | WANTED);
    device.offered = AXDRIVER_VIRTIO_F_VERSION_1 | 4;
    axdriver_virtio_stop(&device.virtio);
    assert_int_equal(axdriver_virtio_negotiate(&device.virtio, WANTED), AX_OK);
    assert_int_equal(device.accepted, AXDRIVER_VIRTIO_F_VERSION_1 | 4);
}

static void expect_refused(const char *reason)
{
    assert_int_equal(axdriver_virtio_found(&device.virtio), AX_ENODEV);
    assert_non_null(strstr(fake.told, reason));
    assert_int_equal(device.statuses[device.status_count - 1] & AXDRIVER_VIRTIO_FAILED,
                     AXDRIVER_VIRTIO_FAILED);
    assert_int_equal(fake.live, 0);
}

static void a_legacy_device_is_refused(void **state)
{
    (void)state;
    device.offered = ~AXDRIVER_VIRTIO_F_VERSION_1;
    expect_refused("test on fake 0x1 cannot be used: AX_ENOTSUP");
}

static void a_device_that_refuses_what_it_offered_is_refused(void **state)
{
    (void)state;
    device.refuses_features = true;
    expect_refused("AX_ENOTSUP");
}

static void a_device_without_the_queue_is_refused(void **state)
{
    (void)state;
    device.queues[1].size_max = 0;
    expect_refused("AX_ENODEV");
}

static void a_device_without_a_driver_is_left_alone(void **state)
{
    (void)state;
    device.virtio.device_id = TEST_DEVICE + 1;
    assert_int_equal(axdriver_virtio_found(&device.virtio), AX_ENODEV);
    assert_int_equal(device.status_count, 0);
    device.virtio.device_id = 0;
    assert_int_equal(axdriver_virtio_found(&device.virtio), AX_ENODEV);
}

static void a_queue_is_as_large_as_both_can_do_with(void **state)
{
    (void)state;
    static const struct {
        uint32_t most, size;
    } rows[] = {{1, 1}, {3, 2}, {8, 8}, {15, 8}, {16, 16}, {17, 16}, {32768, 16}, {UINT32_MAX, 16}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        prepare(state);
        device.queues[0].size_max = rows[i].most;
        assert_int_equal(axdriver_virtio_found(&device.virtio), AX_OK);
        assert_int_equal(device.queues[0].size, rows[i].size);
        axdriver_virtio_stop(&device.virtio);
        assert_int_equal(fake.live, 0);
    }
}

static void queues_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct axdriver_virtio *virtio = &device.virtio;
    struct axdriver_virtio_queue *out;
    assert_int_equal(axdriver_virtio_queue_start(virtio, 0, SIZE, done, &out), AX_EINVAL);
    assert_int_equal(axdriver_virtio_queue_start(virtio, 8, SIZE, done, &out), AX_EINVAL);
    assert_int_equal(axdriver_virtio_queue_start(virtio, 2, 0, done, &out), AX_EINVAL);
    assert_int_equal(axdriver_virtio_queue_start(virtio, 2, 12, done, &out), AX_EINVAL);
    assert_int_equal(axdriver_virtio_queue_start(virtio, 2, 512, done, &out), AX_EINVAL);
}

/* Every step that can fail, one after the other: the device is given up, and nothing is kept. */
static void each_failure_on_the_way_loses_nothing(void **state)
{
    unsigned n = 0;
    enum ax_err err = AX_ENODEV;
    while (err != AX_OK) {
        prepare(state);
        fake.until_failure = ++n;
        err = axdriver_virtio_found(&device.virtio);
        if (err != AX_OK)
            assert_int_equal(fake.live, 0);
    }
    assert_in_range(n, 2 * 7 + 1, 2 * 8); /* 6 allocations and 1 enabling a queue, an interrupt */
}

/* ---- requests ---- */

static void a_request_ends_once(void **state)
{
    (void)state;
    struct ring_request request;
    assert_int_equal(submit(1, &tokens[3]), AX_OK);
    axdriver_virtio_kick(queues[1]);
    assert_int_equal(device.queues[1].told, 1);
    assert_true(fake_next(&device, 1, &request));
    assert_int_equal(request.writable, 100);
    fake_use(&device, 1, request.id, 42);
    assert_true(fake_interrupt(&device, 1));
    assert_int_equal(ended.count[3], 1);
    assert_int_equal(ended.written, 42);
    assert_true(fake_interrupt(&device, 1));
    assert_int_equal(ended.count[3], 1);
    assert_int_equal(ended.failed, 0);
}

static void an_interrupt_of_somebody_else_is_not_ours(void **state)
{
    (void)state;
    struct ring_request request;
    assert_int_equal(submit(0, &tokens[0]), AX_OK);
    assert_true(fake_next(&device, 0, &request));
    fake_use(&device, 0, request.id, 0);
    assert_false(fake_interrupt(&device, 0));
    assert_int_equal(ended.count[0], 0);
}

static void one_that_ended_may_be_submitted_by_its_end(void **state)
{
    (void)state;
    struct ring_request request;
    ended.is_submitting = true;
    assert_int_equal(submit(0, &tokens[0]), AX_OK);
    for (unsigned i = 0; i < 3 * SIZE; i++) {
        assert_true(fake_next(&device, 0, &request));
        fake_use(&device, 0, request.id, 0);
        fake_interrupt(&device, 1);
    }
    assert_int_equal(ended.count[0], 3 * SIZE);
}

/* ---- devices that break rules ---- */

/* All of four requests on two queues have failed, once each; nothing more goes in. */
static void expect_broken(const char *rule)
{
    assert_non_null(strstr(fake.told, rule));
    assert_int_equal(fake.errors, 1);
    assert_int_equal(device.statuses[device.status_count - 1], 0);
    assert_int_equal(ended.failed, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(ended.count[i], 1);
    assert_true(axdriver_virtio_failed(queues[0]));
    assert_int_equal(submit(0, &tokens[0]), AX_EIO);
    assert_int_equal(submit(1, &tokens[0]), AX_EIO);
    axdriver_virtio_kick(queues[0]);
    assert_false(fake_interrupt(&device, 3));
    assert_int_equal(fake.errors, 1);
}

static void submit_four(void)
{
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(submit(i % 2, &tokens[i]), AX_OK);
}

static void a_bad_id_ends_all_requests(void **state)
{
    (void)state;
    submit_four();
    fake_use(&device, 1, 0x10000, 0);
    fake_interrupt(&device, 1);
    expect_broken("fake 0x1: it used a descriptor that the queue does not have");
}

static void a_bad_length_ends_all_requests(void **state)
{
    (void)state;
    ended.is_submitting = true;
    submit_four();
    fake_use(&device, 0, 0, 101);
    fake_interrupt(&device, 1);
    ended.is_submitting = false;
    expect_broken("it wrote more than it was lent");
}

static void a_device_that_asks_for_a_reset_gets_it(void **state)
{
    (void)state;
    submit_four();
    fake_interrupt(&device, 2);
    assert_int_equal(ended.failed, 0);
    device.status |= AXDRIVER_VIRTIO_NEEDS_RESET;
    fake_interrupt(&device, 2);
    expect_broken("it asks to be reset");
}

static void a_device_that_never_answers_is_given_up(void **state)
{
    (void)state;
    submit_four();
    axdriver_virtio_fail(&device.virtio, "it does not answer");
    axdriver_virtio_fail(&device.virtio, "it does not answer, again");
    expect_broken("fake 0x1: it does not answer: it is reset and not used any more");
}

/* Nothing is known of what it does: it gets no memory. */
static void one_that_cannot_be_reset_is_refused(void **state)
{
    (void)state;
    device.ignores_reset = true;
    assert_int_equal(axdriver_virtio_found(&device.virtio), AX_ENODEV);
    assert_non_null(strstr(fake.told, "does not confirm its reset"));
    assert_int_equal(device.status_count, 1);
    assert_int_equal(fake.live, 0);
}

static unsigned cuts;

static void cut(struct axdriver_virtio *virtio)
{
    assert_ptr_equal(virtio, &device.virtio);
    assert_int_equal(ended.failed, 0); /* before anything that it was lent is given back */
    cuts++;
}

/* Where the bus can, what does not reset reaches no memory any more: then all comes back. */
static void one_that_is_not_reset_is_cut_off(void **state)
{
    (void)state;
    struct axdriver_virtio_transport transport = fake_transport;
    transport.cut_off = cut;
    device.virtio.transport = &transport;
    assert_int_equal(axdriver_virtio_found(&device.virtio), AX_OK);
    submit_four();
    device.ignores_reset = true;
    axdriver_virtio_fail(&device.virtio, "it does not answer");
    assert_int_equal(cuts, 1);
    assert_int_equal(ended.failed, 4);
    cuts = ended.failed = 0;
    axdriver_virtio_stop(&device.virtio);
    assert_int_equal(cuts, 1);
    assert_int_equal(fake.live, 0);
}

/* It may still write there: that memory must never be anybody else's. */
static void memory_of_a_device_that_is_not_reset_is_kept(void **state)
{
    (void)state;
    device.offered = AXDRIVER_VIRTIO_F_VERSION_1; /* no tables */
    assert_int_equal(axdriver_virtio_found(&device.virtio), AX_OK);
    submit_four();
    unsigned live = fake.live;
    uint64_t used_bus = device.queues[0].rings.used.raw;
    device.ignores_reset = true;
    axdriver_virtio_stop(&device.virtio);
    assert_non_null(strstr(fake.told, "does not confirm its reset"));
    assert_int_equal(ended.failed, 4);
    assert_int_equal(fake.live, live - 4); /* queues and slots were never the device's */
    memset(ring_device_memory(used_bus), 0xff, ring_used_bytes(SIZE));
    for (unsigned i = 0; i < QUEUES; i++) {
        free(ring_device_memory(device.queues[i].rings.descriptors.raw));
        free(ring_device_memory(device.queues[i].rings.available.raw));
        free(ring_device_memory(device.queues[i].rings.used.raw));
    }
}

static void stopping_ends_what_is_out(void **state)
{
    (void)state;
    submit_four();
    axdriver_virtio_stop(&device.virtio);
    assert_int_equal(ended.failed, 4);
    assert_int_equal(fake.live, 0);
    assert_null(fake.handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define VIRTIO_TEST(name) cmocka_unit_test_setup_teardown(name, prepare, end)
#define STARTED_TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
        VIRTIO_TEST(the_status_goes_up_in_order),
        VIRTIO_TEST(only_what_is_known_and_wanted_is_taken),
        VIRTIO_TEST(a_legacy_device_is_refused),
        VIRTIO_TEST(a_device_that_refuses_what_it_offered_is_refused),
        VIRTIO_TEST(a_device_without_the_queue_is_refused),
        VIRTIO_TEST(a_device_without_a_driver_is_left_alone),
        VIRTIO_TEST(a_queue_is_as_large_as_both_can_do_with),
        STARTED_TEST(queues_that_cannot_be_are_refused),
        VIRTIO_TEST(each_failure_on_the_way_loses_nothing),
        STARTED_TEST(a_request_ends_once),
        STARTED_TEST(an_interrupt_of_somebody_else_is_not_ours),
        STARTED_TEST(one_that_ended_may_be_submitted_by_its_end),
        STARTED_TEST(a_bad_id_ends_all_requests),
        STARTED_TEST(a_bad_length_ends_all_requests),
        STARTED_TEST(a_device_that_asks_for_a_reset_gets_it),
        STARTED_TEST(a_device_that_never_answers_is_given_up),
        VIRTIO_TEST(one_that_cannot_be_reset_is_refused),
        cmocka_unit_test_setup(one_that_is_not_reset_is_cut_off, prepare),
        cmocka_unit_test_setup(memory_of_a_device_that_is_not_reset_is_kept, prepare),
        STARTED_TEST(stopping_ends_what_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
