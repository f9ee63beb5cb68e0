/*
 * A whole virtio device that does anything: what it says of itself, when it interrupts and why,
 * what it writes into its rings, whether it lets itself be reset. Whatever it does, each request
 * that was taken ends exactly once and with no more bytes than were lent, a broken device takes no
 * more, and at the end all memory is given back, but for what a device keeps that cannot be reset.
 */
#include <stddef.h>
#include <stdint.h>

#include "../tests/host/fake_device.h"
#include <fuzz_input.h>
#include <fuzz_require.h>

enum { DEVICE = 77, QUEUES_MAX = 3, REQUESTS_MAX = 1024 };

static uint32_t word(void)
{
    uint32_t value = byte();
    for (unsigned i = 1; i < 4; i++)
        value |= (uint32_t)byte() << 8 * i;
    return value;
}

static uint32_t number(void)
{
    uint32_t small = byte();
    return small < 0xc0 ? small : word();
}

static struct fake_device device;
static struct axdriver_virtio_queue *queues[QUEUES_MAX];
static unsigned queue_count;
static uint64_t lent[REQUESTS_MAX]; /* as in fuzz/ring.c */
static unsigned out_count;
static bool resubmits; /* done() does, as long as there is input */

static void submit(unsigned index)
{
    struct axdma_segment segments[4];
    unsigned reads = byte() % 3, writes = byte() % 3;
    uint64_t writable = 0;
    unsigned token = 0;
    bool has_failed = axdriver_virtio_failed(queues[index]);
    while (token < REQUESTS_MAX && lent[token] != 0)
        token++;
    REQUIRE(token < REQUESTS_MAX);
    for (unsigned i = 0; i < reads + writes; i++) {
        segments[i] = (struct axdma_segment){{number()}, number()};
        writable += i >= reads ? segments[i].bytes : 0;
    }
    lent[token] = 1 + writable;
    out_count++;
    enum ax_err err = axdriver_virtio_submit(queues[index], segments, reads, writes, &lent[token]);
    REQUIRE(!has_failed || err != AX_OK);
    if (err == AX_OK)
        return;
    lent[token] = 0;
    out_count--;
}

static void done(struct axdriver_virtio_queue *queue, void *token, uint32_t written_bytes)
{
    uint64_t *place = token;
    REQUIRE(place >= lent && place<lent + REQUESTS_MAX && * place> written_bytes);
    REQUIRE(!axsync_spin_is_locked(&queue->lock) && !axcpu_host_irq_enabled);
    *place = 0;
    out_count--;
    if (resubmits && input.left > 0)
        submit(queue->index);
}

static enum ax_err attach(struct axdriver_virtio *virtio)
{
    enum ax_err err = axdriver_virtio_negotiate(virtio, word());
    unsigned wanted = 1 + byte() % QUEUES_MAX;
    queue_count = 0;
    while (err == AX_OK && queue_count < wanted) {
        err = axdriver_virtio_queue_start(virtio, queue_count, 1u << byte() % 9, done,
                                          &queues[queue_count]);
        queue_count += err == AX_OK;
    }
    return err == AX_OK ? axdriver_virtio_go(virtio) : err;
}

const struct axdriver_virtio_driver axdriver_virtio_drivers[] = {{DEVICE, "fuzzed", attach},
                                                                 {0, NULL, NULL}};

/* The device's memory is there as long as its queue is enabled. */
static void misuse(void)
{
    unsigned index = byte() % queue_count;
    uint32_t size = device.queues[index].size;
    if (size == 0)
        return;
    uint16_t *used = ring_device_memory(device.queues[index].rings.used.raw);
    if (byte() % 4 != 0)
        fake_use(&device, index, number(), number());
    else
        used[word() % (ring_used_bytes(size) / 2)] = (uint16_t)word();
}

static void interrupt(void)
{
    struct axcpu_irq_state state = axcpu_irq_disable();
    fake_interrupt(&device, number());
    axcpu_irq_restore(state);
}

static void step(void)
{
    switch (byte() % 8) {
    case 0:
    case 1:
        submit(byte() % queue_count);
        break;
    case 2:
        axdriver_virtio_kick(queues[byte() % queue_count]);
        break;
    case 3:
    case 4:
        misuse();
        break;
    case 5:
        device.status = byte();
        device.ignores_reset = byte() % 4 == 0;
        break;
    case 6:
        interrupt();
        break;
    default:
        resubmits = byte() % 2 != 0;
        if (byte() % 8 == 0)
            axdriver_virtio_fail(&device.virtio, "it does not answer");
        break;
    }
    for (unsigned i = 0; i < queue_count; i++)
        REQUIRE(ring_check(&queues[i]->ring) == NULL);
}

/* What a device that cannot be reset has kept is the test's to free. */
static void free_kept(struct axdma_memory kept[][PARTS])
{
    for (unsigned i = 0; i < queue_count && device.virtio.is_still_running; i++)
        for (unsigned part = 0; part < PARTS; part++)
            if (kept[i][part].cpu != NULL)
                axdma_dealloc(&device.virtio.dma, kept[i][part], (struct ax_layout){0, 1});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct axdma_memory kept[QUEUES_MAX][PARTS];
    input.next = data;
    input.left = size;
    fake_start(&device, DEVICE);
    device.offered = word() | (uint64_t)(byte() % 8 != 0) << 32;
    device.refuses_features = byte() % 16 == 1;
    for (unsigned i = 0; i < QUEUES_MAX; i++)
        device.queues[i].size_max = number();
    fake.until_failure = byte() % 32;
    memset(lent, 0, sizeof lent);
    out_count = 0;
    resubmits = false;
    if (axdriver_virtio_found(&device.virtio) != AX_OK) {
        REQUIRE(fake.live == 0 && fake.handle == NULL && out_count == 0);
        return 0;
    }
    while (input.left > 0)
        step();
    for (unsigned i = 0; i < queue_count; i++)
        memcpy(kept[i], queues[i]->parts, sizeof kept[i]);
    axdriver_virtio_stop(&device.virtio);
    free_kept(kept);
    REQUIRE(fake.live == 0 && out_count == 0 && axcpu_host_irq_enabled);
    return 0;
}
