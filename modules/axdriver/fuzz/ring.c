/*
 * Any bytes as what a device does to a split ring, between requests of ours: whatever it writes,
 * each token comes back exactly once, with no more bytes than were lent, or a rule is named and
 * nothing has changed; and ring_check() holds after each step.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/host/ring_device.h"
#include <fuzz_input.h>
#include <fuzz_require.h>

enum { REQUESTS_MAX = 256, SEGMENTS_MAX = 12 };

static uint16_t half(void)
{
    uint16_t low = byte();
    return (uint16_t)(low | byte() << 8);
}

/* Small numbers often, any number sometimes. */
static uint32_t number(void)
{
    uint32_t small = byte();
    return small < 0xc0 ? small : half() | (uint32_t)half() << 16;
}

static struct ring_device device;
static uint64_t
    lent[REQUESTS_MAX]; /* 1 + bytes that each token may come back with; 0: it is ours */
static unsigned out_count;

static unsigned index_of(const void *token)
{
    const uint64_t *place = token;
    REQUIRE(place >= lent && place < lent + REQUESTS_MAX);
    return (unsigned)(place - lent);
}

static void submit(void)
{
    struct axdma_segment segments[SEGMENTS_MAX];
    unsigned reads = byte() % (SEGMENTS_MAX / 2 + 1);
    unsigned writes = byte() % (SEGMENTS_MAX / 2 + 1);
    uint64_t writable = 0;
    unsigned token = 0;
    while (token < REQUESTS_MAX && lent[token] != 0)
        token++;
    REQUIRE(token < REQUESTS_MAX); /* more than any ring here has */
    for (unsigned i = 0; i < reads + writes; i++) {
        segments[i] = (struct axdma_segment){{number()}, number()};
        writable += i >= reads ? segments[i].bytes : 0;
    }
    enum ax_err err = ring_add(&device.ring, segments, reads, writes, &lent[token]);
    REQUIRE(err == AX_OK || err == AX_EINVAL || err == AX_EBUSY);
    if (err != AX_OK)
        return;
    lent[token] = 1 + writable;
    out_count++;
}

static void take(void)
{
    void *token = NULL;
    uint32_t written = 0;
    const char *rule = NULL;
    struct ring before = device.ring;
    enum ax_err err = ring_take(&device.ring, &token, &written, &rule);
    REQUIRE(err == AX_OK || memcmp(&before, &device.ring, sizeof before) == 0);
    REQUIRE((err == AX_EBADMSG) == (rule != NULL) && (err == AX_OK) == (token != NULL));
    if (err != AX_OK)
        return;
    REQUIRE(lent[index_of(token)] > written);
    lent[index_of(token)] = 0;
    out_count--;
}

static void take_back(void)
{
    for (void *token; (token = ring_abandon(&device.ring)) != NULL; out_count--) {
        REQUIRE(lent[index_of(token)] != 0);
        lent[index_of(token)] = 0;
    }
    REQUIRE(out_count == 0);
}

/* The device writes into the used ring: an entry and the index after it, or any 16 bits anywhere.
 */
static void misuse(void)
{
    unsigned halves = (unsigned)(ring_used_bytes(device.ring.size) / 2);
    if (byte() % 4 != 0)
        ring_device_use(&device, number(), number());
    else
        ring_device_used(&device)[half() % halves] = half();
}

/* Into the parts that are ours to write. */
static void overwrite(void)
{
    unsigned part = byte() % 2;
    size_t bytes = part == 0 ? ring_descriptors_bytes(device.ring.size)
                             : ring_available_bytes(device.ring.size);
    ((uint8_t *)device.parts[part])[half() % bytes] = byte();
}

static void step(void)
{
    switch (byte() % 8) {
    case 0:
    case 1:
        submit();
        break;
    case 2:
    case 3:
        misuse();
        break;
    case 4:
        overwrite();
        break;
    case 5:
        if (ring_must_notify(&device.ring) || ring_rearm(&device.ring))
            take();
        break;
    default:
        take();
        break;
    }
    REQUIRE(ring_check(&device.ring) == NULL);
    REQUIRE(device.ring.in_flight == out_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input.next = data;
    input.left = size;
    unsigned kind = byte();
    memset(lent, 0, sizeof lent);
    out_count = 0;
    ring_device_start(&device, 1u << (kind & 7), (kind & 8) != 0, (kind & 16) != 0);
    while (input.left > 0)
        step();
    take_back();
    REQUIRE(ring_check(&device.ring) == NULL && device.ring.free_count == device.ring.size);
    ring_device_end(&device);
    return 0;
}
