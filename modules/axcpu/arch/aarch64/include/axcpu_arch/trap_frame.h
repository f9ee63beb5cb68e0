/* The trap frame of aarch64, as trap.S lays it out. */
#pragma once

#include <stdint.h>

struct axcpu_trap_frame {
    uint64_t x[31];
    uint64_t sp;
    uint64_t pc;       /* ELR_EL1 */
    uint64_t status;   /* SPSR_EL1 */
    uint64_t syndrome; /* ESR_EL1 */
    uint64_t address;  /* FAR_EL1 */
    uint64_t vector;   /* which of the four kinds: see trap.c */
    uint64_t padding;
};
