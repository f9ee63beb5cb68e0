/* What timers need of the clock. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* axhal_time_init() was called, with success. */
bool axhal_time_has_begun(void);

/* The CPU compares by itself, says its "riscv,isa"; NULL: it does not. */
bool axhal_isa_has_sstc(const char *cpu_isa);

/*
 * The counter's first tick by which `ns` have passed; UINT64_MAX, which is never, if no tick can
 * tell that moment.
 */
uint64_t axhal_ticks_of(uint64_t ns);
