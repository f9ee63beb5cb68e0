/*
 * What versions 2 and 3 of the GIC share: the layout of the distributor, which that of a
 * redistributor's second frame repeats for the first 32 interrupts (Arm IHI 0048B 4.1.2, IHI 0069
 * 12.8), and what the tree's cells mean. `registers` is the frame that has the interrupt.
 */
#pragma once

#include <axhal/irq.h>

enum {
    GIC_PRIVATE_END = 32,       /* below: each CPU's own */
    GIC_LOWEST_PRIORITY = 0xf0, /* what is less urgent than this, or as urgent, is held back */
};

/*
 * Mask every shared interrupt, whatever firmware left; returns the number of interrupts, at most
 * 1020.
 */
unsigned gic_mask_shared(volatile void *registers);

/* Mask this CPU's own, and let through those that CPUs send. */
void gic_start_private(volatile void *registers);

void gic_enable(volatile void *registers, unsigned irq);
void gic_disable(volatile void *registers, unsigned irq);

/* One of AXHAL_IRQ_PRIORITIES. */
void gic_set_priority(volatile void *registers, unsigned irq, unsigned priority);

/*
 * A chip's `translate`. How a shared line is triggered is set, if the cells say; those of a CPU's
 * own are as they are.
 */
enum ax_err gic_translate(volatile void *registers, unsigned line_count,
                          const struct axhal_interrupt *interrupt, unsigned *irq);
