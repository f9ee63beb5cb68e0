/*
 * The one-shot timer of riscv64, let through by sie.STIE: a register, where the CPU has Sstc and
 * firmware lets S-mode have it, else the firmware's.
 */
#include <axbase/attr.h>
#include <axcpu/fixup.h>
#include <axcpu/sbi.h>
#include <axcpu/timer.h>

#define SIE_STIE (1 << 5) /* Privileged 4.1.3 */

bool axcpu_try_stimecmp(void);                        /* sstc.S: reading it does not fault */
extern const struct axcpu_fixup axcpu_fixups_sstc[1]; /* sstc.S */

static bool has_register;

void axcpu_timer_start(bool has_sstc)
{
    AX_KEEP(axcpu_fixups_sstc);
    has_register = has_sstc && axcpu_try_stimecmp();
}

void axcpu_timer_set(uint64_t ticks)
{
    if (has_register)
        __asm__ volatile("csrw 0x14d, %0" : : "r"(ticks)); /* stimecmp */
    else
        axcpu_sbi_set_timer(ticks);
    __asm__ volatile("csrs sie, %0" : : "r"(SIE_STIE));
}

void axcpu_timer_stop(void)
{
    __asm__ volatile("csrc sie, %0" : : "r"(SIE_STIE));
}
