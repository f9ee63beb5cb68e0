/* The clock of the day, and its alarm: by the driver that the tree's device has. */
#include <axhal/irq.h>
#include <axhal/platform.h>
#include <axhal/time.h>
#include <axsync/spinlock.h>
#include <stddef.h>

static const struct axhal_wall_clock *current;
static struct axhal_interrupt interrupt;
static bool has_interrupt;

/* Around the device and the alarm, since the interrupt may be another CPU's. */
static struct axsync_spinlock lock = AXSYNC_SPINLOCK_INIT(16, "alarm");
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
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    bool rang = current->stop_alarm();
    void (*ring)(void *) = rang ? alarm.ring : NULL;
    void *argument = alarm.argument;
    if (rang)
        alarm.ring = NULL;
    axsync_spin_unlock(&lock, state);
    if (ring != NULL) /* without the lock: it may set the next one */
        ring(argument);
    return rang;
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
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    current->stop_alarm();
    alarm.ring = ring;
    alarm.argument = argument;
    err = current->set_alarm(at_ns);
    axsync_spin_unlock(&lock, state);
    return err;
}
