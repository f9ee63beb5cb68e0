/*
 * Devices of this machine, where it has any. Without them the cases are skipped; tools/test gives
 * machines that have.
 */
#include <axbase/string.h>
#include <axdriver/random.h>
#include <axdriver/serial.h>
#include <axhal/cpus.h>
#include <axhal/run.h>
#include <axhal/time.h>
#include <axtest/test.h>

#define SECOND_NS AXHAL_NS_PER_SECOND

/* 64 KiB: no byte value is far from its share of 256, and nothing comes twice. */
static void test_random(struct axtest *test)
{
    enum { BYTES = 1024, ROUNDS = 64, SHARE = ROUNDS * BYTES / 256 };
    static uint8_t bytes[BYTES];
    static unsigned counts[256];
    uint64_t first, second;
    axdriver_random(&first, sizeof first);
    axdriver_random(&second, sizeof second);
    AXTEST_CHECK(test, first != second);
    memset(counts, 0, sizeof counts);
    for (unsigned round = 0; round < ROUNDS; round++) {
        axdriver_random(bytes, sizeof bytes);
        for (unsigned i = 0; i < BYTES; i++)
            counts[bytes[i]]++;
    }
    for (unsigned i = 0; i < 256; i++) /* ten standard deviations */
        AXTEST_CHECK(test, counts[i] > SHARE - 160 && counts[i] < SHARE + 160);
}

static void test_entropy(struct axtest *test)
{
    enum ax_err err = axdriver_random_wait(2 * SECOND_NS);
    if (err == AX_ENODEV)
        axtest_skip(test, "no entropy device");
    else
        AXTEST_CHECK(test, err == AX_OK && axdriver_random_is_seeded());
}

/* ---- two consoles whose other ends are connected ---- */

enum { STREAM_BYTES = 20001, SERIAL_TIMEOUT_S = 5 };

static uint8_t sent[STREAM_BYTES + 1], received[STREAM_BYTES];

struct reader {
    struct axdriver_serial *serial;
    size_t got;
};

/* Unaligned pieces of all lengths, many times all buffers for receiving. */
static void read_all(void *argument)
{
    struct reader *reader = argument;
    enum ax_err err = AX_OK;
    while (err == AX_OK && reader->got < STREAM_BYTES) {
        size_t count = 0, room = STREAM_BYTES - reader->got;
        err = axdriver_serial_read(reader->serial, received + reader->got,
                                   room < 1000 ? room : 1000, SERIAL_TIMEOUT_S * SECOND_NS, &count);
        reader->got += count;
    }
}

static void send_all(struct axtest *test, struct axdriver_serial *serial)
{
    axdriver_random(sent, sizeof sent);
    memset(received, 0, sizeof received);
    for (size_t done = 0, step = 1; done < STREAM_BYTES; done += step, step = step * 5 / 3 + 1) {
        step = step < STREAM_BYTES - done ? step : STREAM_BYTES - done;
        AXTEST_CHECK(test, axdriver_serial_write(serial, sent + 1 + done, step) == AX_OK);
    }
}

static bool has_two_consoles(struct axtest *test)
{
    if (axdriver_serial(1) == NULL)
        axtest_skip(test, "no two virtio consoles that are connected");
    return axdriver_serial(1) != NULL;
}

static void test_reading_nothing(struct axtest *test)
{
    uint8_t byte;
    size_t count = 0;
    if (!has_two_consoles(test))
        return;
    uint64_t start = axhal_monotonic_ns();
    AXTEST_CHECK(test, axdriver_serial_read(axdriver_serial(0), &byte, 0, 0, &count) == AX_EINVAL);
    AXTEST_CHECK(test, axdriver_serial_read(axdriver_serial(0), &byte, 1, 0, &count) == AX_EBUSY);
    AXTEST_CHECK(test, axdriver_serial_read(axdriver_serial(0), &byte, 1, SECOND_NS / 100,
                                            &count) == AX_EBUSY);
    AXTEST_CHECK(test, axhal_monotonic_ns() - start >= SECOND_NS / 100 && count == 0);
}

/* Write `bytes` of what is sent to one console, and read them from the other. */
static bool pass_on(size_t offset, size_t bytes)
{
    size_t count = 0;
    enum ax_err err = axdriver_serial_write(axdriver_serial(1), sent + offset, bytes);
    for (size_t got = 0; got < bytes && err == AX_OK; got += count)
        err = axdriver_serial_read(axdriver_serial(0), received + offset + got, bytes - got,
                                   SERIAL_TIMEOUT_S * SECOND_NS, &count);
    return err == AX_OK;
}

/* A little at a time, since QEMU has no place for all of it until it is read. */
static void test_one_cpu(struct axtest *test)
{
    enum { STEP = 100 };
    bool is_passed = true;
    if (!has_two_consoles(test))
        return;
    axdriver_random(sent, sizeof sent);
    for (size_t done = 0; done < STREAM_BYTES - 1 && is_passed; done += STEP)
        is_passed = pass_on(done, STEP);
    AXTEST_CHECK(test, is_passed && memcmp(sent, received, STREAM_BYTES - 1) == 0);
}

/* Another CPU waits for what this one sends: the device interrupts the CPU that booted. */
static void test_two_cpus(struct axtest *test)
{
    struct reader reader = {axdriver_serial(1), 0};
    if (!has_two_consoles(test))
        return;
    if (axhal_cpus_online() < 2 || axhal_run_on(1, read_all, &reader) != AX_OK) {
        axtest_skip(test, "one CPU");
        return;
    }
    send_all(test, axdriver_serial(0));
    axhal_run_wait(1);
    AXTEST_CHECK(test, reader.got == STREAM_BYTES && memcmp(sent + 1, received, STREAM_BYTES) == 0);
}

static const struct axtest_case cases[] = {
    {"random bytes", test_random},
    {"an entropy device feeds them", test_entropy},
    {"a read of a virtio console ends in time", test_reading_nothing},
    {"bytes from one virtio console to another", test_one_cpu},
    {"bytes from one CPU to another by virtio consoles", test_two_cpus},
};

const struct axtest_suite axdriver_suite = {"axdriver", cases, AXTEST_COUNT(cases)};
