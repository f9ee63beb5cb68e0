/*
 * Devices of this machine, where it has any. Without them the cases are skipped; tools/test gives
 * machines that have.
 */
#include <axbase/string.h>
#include <axcpu/barrier.h>
#include <axdriver/random.h>
#include <axdriver/serial.h>
#include <axhal/time.h>
#include <axtest/test.h>

enum { SECOND_NS = 1000000000 };

/* 64 KiB: no byte value is far from its share of 256, and nothing comes twice. */
static void test_random(struct axtest *test)
{
    enum { BYTES = 65536, SHARE = BYTES / 256 };
    static uint8_t bytes[BYTES];
    static unsigned counts[256];
    uint64_t first, second;
    axdriver_random(&first, sizeof first);
    axdriver_random(&second, sizeof second);
    AXTEST_CHECK(test, first != second);
    axdriver_random(bytes, sizeof bytes);
    memset(counts, 0, sizeof counts);
    for (unsigned i = 0; i < BYTES; i++)
        counts[bytes[i]]++;
    for (unsigned i = 0; i < 256; i++) /* ten standard deviations */
        AXTEST_CHECK(test, counts[i] > SHARE - 160 && counts[i] < SHARE + 160);
}

static void test_entropy(struct axtest *test)
{
    uint64_t limit = axhal_monotonic_ns() + 2 * (uint64_t)SECOND_NS;
    while (!axdriver_random_is_seeded() && axhal_monotonic_ns() < limit)
        axcpu_relax();
    if (!axdriver_random_is_seeded())
        axtest_skip(test, "no entropy device");
}

/* The host echoes what it gets. Unaligned, and longer than all buffers for receiving. */
static void test_serial(struct axtest *test)
{
    enum { BYTES = 5001 };
    static uint8_t out[BYTES + 1], in[BYTES];
    struct axdriver_serial *serial = axdriver_serial(0);
    size_t count = 0, got = 0;
    if (serial == NULL) {
        axtest_skip(test, "no virtio console");
        return;
    }
    axdriver_random(out, sizeof out);
    AXTEST_CHECK(test, axdriver_serial_read(serial, in, 0, 0, &count) == AX_EINVAL);
    AXTEST_CHECK(test, axdriver_serial_read(serial, in, 1, 1000, &count) == AX_EBUSY);
    if (!AXTEST_CHECK(test, axdriver_serial_write(serial, out + 1, BYTES) == AX_OK))
        return;
    while (got < BYTES && axdriver_serial_read(serial, in + got, BYTES - got,
                                               2 * (uint64_t)SECOND_NS, &count) == AX_OK)
        got += count;
    AXTEST_CHECK(test, got == BYTES && memcmp(in, out + 1, BYTES) == 0);
}

static const struct axtest_case cases[] = {
    {"random bytes", test_random},
    {"an entropy device feeds them", test_entropy},
    {"bytes there and back by a virtio console", test_serial},
};

const struct axtest_suite axdriver_suite = {"axdriver", cases, AXTEST_COUNT(cases)};
