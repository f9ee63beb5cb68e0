/* Turns at the console, and who reports a disaster, which needs none. */
#pragma once

#include <stdatomic.h>

/* 1 + the CPU that reports a disaster or ends the run; 0: none does. Never cleared. */
extern _Atomic unsigned axhal_reporter;

/*
 * From now on the console's output is taken in turns (ax_console_begin()). For who lets interrupts
 * through: before, nobody can come between. The same each time.
 */
void axhal_turns_use(void);

/* Who comes for a turn while another CPU reports calls `stop`, which does not return. */
void axhal_turns_use_stop(void (*stop)(void));
