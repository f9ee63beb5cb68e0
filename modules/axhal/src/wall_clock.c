/* The clock of the day, and its alarm: by the driver that the tree's device has. */
#include <axcpu/irq.h>
#include <axhal/irq.h>
#include <axhal/platform.h>
#include <axhal/time.h>
#include <stddef.h>

static const struct axhal_wall_clock *current;
static struct axhal_interrupt interrupt;
static bool has_interrupt;

/* Written with interrupts off; read by the interrupt, which is the same CPU's or finds NULL. */
static struct {
    void (*ring)(void *argument);
    void *argument;
} alarm;

void axhal_wall_clock_use(const struct axhal_wall_clock *clock,
                          const struct axhal_interrupt *clock_interrupt)
{
    current = clock;
    has_interrupt = clock_interrupt != NULL;
    if (has_interrupt)
        interrupt = *clock_interrupt;
}

enum ax_err axhal_wall_clock_ns(uint64_t *out)
{
    AX_KEEP(axplat_clock_drivers);
    return current != NULL ? current->read_ns(out) : AX_ENODEV;
}

static bool handle_interrupt(void *unused)
{
    (void)unused;
    if (!current->stop_alarm())
        return false;
    void (*ring)(void *) = alarm.ring;
    alarm.ring = NULL;
    if (ring != NULL)
        ring(alarm.argument);
    return true;
}

static enum ax_err let_through(void)
{
    unsigned irq;
    if (!has_interrupt)
        return AX_ENODEV;
    enum ax_err err = axhal_irq_number(&interrupt, &irq);
    if (err == AX_OK)
        err = axhal_irq_register(irq, handle_interrupt, NULL);
    return err == AX_EALREADY ? AX_OK : err;
}

enum ax_err axhal_wall_clock_alarm(uint64_t at_ns, void (*ring)(void *argument), void *argument)
{
    uint64_t now;
    enum ax_err err = axhal_wall_clock_ns(&now); /* it is there */
    if (err == AX_OK)
        err = let_through();
    if (err != AX_OK)
        return err;
    struct axcpu_irq_state state = axcpu_irq_disable();
    current->stop_alarm();
    alarm.ring = ring;
    alarm.argument = argument;
    err = current->set_alarm(at_ns);
    axcpu_irq_restore(state);
    return err;
}
