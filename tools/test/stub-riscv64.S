/*
 * A boot stub that hands the kernel a device tree of the test's choice, at an address of its choice.
 *
 * For: the hostile trees and the moved images of tools/test/qemu. QEMU and OpenSBI take this for a
 * kernel (Linux Image header, Documentation/riscv/boot-image-header.rst in Linux) and enter it with
 * a0 = hart, a1 = tree. tools/test/stub.py fills in the four words after the header.
 */
    .text
    .globl _start
_start:
    j       enter
    .balign 8
    .dword  0x200000        /* text_offset: from the start of RAM */
    .dword  0               /* image_size: stub.py */
    .dword  0               /* flags: little endian */
    .word   2, 0            /* version 0.2, reserved */
    .dword  0
    .ascii  "RISCV\0\0\0"
    .ascii  "RSC\x05"
    .word   0

parameters:
    .dword  0               /* where the kernel is */
    .dword  0               /* 1: hand over the next word, 0: the firmware's tree */
    .dword  0               /* the tree's address */
    .dword  0               /* the hart that is to boot; -1: this one */

#define SBI_HSM 0x48534d    /* SBI 1.0, chapter 9 */

enter:
    lla     t0, parameters
    lla     t2, is_handed
    lw      t1, 0(t2)       /* OpenSBI may send harts here that the kernel starts (axcpu's boot.S) */
    bnez    t1, 2f
    ld      t1, 24(t0)
    bltz    t1, 2f
    beq     t1, a0, 2f
    mv      a2, a1          /* that hart begins here too, with the tree in a1; this one stops */
    lla     a1, _start
    mv      a0, t1
    li      a6, 0
    li      a7, SBI_HSM
    ecall
    li      a6, 1
    li      a7, SBI_HSM
    ecall
2:
    li      t1, 1
    sw      t1, 0(t2)
    ld      t1, 0(t0)
    ld      t2, 8(t0)
    beqz    t2, 1f
    ld      a1, 16(t0)
1:  fence.i
    jr      t1

    .balign 4
is_handed:
    .word   0               /* 1: the hart that is to boot has gone on to the kernel */
