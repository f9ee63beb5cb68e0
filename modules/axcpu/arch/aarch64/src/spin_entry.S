/*
 * From a spin table to axcpu_second_entry(): EL2 or EL1, MMU and caches off, nothing in registers.
 * A CPU looks for its row by its affinity. It does not take just the last one that was written,
 * since it may come late, when another is being started.
 */
#include <axcpu/config.h>

    .section .text.spin_table_entry, "ax"
    .globl axcpu_spin_table_entry
axcpu_spin_table_entry:
    mrs x1, mpidr_el1
    ldr x2, =0xff00ffffff                   /* Aff3, Aff2, Aff1, Aff0 */
    and x1, x1, x2
    adrp x2, axcpu_spin_cpus
    add x2, x2, :lo12:axcpu_spin_cpus
    mov x4, #CONFIG_AXCPU_CPUS_MAX
1:  ldp x3, x0, [x2], #16                   /* hardware id, block */
    cbz x0, 2f
    cmp x3, x1
    b.eq axcpu_second_entry
    subs x4, x4, #1
    b.ne 1b
2:  wfe
    b 2b

/* Here, so that an image without a spin table has neither. */
    .section .bss.axcpu_spin_cpus, "aw", @nobits
    .balign 16
    .globl axcpu_spin_cpus
axcpu_spin_cpus:
    .skip 16 * CONFIG_AXCPU_CPUS_MAX
