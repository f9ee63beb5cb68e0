/*
 * The interrupt controller: who it is, its start on each CPU, and what it hands out. An image that
 * only sends interrupts between CPUs has no more than this; the lines that handlers are registered
 * for are in src/irq_lines.c, which makes itself known when the first one comes.
 *
 * No line can stop the machine by itself. One that no handler is registered for was let through by
 * somebody else: it is named and masked at once. What the controller takes back before it is
 * claimed is spurious: counted, and named the first time.
 */
#include <axcpu/irq.h>
#include <axhal/irq.h>
#include <axhal/platform.h>
#include <axlog/log.h>
#include <stddef.h>

#include "irq_internal.h"
#include "trap_internal.h"

const struct axhal_irq_chip *axhal_irq_chip;
static uint32_t chip_phandle, behind_phandle; /* 0 is nobody's */
static const struct axhal_irq_lines *lines;   /* NULL: nobody is registered for any */

static struct {
    _Atomic uint64_t handled, unhandled, spurious, masked;
} counts;

/* relaxed: a count is not about other memory */
static inline void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void axhal_irq_use(const struct axhal_irq_chip *chip, uint32_t phandle)
{
    axhal_irq_chip = chip;
    chip_phandle = phandle;
    axhal_trap_use(AXCPU_TRAP_IRQ, axhal_irq_dispatch);
}

void axhal_irq_use_behind(uint32_t phandle)
{
    behind_phandle = phandle;
}

/* The controller named is the chip's, or what it drives behind itself. */
static bool is_ours(uint32_t controller)
{
    return controller == chip_phandle || (controller == behind_phandle && controller != 0);
}

void axhal_irq_use_lines(const struct axhal_irq_lines *functions)
{
    lines = functions;
}

void axhal_irq_start(void)
{
    if (axhal_irq_chip == NULL)
        return;
    enum ax_err err = axhal_irq_chip->start();
    if (err == AX_OK)
        err = axhal_irq_start_cpu();
    if (err == AX_OK)
        return;
    axlog_warn("no interrupt controller answers where the tree says: there are no interrupts");
    axhal_irq_chip = NULL;
}

enum ax_err axhal_irq_start_cpu(void)
{
    if (axhal_irq_chip == NULL)
        return AX_OK;
    enum ax_err err = axhal_irq_chip->start_cpu();
    if (err != AX_OK)
        return err;
    axcpu_irq_allow_external();
    return lines != NULL ? lines->start_cpu() : AX_OK;
}

enum ax_err axhal_irq_number(const struct axhal_interrupt *interrupt, unsigned *irq)
{
    AX_KEEP(axplat_irq_drivers);
    if (axhal_irq_chip == NULL || !is_ours(interrupt->controller))
        return AX_ENODEV;
    return axhal_irq_chip->translate(interrupt, irq);
}

void axhal_irq_send(unsigned cpu)
{
    AX_KEEP(axplat_irq_drivers);
    if (axhal_irq_chip != NULL && axhal_irq_chip->send != NULL)
        axhal_irq_chip->send(cpu);
}

bool axhal_irq_is_ipi(unsigned irq)
{
    return axhal_irq_chip->send != NULL && irq < AXHAL_IRQ_IPIS;
}

void axhal_irq_count(struct axhal_irq_counts *out)
{
    /* relaxed: each count for itself */
    out->handled = atomic_load_explicit(&counts.handled, memory_order_relaxed);
    out->unhandled = atomic_load_explicit(&counts.unhandled, memory_order_relaxed);
    out->spurious = atomic_load_explicit(&counts.spurious, memory_order_relaxed);
    out->masked = atomic_load_explicit(&counts.masked, memory_order_relaxed);
}

void axhal_irq_mask(unsigned irq, const char *why)
{
    count(&counts.masked);
    axhal_irq_chip->disable(irq);
    axlog_warn("interrupt %u %s: masked", irq, why);
}

AX_COLD static void note_spurious(void)
{
    /* relaxed: a count */
    if (atomic_fetch_add_explicit(&counts.spurious, 1, memory_order_relaxed) == 0)
        axlog_debug("a spurious interrupt: the controller took it back");
}

static void handle_line(unsigned irq)
{
    enum axhal_irq_result result = lines != NULL ? lines->run(irq) : AXHAL_IRQ_UNKNOWN;
    count(result == AXHAL_IRQ_HANDLED ? &counts.handled : &counts.unhandled);
    if (result == AXHAL_IRQ_UNKNOWN)
        axhal_irq_mask(irq, "has no handler");
}

void axhal_irq_dispatch(void)
{
    int claim = axhal_irq_chip != NULL ? axhal_irq_chip->claim() : AXHAL_IRQ_NONE;
    if (claim == AXHAL_IRQ_NONE) {
        note_spurious();
        return;
    }
    unsigned irq = (unsigned)claim & AXHAL_IRQ_NUMBER_MASK;
    if (axhal_irq_is_ipi(irq)) {
        axhal_irq_chip->complete(claim); /* before: what it asks for may never return */
        axhal_trap_interrupt(AXCPU_TRAP_IPI);
        return;
    }
    handle_line(irq);
    axhal_irq_chip->complete(claim);
}
