/*
 * The interrupt controllers of the BCM2836 and BCM2837, two that are one to the rest of the kernel:
 * the local one (QA7, "ARM Quad A7 core", rev 3.4, chapter 4) with timers and mailboxes of each
 * CPU, and behind its line 8 that of the peripherals (BCM2835 ARM Peripherals, chapter 7).
 *
 * Our numbers, and the tree's cells (Linux bindings brcm,bcm2836-l1-intc, brcm,bcm2835-armctrl-ic):
 *
 *     0 to 15   between CPUs; only 0 is used, mailbox 0 of the CPU that is meant
 *    16 to 31   the local controller's lines, cells (line, trigger): each CPU's own
 *    32 to 127  the peripherals', cells (bank, line): 32 of each bank, 0 being the ARM's own
 *
 * A CPU is known by Aff0, 0 to 3. Peripherals go to the one that booted. All lines are levels, and
 * nothing is acknowledged: a claim is the most urgent of what is pending, which the chip knows
 * nothing of; so the priorities are kept here.
 */
#include "bcm2836_intc.h"
#include <axbase/bits.h>
#include <axcpu/barrier.h>
#include <axcpu/mmio.h>
#include <axcpu/percpu.h>
#include <axcpu/try.h>
#include <axhal/irq.h>
#include <axhal/mem.h>

/* QA7; those of a CPU are so many bytes apart. */
enum {
    GPU_ROUTING = 0x0c,
    TIMER_CONTROL = 0x40,
    MAILBOX_CONTROL = 0x50,
    IRQ_SOURCE = 0x60,
    MAILBOX_SET = 0x80,
    MAILBOX_CLEAR = 0xc0,
    CONTROL_STEP = 4,
    MAILBOX_STEP = 16
};
enum { LINE_MAILBOX_0 = 4, LINE_GPU = 8, TIMER_LINES = 4 };

/* The peripherals' controller; a bank is a word. */
enum { BANKS = 3, BANK_LINES = 32, BANK_ARM = 0, ARM_LINES = 8 };
static const uint8_t pending_at[BANKS] = {0x00, 0x04, 0x08};
static const uint8_t enable_at[BANKS] = {0x18, 0x10, 0x14};
static const uint8_t disable_at[BANKS] = {0x24, 0x1c, 0x20};

enum { FIRST_LOCAL = AXHAL_IRQ_IPIS, FIRST_BANK = 32, NUMBERS = FIRST_BANK + BANKS * BANK_LINES };
enum { CPUS = 4, MAILBOX_BIT = 1 };

static volatile void *local;
static volatile void *peripherals; /* NULL: the tree has none */
static uint32_t peripherals_phandle;
static uint8_t priorities[NUMBERS];

static unsigned this_core(void)
{
    return axcpu_this_cpu()->hardware_id % CPUS;
}

static uint32_t read_core(unsigned offset)
{
    return axcpu_mmio_read32(local, offset + this_core() * CONTROL_STEP);
}

static void write_core(unsigned offset, uint32_t value)
{
    axcpu_mmio_write32(local, offset + this_core() * CONTROL_STEP, value);
}

static enum ax_err start(void)
{
    uint32_t word;
    if (!axcpu_try_read32(local, &word))
        return AX_ENODEV;
    if (peripherals != NULL && !axcpu_try_read32(peripherals, &word))
        peripherals = NULL;
    for (unsigned bank = 0; peripherals != NULL && bank < BANKS; bank++)
        axcpu_mmio_write32(peripherals, disable_at[bank], UINT32_MAX);
    axcpu_mmio_write32(local, GPU_ROUTING, this_core());
    return AX_OK;
}

static enum ax_err start_cpu(void)
{
    write_core(TIMER_CONTROL, 0);
    axcpu_mmio_write32(local, MAILBOX_CLEAR + this_core() * MAILBOX_STEP, UINT32_MAX);
    write_core(MAILBOX_CONTROL, MAILBOX_BIT);
    return AX_OK;
}

/* The more urgent of `best` and those in `pending`, which are `first` and following. */
static int most_urgent(int best, unsigned first, uint32_t pending)
{
    for (; pending != 0; pending &= pending - 1) {
        int irq = (int)(first + ax_ctz64(pending));
        if (best == AXHAL_IRQ_NONE || priorities[irq] > priorities[best])
            best = irq;
    }
    return best;
}

/* Bank 0 has, above the ARM's own lines, a summary of the others. */
static uint32_t pending_in(unsigned bank)
{
    uint32_t pending = axcpu_mmio_read32(peripherals, pending_at[bank]);
    return bank == BANK_ARM ? pending & ((1u << ARM_LINES) - 1) : pending;
}

static int claim(void)
{
    uint32_t source = read_core(IRQ_SOURCE);
    int best = AXHAL_IRQ_NONE;
    if (source & 1u << LINE_MAILBOX_0) {
        axcpu_mmio_write32(local, MAILBOX_CLEAR + this_core() * MAILBOX_STEP, UINT32_MAX);
        axcpu_barrier_device(); /* what is looked for is read after: one sent now comes again */
        return 0;
    }
    if (source & 1u << LINE_GPU && peripherals != NULL)
        for (unsigned bank = 0; bank < BANKS; bank++)
            best = most_urgent(best, FIRST_BANK + bank * BANK_LINES, pending_in(bank));
    return most_urgent(best, FIRST_LOCAL, source & ((1u << TIMER_LINES) - 1));
}

static void complete(int claim)
{
    (void)claim;
}

static bool is_timer(unsigned irq)
{
    return irq - FIRST_LOCAL < TIMER_LINES;
}

static bool is_peripheral(unsigned irq)
{
    return peripherals != NULL && irq - FIRST_BANK < BANKS * BANK_LINES;
}

static void write_bank(const uint8_t *offsets, unsigned irq)
{
    unsigned line = irq - FIRST_BANK;
    axcpu_mmio_write32(peripherals, offsets[line / BANK_LINES], 1u << line % BANK_LINES);
}

static enum ax_err enable(unsigned irq)
{
    if (is_timer(irq))
        write_core(TIMER_CONTROL, read_core(TIMER_CONTROL) | 1u << (irq - FIRST_LOCAL));
    else if (is_peripheral(irq))
        write_bank(enable_at, irq);
    else
        return AX_EINVAL;
    return AX_OK;
}

static void disable(unsigned irq)
{
    if (is_timer(irq))
        write_core(TIMER_CONTROL, read_core(TIMER_CONTROL) & ~(1u << (irq - FIRST_LOCAL)));
    else if (is_peripheral(irq))
        write_bank(disable_at, irq);
}

static void set_priority(unsigned irq, unsigned priority)
{
    if (irq < NUMBERS)
        priorities[irq] = (uint8_t)priority;
}

static enum ax_err translate(const struct axhal_interrupt *interrupt, unsigned *irq)
{
    uint32_t bank = interrupt->cells[0];
    uint32_t line = interrupt->cells[1];
    if (interrupt->cell_count < 2)
        return AX_ENOTSUP;
    if (interrupt->controller != peripherals_phandle) {
        line = bank;
        *irq = FIRST_LOCAL + line;
        return line < TIMER_LINES ? AX_OK : AX_EINVAL;
    }
    if (bank >= BANKS || line >= (bank == BANK_ARM ? ARM_LINES : BANK_LINES))
        return AX_EINVAL;
    *irq = FIRST_BANK + bank * BANK_LINES + line;
    return AX_OK;
}

static void send(unsigned cpu)
{
    unsigned core = axcpu_percpus[cpu].hardware_id % CPUS;
    axcpu_mmio_write32(local, MAILBOX_SET + core * MAILBOX_STEP, 1);
}

static const struct axhal_irq_chip chip = {
    .name = "BCM2836",
    .private_end = FIRST_BANK,
    .claim = claim,
    .complete = complete,
    .enable = enable,
    .disable = disable,
    .set_priority = set_priority,
    .translate = translate,
    .start = start,
    .start_cpu = start_cpu,
    .send = send,
};

enum ax_err bcm2836_intc_probe(const struct axhal_fdt_node *node)
{
    enum ax_err err = axhal_claim_reg(node, 0, &local);
    if (err == AX_OK)
        axhal_irq_use(&chip, axhal_fdt_phandle(node));
    return err;
}

enum ax_err bcm2836_armctrl_probe(const struct axhal_fdt_node *node)
{
    enum ax_err err = axhal_claim_reg(node, 0, &peripherals);
    if (err != AX_OK)
        return err;
    peripherals_phandle = axhal_fdt_phandle(node);
    axhal_irq_use_behind(peripherals_phandle);
    return AX_OK;
}
