/*
 * A boot stub that hands the kernel a device tree of the test's choice, at an address of its choice.
 *
 * For: the hostile trees and the moved images of tools/test/qemu. QEMU and OpenSBI take this for a
 * kernel (Linux Image header, Documentation/riscv/boot-image-header.rst in Linux) and enter it with
 * a0 = hart, a1 = tree. tools/test/stub.py fills in the three words after the header.
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

enter:
    lla     t0, parameters
    ld      t1, 0(t0)
    ld      t2, 8(t0)
    beqz    t2, 1f
    ld      a1, 16(t0)
1:  fence.i
    jr      t1
