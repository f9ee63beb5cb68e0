/*
 * The comparison register of the timer (Sstc 1.0.0): an access that faults if firmware does not let
 * S-mode have it. Of its own section, so that only an image with timers has the row of the table.
 */
#define STIMECMP 0x14d

    .text
    .globl axcpu_try_stimecmp
axcpu_try_stimecmp:
stimecmp:
    csrr t0, STIMECMP
    li a0, 1
    ret
failed:
    li a0, 0
    ret

    .section .rodata.axcpu_fixups_sstc, "a"
    .balign 8
    .globl axcpu_fixups_sstc
axcpu_fixups_sstc:
    .quad stimecmp, failed
