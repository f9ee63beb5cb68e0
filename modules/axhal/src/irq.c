/*
 * From an interrupt to its handler, through a short table. An interrupt that nobody registered is
 * named once and left enabled: it was not enabled by us.
 */
#include <axcpu/irq.h>
#include <axhal/irq.h>
#include <axlog/log.h>
#include <stdbool.h>
#include <stddef.h>

static const struct axhal_irq_chip *current;

/* Written with interrupts off; read by axhal_irq_dispatch(). */
static struct {
    unsigned irq;
    void (*handle)(void *argument);
    void *argument;
} handlers[AXHAL_IRQ_HANDLERS_MAX];
static unsigned handler_count;

void axhal_irq_use(const struct axhal_irq_chip *chip)
{
    current = chip;
}

void axhal_irq_start(void)
{
    if (current == NULL || current->start() == AX_OK)
        return;
    axlog_warn("no interrupt controller answers where the tree says: there are no interrupts");
    current = NULL;
}

static int find(unsigned irq)
{
    for (unsigned i = 0; i < handler_count; i++)
        if (handlers[i].irq == irq)
            return (int)i;
    return -1;
}

enum ax_err axhal_irq_register(unsigned irq, void (*handle)(void *argument), void *argument)
{
    if (current == NULL)
        return AX_ENODEV;
    int index = find(irq);
    if (index >= 0)
        return handlers[index].handle == handle && handlers[index].argument == argument
                   ? AX_EALREADY
                   : AX_EBUSY;
    if (handler_count == AXHAL_IRQ_HANDLERS_MAX)
        return AX_ENOSPC;
    struct axcpu_irq_state state = axcpu_irq_disable();
    enum ax_err err = current->enable(irq);
    if (err == AX_OK) {
        handlers[handler_count].irq = irq;
        handlers[handler_count].handle = handle;
        handlers[handler_count].argument = argument;
        handler_count++;
    }
    axcpu_irq_restore(state);
    return err;
}

void axhal_irq_dispatch(void)
{
    static bool has_complained;
    int irq = current != NULL ? current->claim() : AXHAL_IRQ_NONE;
    if (irq == AXHAL_IRQ_NONE)
        return;
    int index = find((unsigned)irq);
    if (index >= 0)
        handlers[index].handle(handlers[index].argument);
    else if (!has_complained)
        axlog_warn("interrupt %d has no handler", irq);
    has_complained = has_complained || index < 0;
    current->complete(irq);
}
