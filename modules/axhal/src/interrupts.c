/* From the kind of an interrupt to whoever said that it wants it. */
#include "trap_internal.h"
#include "turns.h"
#include <stddef.h>

/* Each is written before its kind is let through, and never changed. */
static void (*handlers[AXCPU_TRAP_IRQ + 1])(void);

void axhal_trap_use(enum axcpu_trap_kind kind, void (*handle)(void))
{
    handlers[kind] = handle;
    axhal_turns_use();
}

bool axhal_trap_interrupt(enum axcpu_trap_kind kind)
{
    if (!axhal_trap_is_interrupt(kind) || handlers[kind] == NULL)
        return false;
    handlers[kind]();
    return true;
}
