/*
 * SiFive's platform DMA engine (SiFive FU540-C000 Manual v1p0, chapter 12; QEMU
 * hw/dma/sifive_pdma.c): four channels that copy memory, of which the first does all that there is
 * to do, one copy at a time.
 *
 * A channel is claimed once. For a copy it is told size, destination and source, then to run; it
 * interrupts when it is done, and what it says of the end stays until the next copy.
 *
 * A transaction is as large as the addresses and the size are multiples of, 64 bytes at most: what
 * the chip does with others, the manual does not say. So a copy between odd addresses goes byte by
 * byte.
 */
#include "interrupt.h"
#include "wait.h"
#include "want.h"
#include <axbase/assert.h>
#include <axbase/bits.h>
#include <axbase/fmt.h>
#include <axcpu/barrier.h>
#include <axcpu/mmio.h>
#include <axcpu/try.h>
#include <axdma/stream.h>
#include <axdriver/copy.h>
#include <axhal/irq.h>
#include <axlog/log.h>
#include <axmm/device.h>
#include <stddef.h>

/* Of channel 0. */
enum { CONTROL = 0x00, NEXT_CONFIG = 0x04, NEXT_BYTES = 0x08, NEXT_TO = 0x10, NEXT_FROM = 0x18 };
enum { CHANNEL_BYTES = 0x1000, NAME_BYTES = 40 };
enum { CLAIM = 1 << 0, RUN = 1 << 1, DONE_INTERRUPTS = 1 << 14, ERROR_INTERRUPTS = 1 << 15 };
enum { DONE = 1 << 30 };
#define ERROR (UINT32_C(1) << 31)
enum { WRITE_SIZE_SHIFT = 24, READ_SIZE_SHIFT = 28, LARGEST_LOG2 = 6 };
enum { DONE_INTERRUPT, ERROR_INTERRUPT }; /* which of the node's interrupts */
enum { IDLE, COPIES, LOST };              /* lost: it did not end a copy in time */

struct axdriver_copier {
    volatile void *base; /* NULL: none was found */
    struct axdma_device dma;
    char name[NAME_BYTES];
    atomic_uint state;
    _Atomic(struct wait *) waits; /* who waits for the end; NULL: nobody */
    uint32_t end;                 /* CONTROL at that end */
};

static struct axdriver_copier engine;

/* ---- a copy ---- */

/* Both interrupts. Dropping the two bits that say why ends them. */
static bool handle(void *unused)
{
    (void)unused;
    uint32_t control = axcpu_mmio_read32(engine.base, CONTROL);
    if ((control & (DONE | ERROR)) == 0)
        return false;
    axcpu_mmio_write32(engine.base, CONTROL, CLAIM);
    axcpu_barrier_device(); /* what it wrote is read after this */
    /* acquire: pairs with the release of run() */
    struct wait *wait = atomic_exchange_explicit(&engine.waits, NULL, memory_order_acquire);
    if (wait != NULL) {
        engine.end = control;
        wait_wake(wait);
    }
    return true;
}

static uint32_t transaction_config(uint64_t all)
{
    unsigned log2 = all % (1 << LARGEST_LOG2) == 0 ? LARGEST_LOG2 : (unsigned)ax_ctz64(all);
    return (uint32_t)log2 << WRITE_SIZE_SHIFT | (uint32_t)log2 << READ_SIZE_SHIFT;
}

static enum ax_err run(struct ax_busaddr to, struct ax_busaddr from, uint64_t bytes)
{
    struct wait wait;
    wait_begin(&wait);
    engine.end = 0;
    /* release: pairs with the acquire of handle() */
    atomic_store_explicit(&engine.waits, &wait, memory_order_release);
    axcpu_mmio_write32(engine.base, NEXT_CONFIG, transaction_config(to.raw | from.raw | bytes));
    axcpu_mmio_write64(engine.base, NEXT_BYTES, bytes);
    axcpu_mmio_write64(engine.base, NEXT_TO, to.raw);
    axcpu_mmio_write64(engine.base, NEXT_FROM, from.raw);
    axcpu_barrier_device(); /* what it is to read was written before */
    axcpu_mmio_write32(engine.base, CONTROL, CLAIM | RUN | DONE_INTERRUPTS | ERROR_INTERRUPTS);
    bool is_over = wait_until(&wait, wait_limit_ms(CONFIG_AXDRIVER_COPY_TIMEOUT_MS));
    /* acquire: if the handler was faster after all, it has been here, and wakes a wait that is */
    if (!is_over && atomic_exchange_explicit(&engine.waits, NULL, memory_order_acquire) == NULL)
        is_over = wait_until(&wait, UINT64_MAX);
    if (!is_over) {
        /* relaxed: nothing else goes with it */
        atomic_store_explicit(&engine.state, LOST, memory_order_relaxed);
        axlog_error("%s: no end of a copy within %u ms: not used any more", engine.name,
                    (unsigned)CONFIG_AXDRIVER_COPY_TIMEOUT_MS);
        return AX_EIO;
    }
    bool is_good = (engine.end & ERROR) == 0;
    /* release: the next copy comes after this one; pairs with the acquire of axdriver_copy_bus() */
    atomic_store_explicit(&engine.state, IDLE, memory_order_release);
    return is_good ? AX_OK : AX_EIO;
}

enum ax_err axdriver_copy_bus(struct axdriver_copier *copier, struct ax_busaddr to,
                              struct ax_busaddr from, uint64_t bytes)
{
    unsigned state = IDLE;
    if (bytes == 0)
        return AX_EINVAL;
    /* acquire: pairs with the release of run() */
    if (!atomic_compare_exchange_strong_explicit(&copier->state, &state, COPIES,
                                                 memory_order_acquire, memory_order_relaxed))
        return state == LOST ? AX_EIO : AX_EBUSY;
    return run(to, from, bytes);
}

static bool is_lost(struct axdriver_copier *copier)
{
    /* relaxed: once it is, it stays so */
    return atomic_load_explicit(&copier->state, memory_order_relaxed) == LOST;
}

enum ax_err axdriver_copy(struct axdriver_copier *copier, void *to, const void *from, size_t bytes)
{
    struct axdma_mapping source, target;
    if (is_lost(copier))
        return AX_EIO;
    /* only read: a mapping has one type of buffer for both directions */
    void *read = (void *)(uintptr_t)from;
    enum ax_err err = axdma_map(&copier->dma, read, bytes, AXDMA_TO_DEVICE, &source);
    if (err != AX_OK)
        return err;
    err = axdma_map(&copier->dma, to, bytes, AXDMA_FROM_DEVICE, &target);
    if (err == AX_OK) {
        err = axdriver_copy_bus(copier, target.bus, source.bus, bytes);
        if (is_lost(copier)) /* what it was lent stays lent: it may still be writing */
            return err;
        enum ax_err ended = axdma_unmap(&copier->dma, &target);
        err = err == AX_OK ? ended : err;
    }
    enum ax_err ended = axdma_unmap(&copier->dma, &source);
    return err == AX_OK ? ended : err;
}

/* ---- finding it ---- */

static enum ax_err register_interrupts(const struct axhal_fdt_node *node)
{
    unsigned done, error;
    enum ax_err err = interrupt_of(node, DONE_INTERRUPT, &done);
    if (err == AX_OK)
        err = interrupt_of(node, ERROR_INTERRUPT, &error);
    if (err == AX_OK)
        err = axhal_irq_register(done, handle, NULL);
    if (err != AX_OK)
        return err;
    err = axhal_irq_register(error, handle, NULL);
    if (err == AX_OK)
        return AX_OK;
    enum ax_err undone = axhal_irq_unregister(done, handle, NULL);
    AX_ASSERT(undone == AX_OK); /* it was registered right above */
    return err;
}

/* The channel answers, and is ours. To claim it clears what it is to do next: memory would not. */
static enum ax_err claim(void)
{
    uint32_t control;
    volatile uint32_t *registers = engine.base;
    if (!axcpu_try_read32(registers + CONTROL / sizeof control, &control) || (control & RUN) != 0)
        return AX_EBADMSG;
    axcpu_mmio_write32(engine.base, CONTROL, 0);
    axcpu_mmio_write32(engine.base, NEXT_TO, UINT32_MAX);
    axcpu_mmio_write32(engine.base, CONTROL, CLAIM);
    bool is_ours = axcpu_mmio_read32(engine.base, CONTROL) == CLAIM &&
                   axcpu_mmio_read32(engine.base, NEXT_TO) == 0;
    return is_ours ? AX_OK : AX_EBADMSG;
}

static enum ax_err start(const struct axhal_fdt_node *node)
{
    struct axhal_fdt_place place;
    axhal_fdt_place_of(node, &place);
    enum ax_err err = axdma_device_init_from_tree(&engine.dma, engine.name, node->fdt, &place);
    if (err == AX_OK)
        err = claim();
    return err == AX_OK ? register_interrupts(node) : err;
}

static enum ax_err attach(const struct axhal_fdt_node *node)
{
    struct ax_prange registers;
    if (engine.base != NULL)
        return AX_EALREADY;
    enum ax_err err = axhal_fdt_reg(node, 0, &registers);
    if (err != AX_OK || registers.size_bytes < CHANNEL_BYTES)
        return err != AX_OK ? err : AX_EBADMSG;
    ax_snprintf(engine.name, sizeof engine.name, "sifive-pdma 0x%llx",
                (unsigned long long)registers.start.raw);
    err = axmm_map_device(ax_prange(registers.start.raw, CHANNEL_BYTES), &engine.base);
    if (err == AX_OK)
        err = start(node);
    if (err != AX_OK && engine.base != NULL) {
        axmm_unmap_device(engine.base);
        engine.base = NULL;
    }
    return err;
}

AXDRIVER_TREE_DRIVER(sifive_pdma)
static const struct axdriver_tree_driver sifive_pdma = {"sifive,fu540-c000-pdma", attach};

struct axdriver_copier *axdriver_copier(void)
{
    want_devices();
    AX_KEEP(&sifive_pdma);
    return engine.base != NULL ? &engine : NULL;
}

struct axdma_device *axdriver_copier_dma(struct axdriver_copier *copier)
{
    return &copier->dma;
}
