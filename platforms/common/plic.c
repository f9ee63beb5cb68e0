/*
 * The Platform-Level Interrupt Controller (RISC-V PLIC specification 1.0.0): sources, with a
 * priority each, and contexts, one for each mode of each hart that can be interrupted. A context
 * claims the source of the highest priority that waits, and completes it.
 *
 * A source is masked by its priority, 0: a completion of a source whose enable bit is off is
 * ignored (chapter 9), and the source would be stuck for ever. So enable bits are set once and
 * stay. All sources go to the CPU that booted; other contexts have none enabled.
 *
 * Which context is whose: entry n of interrupts-extended is what context n raises, of a hart's own
 * controller, whose parent is the hart's node (Linux binding sifive,plic-1.0.0).
 */
#include "plic.h"
#include <axcpu/config.h>
#include <axcpu/mmio.h>
#include <axcpu/percpu.h>
#include <axcpu/try.h>
#include <axhal/irq.h>
#include <axhal/mem.h>

enum { PRIORITY = 0x000000, ENABLE = 0x002000, ENABLE_STRIDE = 0x80 };
enum { CONTEXT = 0x200000, CONTEXT_STRIDE = 0x1000, THRESHOLD = 0, CLAIM = 4 };
enum { SUPERVISOR_EXTERNAL = 9 }; /* the interrupt of a hart: Privileged 4.1.3 */
enum { SOURCES_MAX = AXHAL_IRQ_NUMBER_MASK, CONTEXTS_MAX = 2 * AXHAL_CPUS_MAX };

static volatile void *base;
static unsigned source_count;
static uint32_t reach; /* the registers' bytes */

static struct {
    uint64_t hart;
    unsigned context;
} contexts[AXHAL_CPUS_MAX]; /* those of S-mode */
static unsigned context_count;

static volatile void *cpu_context[CONFIG_AXCPU_CPUS_MAX]; /* where each CPU claims; NULL: nowhere */
static uint8_t priorities[SOURCES_MAX + 1]; /* of each source, while it is masked too; 0: unset */
static unsigned boot_context;

static uint32_t priority_register(unsigned irq)
{
    return PRIORITY + irq * 4;
}

static bool has_source(unsigned irq)
{
    return irq != 0 && irq <= source_count;
}

static enum ax_err start(void)
{
    uint32_t value;
    const volatile uint32_t *registers = base;
    if (!axcpu_try_read32(registers + 1, &value))
        return AX_ENODEV;
    for (unsigned irq = 1; irq <= source_count; irq++)
        axcpu_mmio_write32(base, priority_register(irq), 0);
    return AX_OK;
}

static enum ax_err start_cpu(void)
{
    const struct axcpu_percpu *self = axcpu_this_cpu();
    unsigned i = 0;
    while (i < context_count && contexts[i].hart != self->hardware_id)
        i++;
    if (i == context_count)
        return AX_ENODEV;
    uint64_t context = contexts[i].context;
    for (uint64_t word = 0; word <= source_count / 32; word++)
        axcpu_mmio_write32(base, ENABLE + context * ENABLE_STRIDE + word * 4, 0);
    volatile char *own = (volatile char *)base + CONTEXT + context * CONTEXT_STRIDE;
    axcpu_mmio_write32(own, THRESHOLD, 0);
    cpu_context[self->index] = own;
    if (self->index == 0)
        boot_context = contexts[i].context;
    return AX_OK;
}

static int claim(void)
{
    volatile void *own = cpu_context[axcpu_this_cpu()->index];
    uint32_t irq = own != NULL ? axcpu_mmio_read32(own, CLAIM) : 0;
    return irq != 0 ? (int)irq : AXHAL_IRQ_NONE;
}

static void complete(int irq)
{
    axcpu_mmio_write32(cpu_context[axcpu_this_cpu()->index], CLAIM, (uint32_t)irq);
}

/* Levels of the chip's, of which there may be fewer: bits that are not there read as 0. */
static void let_through(unsigned irq, uint8_t priority)
{
    priorities[irq] = priority;
    axcpu_mmio_write32(base, priority_register(irq), priority);
    if (axcpu_mmio_read32(base, priority_register(irq)) == 0)
        axcpu_mmio_write32(base, priority_register(irq), 1);
}

static bool is_let_through(unsigned irq)
{
    return axcpu_mmio_read32(base, priority_register(irq)) != 0;
}

static enum ax_err enable(unsigned irq)
{
    if (!has_source(irq))
        return AX_EINVAL;
    uint32_t word = ENABLE + boot_context * ENABLE_STRIDE + irq / 32 * 4;
    axcpu_mmio_write32(base, word, axcpu_mmio_read32(base, word) | UINT32_C(1) << irq % 32);
    let_through(irq, priorities[irq] != 0 ? priorities[irq] : 1);
    return AX_OK;
}

static void disable(unsigned irq)
{
    if (has_source(irq))
        axcpu_mmio_write32(base, priority_register(irq), 0);
}

/* Seven levels: what SiFive's and QEMU's have. Our two lowest are one. */
static void set_priority(unsigned irq, unsigned priority)
{
    uint8_t level = (uint8_t)(priority > 0 ? priority : 1);
    if (is_let_through(irq))
        let_through(irq, level);
    else
        priorities[irq] = level;
}

static enum ax_err translate(const struct axhal_interrupt *interrupt, unsigned *irq)
{
    if (interrupt->cell_count != 1)
        return AX_ENOTSUP;
    if (!has_source(interrupt->cells[0]))
        return AX_EINVAL;
    *irq = interrupt->cells[0];
    return AX_OK;
}

static const struct axhal_irq_chip chip = {
    .name = "PLIC",
    .claim = claim,
    .complete = complete,
    .enable = enable,
    .disable = disable,
    .set_priority = set_priority,
    .translate = translate,
    .start = start,
    .start_cpu = start_cpu,
};

/* The hart whose own controller has this phandle: its node is a child of the hart's. */
static bool find_hart(const struct axhal_fdt *fdt, uint32_t phandle, uint64_t *hart)
{
    struct axhal_fdt_place place;
    struct axhal_fdt_property reg;
    if (axhal_fdt_find_phandle(fdt, phandle, &place) != AX_OK || place.depth == 0 ||
        !axhal_fdt_find_property(fdt, place.begin[place.depth - 1], "reg", &reg) ||
        (reg.bytes != 4 && reg.bytes != 8))
        return false;
    *hart = axhal_be32_number(reg.value, reg.bytes / 4);
    return true;
}

static void add_context(const struct axhal_fdt *fdt, unsigned context,
                        const struct axhal_interrupt *raises)
{
    uint64_t hart;
    bool fits = CONTEXT + (context + 1) * CONTEXT_STRIDE <= reach;
    if (raises->cell_count != 1 || raises->cells[0] != SUPERVISOR_EXTERNAL || !fits ||
        context_count == AXHAL_CPUS_MAX || !find_hart(fdt, raises->controller, &hart))
        return;
    contexts[context_count].hart = hart;
    contexts[context_count++].context = context;
}

static enum ax_err find_contexts(const struct axhal_fdt_node *node)
{
    struct axhal_interrupt raises;
    for (unsigned context = 0; context < CONTEXTS_MAX; context++) {
        enum ax_err err = axhal_fdt_interrupt(node, context, &raises);
        if (err == AX_ENOENT)
            break;
        if (err != AX_OK)
            return err;
        add_context(node->fdt, context, &raises);
    }
    return context_count > 0 ? AX_OK : AX_ENOTSUP;
}

enum ax_err plic_probe(const struct axhal_fdt_node *node)
{
    struct ax_prange registers;
    struct axhal_fdt_property sources;
    if (!axhal_fdt_find_property(node->fdt, node->level->begin, "riscv,ndev", &sources) ||
        sources.bytes != 4)
        return AX_EBADMSG;
    source_count = axhal_be32_value(sources.value);
    if (source_count > SOURCES_MAX)
        source_count = SOURCES_MAX;
    enum ax_err err = axhal_fdt_reg(node, 0, &registers);
    if (err != AX_OK)
        return err;
    reach = registers.size_bytes <= UINT32_MAX ? (uint32_t)registers.size_bytes : UINT32_MAX;
    err = find_contexts(node);
    if (err == AX_OK)
        err = axhal_claim_device(registers, &base);
    if (err == AX_OK)
        axhal_irq_use(&chip, axhal_fdt_phandle(node));
    return err;
}
