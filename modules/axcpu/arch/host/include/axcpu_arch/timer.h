/* The counter of host tests: a variable that the test sets. Included by <axcpu/timer.h>. */
#pragma once

extern uint64_t axcpu_host_counter;
extern uint64_t (*axcpu_host_read_counter)(void);
extern uint64_t axcpu_host_timer; /* the moment asked for, 0 when stopped */
extern bool axcpu_host_has_sstc;  /* as axcpu_timer_start() was told */

static inline uint64_t axcpu_counter(void)
{
    return axcpu_host_read_counter != 0 ? axcpu_host_read_counter() : axcpu_host_counter;
}

static inline uint64_t axcpu_counter_hz(void)
{
    return 0;
}
