/*
 * The CPU of host tests: state that real hardware keeps in registers, in variables that a test
 * can read. Interrupts never come; the kernel's format is Sv39.
 */
#include <axcpu/irq.h>
#include <axcpu/mmu.h>
#include <axcpu/timer.h>

bool axcpu_host_irq_enabled = true;
struct axcpu_host_flushes axcpu_host_flushes;
uint64_t axcpu_host_counter;
uint64_t axcpu_host_timer;

void axcpu_timer_set(uint64_t ticks)
{
    axcpu_host_timer = ticks;
}

void axcpu_timer_stop(void)
{
    axcpu_host_timer = 0;
}
