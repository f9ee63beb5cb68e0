/*
 * Interrupts that a controller explains. One controller, found in the tree by its driver; handlers
 * by its numbers.
 *
 * Some numbers mean a line of each CPU's own (a GIC's first 32): letting such a one through
 * concerns the calling CPU. All others go to the CPU that booted.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <axhal/interrupt.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    AXHAL_IRQ_HANDLERS_MAX = 32,
    AXHAL_IRQ_NONE = -1,
    AXHAL_IRQ_NUMBER_MASK = 0x3ff, /* of a claim: the rest is the chip's own */
    AXHAL_IRQ_IPIS = 16,           /* where a chip sends between CPUs, its first so many say so */
    AXHAL_IRQ_PRIORITIES = 8,      /* 0 is the least urgent */
    AXHAL_IRQ_PRIORITY_NORMAL = 3,
    AXHAL_IRQ_IGNORED_MAX = 100 /* a line that so often in a row is nobody's is masked */
};

/* What a driver of a controller supplies. Called with interrupts off, but for `translate`. */
struct axhal_irq_chip {
    const char *name;
    unsigned private_end;                /* numbers below it are lines of each CPU's own */
    int (*claim)(void);                  /* the interrupt to handle now, or AXHAL_IRQ_NONE */
    void (*complete)(int claim);         /* it has been handled; its line may be masked by now */
    enum ax_err (*enable)(unsigned irq); /* AX_EINVAL: it has no such number */
    void (*disable)(unsigned irq);
    /* Below AXHAL_IRQ_PRIORITIES, of a line that may be masked, or have no such number. */
    void (*set_priority)(unsigned irq, unsigned priority);
    /*
     * The number that the tree's cells mean; sets how the line is triggered, if the cells say so.
     * AX_EINVAL: no such line; AX_ENOTSUP: not as many cells, or a kind that it does not know.
     */
    enum ax_err (*translate)(const struct axhal_interrupt *interrupt, unsigned *irq);
    enum ax_err (*start)(void);     /* once its registers are mapped; AX_ENODEV: it is not there */
    enum ax_err (*start_cpu)(void); /* this CPU's part, after start(), on each CPU */
    void (*send)(unsigned cpu);     /* to a CPU that start_cpu() ran on; NULL: firmware does it */
};

/* For the controller's driver, at boot: `chip` lives for ever, `phandle` is its node's. */
void axhal_irq_use(const struct axhal_irq_chip *chip, uint32_t phandle);

/*
 * The same for a second node of the tree that the chip drives too, one whose interrupts come by a
 * line of the first: `translate` is asked what they mean as well. 0 is no node.
 */
void axhal_irq_use_behind(uint32_t phandle);

/*
 * Start the controller, if there is one, with the part of the CPU that booted. Boot, after devices
 * are mapped.
 */
void axhal_irq_start(void);

/*
 * This CPU's part of the controller, and those lines of its own that handlers are registered for.
 * On each further CPU, once, before it lets interrupts through. AX_ENODEV: there is a controller,
 * but not for this CPU.
 */
AX_MUST_CHECK enum ax_err axhal_irq_start_cpu(void);

/*
 * The number of an interrupt of the tree. AX_ENODEV: no controller, or it is another one's; else
 * as of axhal_irq_chip.translate.
 */
AX_MUST_CHECK enum ax_err axhal_irq_number(const struct axhal_interrupt *interrupt, unsigned *irq);

/*
 * From now on interrupt `irq` calls `handle(argument)`, with interrupts off, on the trap stack. It
 * returns whether it was meant: false, if its device has nothing to say. A line may be shared: all
 * its handlers are called. The line is let through, with priority AXHAL_IRQ_PRIORITY_NORMAL, when
 * its first handler comes.
 *
 * AX_ENODEV: no controller. AX_EALREADY: that very handler is registered with that argument.
 * AX_ENOSPC: AXHAL_IRQ_HANDLERS_MAX are registered. AX_EINVAL: no such number, or one that is used
 * between CPUs. Task context.
 */
AX_MUST_CHECK enum ax_err axhal_irq_register(unsigned irq, bool (*handle)(void *argument),
                                             void *argument);

/*
 * The opposite: when it returns, the handler is not running and will not be called again; the line
 * is masked if that was its last. AX_ENOENT: it is not registered. Task context only: it waits for
 * a CPU that runs the handler now.
 */
AX_MUST_CHECK enum ax_err axhal_irq_unregister(unsigned irq, bool (*handle)(void *argument),
                                               void *argument);

/*
 * Mask the line and let it through again; what is raised meanwhile waits. They do not count: one
 * enable undoes any number of disables. AX_ENOENT: nobody is registered for it. AX_EINVAL:
 * `priority` is not below AXHAL_IRQ_PRIORITIES. Any context but a handler of another CPU.
 */
AX_MUST_CHECK enum ax_err axhal_irq_enable(unsigned irq);
AX_MUST_CHECK enum ax_err axhal_irq_disable(unsigned irq);

/* Of those that wait, the one with the highest priority is handled first; none interrupts another.
 */
AX_MUST_CHECK enum ax_err axhal_irq_set_priority(unsigned irq, unsigned priority);

/* What went through, since boot, on all CPUs. */
struct axhal_irq_counts {
    uint64_t handled;
    uint64_t unhandled; /* no handler, or none that it was meant for */
    uint64_t spurious;  /* the controller had nothing to hand out */
    uint64_t masked;    /* lines that were masked because they were nobody's */
};

void axhal_irq_count(struct axhal_irq_counts *out);

/* Handle what the controller has: one interrupt. For the trap handler, which axhal_irq_use() told.
 */
void axhal_irq_dispatch(void);

/* For axplat_ipi_send(), where the controller sends: nothing happens if there is none. */
void axhal_irq_send(unsigned cpu);
