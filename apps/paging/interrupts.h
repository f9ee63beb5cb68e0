/* Timers and interrupts, for tools/bench/paging to count. */
#pragma once

/* The sections timer-... and interrupt-...; ends the run if one does not do what it is to. */
void interrupts_count(void);
