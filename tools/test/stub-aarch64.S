/*
 * A boot stub that hands the kernel a device tree of the test's choice, at an address of its choice.
 *
 * For: the hostile trees and the moved images of tools/test/qemu. QEMU takes this for a kernel
 * (Linux Image header, Documentation/arm64/booting.rst in Linux) and enters it with x0 = tree.
 * tools/test/stub.py fills in the four words after the header.
 */
    .text
    .globl _start
_start:
    b       enter
    .word   0
    .quad   0x200000        /* text_offset: from the start of RAM */
    .quad   0               /* image_size: stub.py */
    .quad   0xa             /* flags: 4 KiB pages, anywhere in RAM */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0

parameters:
    .quad   0               /* where the kernel is */
    .quad   0               /* 1: hand over the next word, 0: the firmware's tree */
    .quad   0               /* the tree's address */
    .quad   0               /* the affinity of the CPU that is to boot; -1: this one */

#define PSCI_CPU_OFF 0x84000002 /* Arm DEN 0022, 5.1 */
#define PSCI_CPU_ON 0xc4000003
#define MPIDR_AFFINITY 0xffffff

enter:
    adr     x4, parameters
    ldr     x1, [x4, #24]
    tbnz    x1, #63, 2f
    mrs     x5, mpidr_el1
    and     x5, x5, #MPIDR_AFFINITY
    cmp     x1, x5
    b.eq    2f
    mov     x3, x0          /* that CPU begins here too, with the tree in x0; this one stops */
    adr     x2, _start
    ldr     x0, =PSCI_CPU_ON
    hvc     #0
    ldr     x0, =PSCI_CPU_OFF
    hvc     #0
2:
    adr     x4, parameters
    ldp     x5, x6, [x4]
    cbz     x6, 1f
    ldr     x0, [x4, #16]
1:  isb
    br      x5
    .ltorg
