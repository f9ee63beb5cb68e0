/*
 * The CPU of host tests: state that real hardware keeps in registers, in variables that a test
 * can read. Interrupts never come; the kernel format is Sv39.
 */
#include <axcpu/irq.h>

bool axcpu_host_irq_enabled = true;
