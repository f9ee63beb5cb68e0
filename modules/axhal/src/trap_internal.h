/* Who handles which kind of interrupt. */
#pragma once

#include <axcpu/trap.h>

/* Interrupts are the first of the trap kinds. */
static inline bool axhal_trap_is_interrupt(enum axcpu_trap_kind kind)
{
    return kind <= AXCPU_TRAP_IRQ;
}

/*
 * Interrupts of `kind` call `handle`. Told once by whoever uses them, so that what nobody uses is
 * not in the image. Any context; the same on every CPU.
 */
void axhal_trap_use(enum axcpu_trap_kind kind, void (*handle)(void));

/* False: nobody uses interrupts of this kind, and nothing was done. */
bool axhal_trap_interrupt(enum axcpu_trap_kind kind);
