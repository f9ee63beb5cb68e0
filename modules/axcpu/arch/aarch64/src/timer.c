/* The one-shot timer of aarch64: the virtual timer's compare value (Arm ARM D19.8.28). */
#include <axcpu/timer.h>

enum { CNTV_CTL_ENABLE = 1 };

void axcpu_timer_start(bool has_sstc)
{
    (void)has_sstc;
}

void axcpu_timer_set(uint64_t ticks)
{
    __asm__ volatile("msr cntv_cval_el0, %0\n\tmsr cntv_ctl_el0, %1\n\tisb"
                     :
                     : "r"(ticks), "r"((uint64_t)CNTV_CTL_ENABLE));
}

void axcpu_timer_stop(void)
{
    __asm__ volatile("msr cntv_ctl_el0, xzr\n\tisb");
}
