/* The trap frame of riscv64, as trap.S lays it out. */
#pragma once

#include <stdint.h>

struct axcpu_trap_frame {
    uint64_t pc;    /* in the place of x0 */
    uint64_t x[31]; /* x1 to x31 */
    uint64_t status;
    uint64_t cause;
    uint64_t value; /* stval: the address, or the instruction */
    uint64_t padding;
};
