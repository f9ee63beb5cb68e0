/* Bytes from the console by its interrupt: all that are there are taken, so that it is silent. */
#include <axhal/console.h>
#include <axhal/irq.h>
#include <axhal/platform.h>
#include <stddef.h>

/* Written before the interrupt is registered. */
static struct {
    void (*received)(char byte, void *argument);
    void *argument;
} receiver;

static bool handle_interrupt(void *unused)
{
    (void)unused;
    bool is_meant = false;
    for (int byte = axhal_console_read(); byte >= 0; byte = axhal_console_read()) {
        receiver.received((char)byte, receiver.argument);
        is_meant = true;
    }
    return is_meant;
}

enum ax_err axhal_console_receive(void (*received)(char byte, void *argument), void *argument)
{
    struct axhal_interrupt interrupt;
    unsigned irq;
    if (receiver.received != NULL)
        return AX_EALREADY;
    enum ax_err err = axplat_console_interrupt(&interrupt);
    if (err == AX_OK)
        err = axhal_irq_number(&interrupt, &irq);
    if (err != AX_OK)
        return err;
    receiver.argument = argument;
    receiver.received = received;
    err = axhal_irq_register(irq, handle_interrupt, NULL);
    if (err != AX_OK)
        receiver.received = NULL;
    return err;
}
