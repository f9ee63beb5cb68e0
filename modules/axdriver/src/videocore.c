/*
 * The mailbox between the CPUs and the VideoCore (BCM2835 ARM Peripherals does not tell of it;
 * Linux's binding brcm,bcm2835-mbox and the firmware's wiki, "Mailboxes", do): a word is written
 * into one queue, and comes back in the other when it is done, with an interrupt. The word is a bus
 * address of 28 bits, and in the lowest four the channel: 8 is that of property messages.
 *
 * There is one message at a time, in memory that is the mailbox's for good. Who asks takes the
 * mailbox by a word, not a lock, since it waits with interrupts on.
 */
#include "interrupt.h"
#include "videocore_message.h"
#include "wait.h"
#include "want.h"
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axcpu/barrier.h>
#include <axcpu/mmio.h>
#include <axcpu/try.h>
#include <axdma/dma.h>
#include <axdriver/videocore.h>
#include <axhal/irq.h>
#include <axlog/log.h>
#include <axmm/device.h>

enum { MAIL0_READ = 0x00, MAIL0_STATUS = 0x18, MAIL0_CONFIG = 0x1c, MAIL1_WRITE = 0x20 };
enum { MAIL1_STATUS = 0x38, REGISTERS_BYTES = 0x40 };
enum { CONFIG_INTERRUPT_ON_DATA = 1 << 0, QUEUE_WORDS = 8 };
#define STATUS_FULL UINT32_C(0x80000000)
#define STATUS_EMPTY UINT32_C(0x40000000)

enum { CHANNEL_PROPERTY = 8, MESSAGE_ALIGN = 16, ANSWER_MS = 1000 };

enum { ABSENT, IDLE, ASKING, BROKEN };

static struct {
    atomic_uint state;
    volatile void *base;
    struct axdma_device dma;
    struct axdma_memory message;
    atomic_uint awaited; /* the word that is to come back; 0: none */
    struct wait wait;
} mailbox;

static const struct ax_layout message_layout = {VIDEOCORE_MESSAGE_WORDS * sizeof(uint32_t),
                                                MESSAGE_ALIGN};

/* ---- asking ---- */

/* What comes back and is not awaited was given up before. */
static bool handle(void *unused)
{
    (void)unused;
    bool is_ours = false;
    for (unsigned i = 0; i < QUEUE_WORDS; i++) {
        if (axcpu_mmio_read32(mailbox.base, MAIL0_STATUS) & STATUS_EMPTY)
            break;
        uint32_t word = axcpu_mmio_read32(mailbox.base, MAIL0_READ);
        is_ours = true;
        axcpu_barrier_device(); /* the answer is read after this */
        /* relaxed: wait_wake() publishes */
        if (word != 0 &&
            atomic_compare_exchange_strong_explicit(&mailbox.awaited, &word, 0,
                                                    memory_order_relaxed, memory_order_relaxed))
            wait_wake(&mailbox.wait);
    }
    return is_ours;
}

/* The message goes out and is back. AX_EIO: it is not. */
static enum ax_err exchange(void)
{
    uint64_t place = mailbox.message.bus.raw;
    uint32_t word = (uint32_t)place | CHANNEL_PROPERTY; /* in the bits that MESSAGE_ALIGN leaves */
    if (axcpu_mmio_read32(mailbox.base, MAIL1_STATUS) & STATUS_FULL)
        return AX_EIO;
    wait_begin(&mailbox.wait);
    atomic_store_explicit(&mailbox.awaited, word, memory_order_relaxed); /* the barrier orders it */
    axcpu_barrier_device();
    axcpu_mmio_write32(mailbox.base, MAIL1_WRITE, word);
    return wait_until(&mailbox.wait, wait_limit_ms(ANSWER_MS)) ? AX_OK : AX_EIO;
}

/* Take the mailbox. */
static enum ax_err begin(void)
{
    unsigned state = IDLE;
    /* acquire: pairs with the release of end() */
    if (atomic_compare_exchange_strong_explicit(&mailbox.state, &state, ASKING,
                                                memory_order_acquire, memory_order_relaxed))
        return AX_OK;
    return state == ABSENT ? AX_ENODEV : state == ASKING ? AX_EBUSY : AX_EIO;
}

static void end(unsigned state)
{
    /* release: pairs with the acquire of begin() */
    atomic_store_explicit(&mailbox.state, state, memory_order_release);
}

/* The message stays the VideoCore's, which may answer yet. */
static enum ax_err give_up(void)
{
    atomic_store_explicit(&mailbox.awaited, 0, memory_order_relaxed); /* nobody waits any more */
    end(BROKEN);
    axlog_error("the VideoCore does not answer: it is not asked any more");
    return AX_EIO;
}

enum ax_err axdriver_videocore_ask(uint32_t *tags, unsigned words)
{
    uint32_t message[VIDEOCORE_MESSAGE_WORDS];
    want_videocore();
    enum ax_err err = begin();
    if (err != AX_OK)
        return err;
    memset(message, 0, sizeof message);
    err = videocore_message_write(message, tags, words);
    if (err == AX_OK) {
        axlog_debug("a message of %u words at bus 0x%llx", words,
                    (unsigned long long)mailbox.message.bus.raw);
        memcpy(mailbox.message.cpu, message, sizeof message);
        if (exchange() != AX_OK)
            return give_up();
        memcpy(message, mailbox.message.cpu, sizeof message);
        err = videocore_message_read(message, tags, words);
    }
    end(IDLE);
    return err;
}

/* ---- finding it ---- */

static enum ax_err let_interrupt(const struct axhal_fdt_node *node)
{
    unsigned irq;
    enum ax_err err = interrupt_of(node, 0, &irq);
    if (err == AX_OK)
        err = axhal_irq_register(irq, handle, NULL);
    if (err == AX_OK)
        axcpu_mmio_write32(mailbox.base, MAIL0_CONFIG, CONFIG_INTERRUPT_ON_DATA);
    return err;
}

/* A message that the mailbox can be told of: 32 bits, the lowest four for the channel. */
static enum ax_err take_message(const struct axhal_fdt_node *node)
{
    struct axhal_fdt_place place;
    axhal_fdt_place_of(node, &place);
    enum ax_err err =
        axdma_device_init_from_tree(&mailbox.dma, "the VideoCore's mailbox", node->fdt, &place);
    if (err != AX_OK)
        return err;
    mailbox.dma.limits.mask = UINT32_MAX;
    mailbox.dma.limits.align = MESSAGE_ALIGN;
    return axdma_alloc(&mailbox.dma, message_layout, &mailbox.message);
}

static enum ax_err start(const struct axhal_fdt_node *node)
{
    uint32_t word;
    if (!axcpu_try_read32(mailbox.base, &word))
        return AX_EIO;
    enum ax_err err = take_message(node);
    if (err != AX_OK)
        return err;
    err = let_interrupt(node);
    if (err != AX_OK) {
        enum ax_err undone = axdma_dealloc(&mailbox.dma, mailbox.message, message_layout);
        AX_ASSERT(undone == AX_OK);
        return err;
    }
    end(IDLE);
    return AX_OK;
}

static enum ax_err attach(const struct axhal_fdt_node *node)
{
    struct ax_prange registers;
    if (mailbox.base != NULL)
        return AX_EEXIST;
    enum ax_err err = axhal_fdt_reg(node, 0, &registers);
    if (err == AX_OK && registers.size_bytes < REGISTERS_BYTES)
        err = AX_EBADMSG;
    if (err == AX_OK)
        err = axmm_map_device(registers, &mailbox.base);
    if (err != AX_OK)
        return err;
    err = start(node);
    if (err == AX_OK)
        return AX_OK;
    axmm_unmap_device(mailbox.base);
    mailbox.base = NULL;
    return err;
}

AXDRIVER_TREE_DRIVER(videocore)
const struct axdriver_tree_driver axdriver_videocore = {"brcm,bcm2835-mbox", attach};
