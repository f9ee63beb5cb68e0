/*
 * The drivers of the entropy device and of the console, with devices that keep the rules and that
 * do not. Drivers have no end, so devices of earlier cases stay attached.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_device.h"
#include <axcpu/barrier.h>
#include <axcpu/host.h>
#include <axdriver/random.h>
#include <axdriver/serial.h>

enum { RNG = 4, CONSOLE = 3, RECEIVE = 0, TRANSMIT = 1, BUFFERS = 8, BUFFER_BYTES = 256 };

const struct axdriver_virtio_driver axdriver_virtio_drivers[] = {{0, NULL, NULL}};

static struct fake_device rng;

/* A device to which a driver is attached, whatever the table says. */
static enum ax_err attach(struct fake_device *device, const struct axdriver_virtio_driver *driver)
{
    fake_start(device, driver->device_id);
    device->status = 0;
    return driver->attach(&device->virtio);
}

/* ---- random bytes ---- */

static void without_a_device_they_are_not_seeded(void **state)
{
    (void)state;
    uint64_t first, second;
    axdriver_random(&first, sizeof first);
    axdriver_random(&second, sizeof second);
    assert_int_not_equal(first, second);
    assert_false(axdriver_random_is_seeded());
    assert_int_equal(axdriver_random_wait(UINT64_MAX), AX_ENODEV);
}

static void a_device_is_asked_at_once_and_feeds(void **state)
{
    (void)state;
    struct ring_request request;
    assert_int_equal(attach(&rng, &axdriver_virtio_rng), AX_OK);
    assert_int_equal(rng.queues[0].told, 1);
    assert_int_equal(axdriver_random_wait(10000000), AX_EBUSY);
    assert_true(fake_next(&rng, 0, &request));
    assert_int_equal(request.writable, 64);
    memset(ring_device_memory(request.first_bus), 0x5a, 64);
    fake_use(&rng, 0, request.id, 64);
    assert_true(fake_interrupt(&rng, 1));
    assert_true(axdriver_random_is_seeded());
    assert_int_equal(axdriver_random_wait(0), AX_OK);
    for (unsigned i = 0; i < 64; i++) /* nothing of it is left where the device could read it */
        assert_int_equal(((uint8_t *)ring_device_memory(request.first_bus))[i], 0);
}

static void it_is_asked_again_after_a_mib(void **state)
{
    (void)state;
    static uint8_t bytes[1 << 16];
    struct ring_request request;
    for (unsigned given = 0; given < (1 << 20); given += sizeof bytes) {
        assert_false(fake_next(&rng, 0, &request));
        axdriver_random(bytes, sizeof bytes);
    }
    assert_true(fake_next(&rng, 0, &request));
    for (unsigned given = 0; given < (3 << 20); given += sizeof bytes)
        axdriver_random(bytes, sizeof bytes);
    assert_false(fake_next(&rng, 0, &request)); /* one at a time */
    fake_use(&rng, 0, request.id, 1);
    assert_true(fake_interrupt(&rng, 1));
}

static void a_device_that_writes_too_much_is_not_asked_again(void **state)
{
    (void)state;
    static uint8_t bytes[2 << 20];
    struct ring_request request;
    axdriver_random(bytes, sizeof bytes);
    assert_true(fake_next(&rng, 0, &request));
    fake_use(&rng, 0, request.id, 65);
    assert_true(fake_interrupt(&rng, 1));
    assert_non_null(strstr(fake.told, "it wrote more than it was lent"));
    axdriver_random(bytes, sizeof bytes);
    assert_int_equal(fake.errors, 1);
}

static void a_second_device_is_left_alone(void **state)
{
    (void)state;
    struct fake_device second;
    assert_int_equal(attach(&second, &axdriver_virtio_rng), AX_EALREADY);
    assert_int_equal(fake.live, 0);
}

/* ---- the console ---- */

static struct fake_device *console; /* a new one each case */
static struct axdriver_serial *serial;
static unsigned console_count;
static void (*while_waiting)(void); /* what the device does meanwhile */

static void relax(void)
{
    struct axcpu_irq_state state = axcpu_irq_disable();
    if (while_waiting != NULL)
        while_waiting();
    axcpu_irq_restore(state);
}

static int start_console(void **state)
{
    (void)state;
    console = calloc(1, sizeof *console);
    if (attach(console, &axdriver_virtio_console) != AX_OK)
        return 1;
    serial = axdriver_serial(console_count++);
    axcpu_host_on_relax = relax;
    while_waiting = NULL;
    return serial == NULL || axdriver_serial(console_count) != NULL;
}

/* The device sends `bytes` bytes, each one more than the one before, in one buffer. */
static void arrive(unsigned bytes, uint8_t first)
{
    struct ring_request request;
    assert_true(fake_next(console, RECEIVE, &request));
    assert_int_equal(request.writable, BUFFER_BYTES);
    for (unsigned i = 0; i < bytes; i++)
        ((uint8_t *)ring_device_memory(request.first_bus))[i] = (uint8_t)(first + i);
    fake_use(console, RECEIVE, request.id, bytes);
    assert_true(fake_interrupt(console, 1));
}

static void what_arrives_is_read_in_order(void **state)
{
    (void)state;
    uint8_t bytes[600], next = 0;
    size_t count = 0;
    for (unsigned round = 0; round < 100; round++) {
        unsigned length = 1 + round * 7 % BUFFER_BYTES;
        arrive(length, next);
        arrive(3, (uint8_t)(next + length));
        for (size_t left = length + 3; left > 0; left -= count) {
            size_t room = 1 + round % 13 * 40;
            assert_int_equal(axdriver_serial_read(serial, bytes, room, 0, &count), AX_OK);
            assert_in_range(count, 1, room);
            for (size_t i = 0; i < count; i++)
                assert_int_equal(bytes[i], next++);
        }
    }
    assert_int_equal(axdriver_serial_read(serial, bytes, 1, 0, &count), AX_EBUSY);
}

/* With every buffer full and unread there is none to write to: the host waits. */
static void nothing_is_lost_when_nobody_reads(void **state)
{
    (void)state;
    struct ring_request request;
    uint8_t bytes[BUFFER_BYTES];
    size_t count;
    for (unsigned i = 0; i < BUFFERS; i++)
        arrive(BUFFER_BYTES, (uint8_t)i);
    assert_false(fake_next(console, RECEIVE, &request));
    for (unsigned i = 0; i < BUFFERS; i++) {
        assert_int_equal(axdriver_serial_read(serial, bytes, sizeof bytes, 0, &count), AX_OK);
        assert_int_equal(count, BUFFER_BYTES);
        assert_int_equal(bytes[0], i);
    }
    assert_true(fake_next(console, RECEIVE, &request));
}

static void arrive_once(void)
{
    while_waiting = NULL;
    arrive(5, 1);
}

static void a_reader_is_woken(void **state)
{
    (void)state;
    uint8_t bytes[8];
    size_t count = 0;
    while_waiting = arrive_once;
    assert_int_equal(axdriver_serial_read(serial, bytes, sizeof bytes, UINT64_MAX, &count), AX_OK);
    assert_int_equal(count, 5);
}

static void buffers_without_bytes_are_given_back(void **state)
{
    (void)state;
    uint8_t bytes[8];
    size_t count = 0;
    for (unsigned i = 0; i < 3 * BUFFERS; i++) {
        arrive(0, 0);
        assert_int_equal(axdriver_serial_read(serial, bytes, 8, 5000000, &count), AX_EBUSY);
    }
    assert_int_equal(count, 0);
}

static void what_came_before_a_failure_can_be_read(void **state)
{
    (void)state;
    uint8_t bytes[8];
    size_t count = 0;
    arrive(2, 7);
    axdriver_virtio_fail(&console->virtio, "the test says so");
    assert_int_equal(axdriver_serial_read(serial, bytes, 8, UINT64_MAX, &count), AX_OK);
    assert_int_equal(count, 2);
    assert_int_equal(axdriver_serial_read(serial, bytes, 8, UINT64_MAX, &count), AX_EIO);
    assert_int_equal(axdriver_serial_write(serial, bytes, 8), AX_EIO);
}

static void break_a_rule(void)
{
    while_waiting = NULL;
    fake_use(console, RECEIVE, 0x7fffffff, 0);
    fake_interrupt(console, 1);
}

static void a_reader_is_told_of_a_failure(void **state)
{
    (void)state;
    uint8_t byte;
    size_t count = 0;
    while_waiting = break_a_rule;
    assert_int_equal(axdriver_serial_read(serial, &byte, 1, UINT64_MAX, &count), AX_EIO);
    assert_int_equal(fake.errors, 1);
}

static uint8_t sent[200000];
static size_t sent_bytes;
static unsigned sent_pieces;

static void take_what_is_sent(void)
{
    struct ring_request request;
    if (!fake_next(console, TRANSMIT, &request))
        return;
    const struct ring_descriptor *ring =
        ring_device_memory(console->queues[TRANSMIT].rings.descriptors.raw);
    memcpy(sent + sent_bytes, ring_device_memory(request.first_bus), ring[request.id].bytes);
    sent_bytes += ring[request.id].bytes;
    sent_pieces++;
    fake_use(console, TRANSMIT, request.id, 0);
    fake_interrupt(console, 1);
}

static void all_of_a_long_text_is_sent(void **state)
{
    (void)state;
    static uint8_t text[sizeof sent];
    unsigned live = fake.live;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7 >> 3);
    sent_bytes = 0;
    while_waiting = take_what_is_sent;
    assert_int_equal(axdriver_serial_write(serial, text + 1, sizeof text - 1), AX_OK);
    assert_int_equal(sent_bytes, sizeof text - 1);
    assert_int_equal(sent_pieces, 4); /* 64 KiB each: no bounce buffer is larger */
    assert_memory_equal(sent, text + 1, sizeof text - 1);
    assert_int_equal(axdriver_serial_write(serial, text, 0), AX_OK);
    fake.until_failure = 1;
    assert_int_equal(axdriver_serial_write(serial, text, 5), AX_ENOMEM);
    assert_int_equal(fake.live, live);
}

static void a_console_that_never_sends_is_given_up(void **state)
{
    (void)state;
    unsigned live = fake.live;
    assert_int_equal(axdriver_serial_write(serial, "hello", 5), AX_EIO);
    assert_non_null(strstr(fake.told, "it does not send what it is given"));
    assert_int_equal(fake.live, live);
    assert_in_range(fake.now_ns, UINT64_C(10000000000), UINT64_C(11000000000));
}

/* Itself, seven steps for each queue, eight buffers, an interrupt. */
static void a_console_that_cannot_start_keeps_nothing(void **state)
{
    (void)state;
    struct fake_device device;
    for (unsigned n = 1; n <= 1 + 2 * 7 + BUFFERS + 1; n++) {
        fake_start(&device, CONSOLE);
        fake.until_failure = n;
        assert_int_not_equal(axdriver_virtio_console.attach(&device.virtio), AX_OK);
        axdriver_virtio_stop(&device.virtio); /* as axdriver_virtio_found() does */
        assert_int_equal(fake.live, 0);
    }
    assert_null(axdriver_serial(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_device_they_are_not_seeded),
        cmocka_unit_test(a_device_is_asked_at_once_and_feeds),
        cmocka_unit_test(it_is_asked_again_after_a_mib),
        cmocka_unit_test(a_device_that_writes_too_much_is_not_asked_again),
        cmocka_unit_test(a_second_device_is_left_alone),
        cmocka_unit_test(a_console_that_cannot_start_keeps_nothing),
        cmocka_unit_test_setup(what_arrives_is_read_in_order, start_console),
        cmocka_unit_test_setup(nothing_is_lost_when_nobody_reads, start_console),
        cmocka_unit_test_setup(a_reader_is_woken, start_console),
        cmocka_unit_test_setup(buffers_without_bytes_are_given_back, start_console),
        cmocka_unit_test_setup(what_came_before_a_failure_can_be_read, start_console),
        cmocka_unit_test_setup(a_reader_is_told_of_a_failure, start_console),
        cmocka_unit_test_setup(all_of_a_long_text_is_sent, start_console),
        cmocka_unit_test_setup(a_console_that_never_sends_is_given_up, start_console),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
