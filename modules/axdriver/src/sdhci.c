/*
 * An SD host of the standard kind (SD Host Controller Simplified Specification 3.00, chapter 2), as
 * the Arasan one of a Raspberry Pi: one card, which is a disk.
 *
 * Data goes word by word through the CPU, in the interrupt that says that a sector can be moved:
 * the Pi's host does no DMA of its own, and so this one is told no address at all. All registers
 * are accessed as 32 bits, since that host takes nothing else.
 *
 * One request is out at a time. Who takes it out of `request`, under the lock, ends it. A timer
 * looks at it, as in virtio_blk.c: it runs while a request is out or in its done(), which thus may
 * start the next. A card that misses its time is not used any more.
 *
 * The card is identified at boot, with interrupts off, so by looking again and again, a second at
 * most.
 *
 * Does badly: the card stays at 25 MHz and one data line. Of a host that does not say how fast its
 * clock is, as the Pi's, 100 MHz are supposed. No card that is put in later.
 */
#include "sdhci.h"
#include "block_internal.h"
#include "interrupt.h"
#include "want.h"
#include <axalloc/malloc.h>
#include <axbase/fmt.h>
#include <axbase/string.h>
#include <axhal/irq.h>
#include <axhal/time.h>
#include <axhal/timer.h>
#include <axlog/log.h>
#include <axmm/device.h>
#include <axsync/spinlock.h>

enum { SECTOR_WORDS = AXDRIVER_SECTOR_BYTES / 4, MOST_SECTORS = 0xffff, NAME_BYTES = 48 };
enum { STOP_POLLS = 10000 };
#define NS_PER_MS (AXHAL_NS_PER_SECOND / 1000)

struct sdhci {
    struct axdriver_block block; /* first */
    struct sdhci_host host;
    struct sd_card card;
    struct axhal_timer timer;
    struct axsync_spinlock lock; /* of what follows, and of the registers once it is a disk */
    struct axdriver_block_request *request; /* that is out */
    atomic_uint is_busy;                    /* a request is out */
    uint32_t moved;                         /* sectors of it */
    uint64_t deadline_ns;
    unsigned out; /* requests that are out, or in their done() */
    bool is_watched;
    bool is_broken;
    char name[NAME_BYTES];
};

/* ---- a request's way ---- */

static void send(const struct sdhci *self, const struct axdriver_block_request *request)
{
    bool is_read = request->operation == AXDRIVER_BLOCK_READ;
    uint32_t mode = MODE_COUNT | MODE_STOP | MODE_SEVERAL | (is_read ? MODE_READ : 0);
    uint32_t scale = self->card.is_by_sector ? 1 : AXDRIVER_SECTOR_BYTES;
    sdhci_write(&self->host, STATUS, UINT32_MAX);
    sdhci_write(&self->host, BLOCKS, request->count << 16 | AXDRIVER_SECTOR_BYTES);
    sdhci_write(&self->host, ARGUMENT, (uint32_t)request->sector * scale);
    sdhci_write(&self->host, COMMAND,
                sdhci_command_word(is_read ? SD_READ : SD_WRITE, SD_SHORT) |
                    (uint32_t)SEND_DATA << 16 | mode);
}

/* The words of the next sector of the request; the buffer may lie anywhere. */
static void move_sector(struct sdhci *self)
{
    struct axdriver_block_request *request = self->request;
    if (self->moved == request->count)
        return;
    char *at = (char *)request->buffer + (size_t)self->moved++ * AXDRIVER_SECTOR_BYTES;
    for (unsigned i = 0; i < SECTOR_WORDS; i++, at += sizeof(uint32_t)) {
        uint32_t word;
        if (request->operation == AXDRIVER_BLOCK_READ) {
            word = sdhci_read(&self->host, BUFFER);
            memcpy(at, &word, sizeof word);
        } else {
            memcpy(&word, at, sizeof word);
            sdhci_write(&self->host, BUFFER, word);
        }
    }
}

/* The card may be sending or waiting yet: it is told to stop. In an interrupt: no waiting. */
static void stop(const struct sdhci *self)
{
    sdhci_write(&self->host, CLOCK, sdhci_read(&self->host, CLOCK) | RESET_LINES);
    for (unsigned polls = STOP_POLLS; polls > 0 && (sdhci_read(&self->host, CLOCK) & RESET_LINES);
         polls--)
        continue;
    sdhci_write(&self->host, ARGUMENT, 0);
    sdhci_write(&self->host, COMMAND, sdhci_command_word(SD_STOP, SD_SHORT_BUSY));
}

/* What `status` says of the request. False: it goes on. */
static bool is_over(struct sdhci *self, uint32_t status, enum ax_err *result)
{
    uint32_t can_move =
        self->request->operation == AXDRIVER_BLOCK_READ ? STATUS_CAN_READ : STATUS_CAN_WRITE;
    *result = AX_EIO;
    if (status & STATUS_ERRORS) {
        stop(self);
        return true;
    }
    if (status & can_move)
        move_sector(self);
    if (!(status & STATUS_TRANSFER_DONE))
        return false;
    if (self->moved == self->request->count &&
        sd_card_is_status_good(sdhci_read(&self->host, RESPONSE)))
        *result = AX_OK;
    return true;
}

/* The request is nobody's any more but the caller's. Locked. */
static struct axdriver_block_request *take(struct sdhci *self)
{
    struct axdriver_block_request *request = self->request;
    self->request = NULL;
    atomic_store_explicit(&self->is_busy, 0, memory_order_relaxed); /* see start() */
    return request;
}

static void end(struct sdhci *self, struct axdriver_block_request *request, enum ax_err result)
{
    request->done(request, result);
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    self->out--;
    axsync_spin_unlock(&self->lock, state);
}

static bool handle(void *argument)
{
    struct sdhci *self = argument;
    struct axdriver_block_request *ended = NULL;
    enum ax_err result = AX_EIO;
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    uint32_t status = sdhci_read(&self->host, STATUS) & STATUS_SIGNALED;
    sdhci_write(&self->host, STATUS,
                status); /* before data moves: the next sector raises it again */
    if (status != 0 && self->request != NULL && is_over(self, status, &result))
        ended = take(self);
    axsync_spin_unlock(&self->lock, state);
    if (ended != NULL)
        end(self, ended, result);
    return status != 0;
}

static void start_timer(struct sdhci *self, uint64_t deadline_ns)
{
    if (axhal_timer_start(&self->timer, deadline_ns, 0) != AX_OK)
        axlog_warn("%s: no timer: a request that is never answered is waited for", self->name);
}

/* The timer. */
static void watch(void *argument)
{
    struct sdhci *self = argument;
    struct axdriver_block_request *late = NULL;
    uint64_t now_ns = axhal_monotonic_ns();
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    uint64_t next_ns = self->request != NULL && self->deadline_ns > now_ns
                           ? self->deadline_ns
                           : now_ns + CONFIG_AXDRIVER_BLOCK_TIMEOUT_MS * NS_PER_MS;
    if (self->request != NULL && self->deadline_ns <= now_ns) {
        self->is_broken = true;
        sdhci_write(&self->host, SIGNAL_ENABLE, 0);
        sdhci_write(&self->host, CLOCK, RESET_ALL);
        late = take(self);
    }
    self->is_watched = self->out > 0;
    bool goes_on = self->is_watched;
    axsync_spin_unlock(&self->lock, state);
    if (late != NULL) {
        axlog_error("%s: a request was not answered in time: it is not used any more", self->name);
        end(self, late, AX_EIO);
    }
    if (goes_on)
        start_timer(self, next_ns);
}

/* It may be ending yet what it was told to stop. */
static bool is_idle(const struct sdhci *self)
{
    uint32_t inhibit = PRESENT_COMMAND_INHIBIT | PRESENT_DATA_INHIBIT;
    unsigned polls = STOP_POLLS;
    while (polls > 0 && (sdhci_read(&self->host, PRESENT) & inhibit) != 0)
        polls--;
    return polls > 0;
}

static enum ax_err start_locked(struct sdhci *self, struct axdriver_block_request *request,
                                uint64_t now_ns)
{
    if (self->is_broken)
        return AX_EIO;
    if (self->request != NULL)
        return AX_EBUSY;
    if (!is_idle(self))
        return AX_EIO;
    /* relaxed: a number, see axdriver_block_set_timeout() */
    self->deadline_ns =
        now_ns + atomic_load_explicit(&self->block.timeout_ns, memory_order_relaxed);
    self->request = request;
    atomic_store_explicit(&self->is_busy, 1, memory_order_relaxed); /* see start() */
    self->moved = 0;
    self->out++;
    send(self, request);
    return AX_OK;
}

static enum ax_err start(struct axdriver_block *block, struct axdriver_block_request *request)
{
    struct sdhci *self = (struct sdhci *)block;
    /* relaxed: only so that who tries again and again does not keep others from the lock */
    if (atomic_load_explicit(&self->is_busy, memory_order_relaxed) != 0)
        return AX_EBUSY;
    struct axsync_spin_state state = axsync_spin_lock(&self->lock);
    enum ax_err err = start_locked(self, request, axhal_monotonic_ns());
    bool must_watch = err == AX_OK && !self->is_watched;
    self->is_watched = self->is_watched || must_watch;
    uint64_t deadline_ns = self->deadline_ns;
    axsync_spin_unlock(&self->lock, state);
    if (must_watch)
        start_timer(self, deadline_ns);
    return err;
}

/* ---- finding one ---- */

static enum ax_err let_interrupt(struct sdhci *self, const struct axhal_fdt_node *node)
{
    unsigned irq;
    enum ax_err err = interrupt_of(node, 0, &irq);
    if (err == AX_OK)
        err = axhal_irq_register(irq, handle, self);
    if (err != AX_OK)
        return err;
    sdhci_write(&self->host, STATUS, UINT32_MAX);
    sdhci_write(&self->host, STATUS_ENABLE, STATUS_SIGNALED);
    sdhci_write(&self->host, SIGNAL_ENABLE, STATUS_SIGNALED);
    return AX_OK;
}

static void describe(struct sdhci *self, struct ax_prange registers)
{
    ax_snprintf(self->name, sizeof self->name, "SD card on SDHCI 0x%llx",
                (unsigned long long)registers.start.raw);
    self->block.info = (struct axdriver_block_info){.name = self->name,
                                                    .sectors = self->card.sectors,
                                                    .block_bytes = AXDRIVER_SECTOR_BYTES,
                                                    .most_sectors = MOST_SECTORS,
                                                    .queues = 1,
                                                    .read_only = self->card.read_only};
    atomic_init(&self->block.timeout_ns, CONFIG_AXDRIVER_BLOCK_TIMEOUT_MS * NS_PER_MS);
    self->block.start = start;
}

static enum ax_err start_device(struct sdhci *self, const struct axhal_fdt_node *node,
                                struct ax_prange registers)
{
    self->lock = (struct axsync_spinlock)AXSYNC_SPINLOCK_INIT(15, "SD host");
    self->timer = (struct axhal_timer)AXHAL_TIMER_INIT(watch, self);
    enum ax_err err = sdhci_host_start(&self->host, &self->card);
    if (err != AX_OK)
        return err;
    describe(self, registers);
    err = let_interrupt(self, node);
    if (err == AX_OK)
        block_add(&self->block);
    return err;
}

static enum ax_err attach(const struct axhal_fdt_node *node)
{
    struct ax_prange registers;
    enum ax_err err = axhal_fdt_reg(node, 0, &registers);
    if (err != AX_OK || registers.size_bytes < REGISTERS_BYTES)
        return err != AX_OK ? err : AX_EBADMSG;
    struct sdhci *self = axalloc_calloc(1, sizeof *self);
    if (self == NULL)
        return AX_ENOMEM;
    err = axmm_map_device(registers, &self->host.base);
    if (err == AX_OK) {
        err = start_device(self, node, registers);
        if (err != AX_OK)
            axmm_unmap_device(self->host.base);
    }
    if (err != AX_OK)
        axalloc_free(self);
    return err;
}

AXDRIVER_TREE_DRIVER(sdhci)
const struct axdriver_tree_driver axdriver_sdhci = {"brcm,bcm2835-sdhci", attach};
