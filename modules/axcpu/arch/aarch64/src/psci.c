/* PSCI by the SMC calling convention (Arm DEN 0028): function in x0, which is the result too. */
#include <axcpu/psci.h>

#define PSCI_CPU_ON 0xc4000003
#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_SYSTEM_RESET 0x84000009

static int call(enum axcpu_psci_conduit conduit, uint64_t function, uint64_t arg1, uint64_t arg2,
                uint64_t arg3)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = arg1;
    register uint64_t x2 __asm__("x2") = arg2;
    register uint64_t x3 __asm__("x3") = arg3;
    if (conduit == AXCPU_PSCI_HVC)
        __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
    else
        __asm__ volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
    return (int)x0;
}

int axcpu_psci_cpu_on(enum axcpu_psci_conduit conduit, uint64_t affinity, uint64_t entry,
                      uint64_t argument)
{
    return call(conduit, PSCI_CPU_ON, affinity, entry, argument);
}

void axcpu_psci_system_off(enum axcpu_psci_conduit conduit)
{
    call(conduit, PSCI_SYSTEM_OFF, 0, 0, 0);
}

void axcpu_psci_system_reset(enum axcpu_psci_conduit conduit)
{
    call(conduit, PSCI_SYSTEM_RESET, 0, 0, 0);
}
