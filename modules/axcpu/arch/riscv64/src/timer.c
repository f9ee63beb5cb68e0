/* The one-shot timer of riscv64: the firmware's, let through by sie.STIE. */
#include <axcpu/sbi.h>
#include <axcpu/timer.h>

#define SIE_STIE (1 << 5) /* Privileged 4.1.3 */

void axcpu_timer_set(uint64_t ticks)
{
    axcpu_sbi_set_timer(ticks);
    __asm__ volatile("csrs sie, %0" : : "r"(SIE_STIE));
}

void axcpu_timer_stop(void)
{
    __asm__ volatile("csrc sie, %0" : : "r"(SIE_STIE));
}
