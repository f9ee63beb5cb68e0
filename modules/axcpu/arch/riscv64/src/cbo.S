/*
 * A cache instruction that faults if the CPU does not have it or firmware does not let S-mode have it. Of
 * its own section, so that only an image with cache maintenance has the row of the table.
 */
    .text
    .globl axcpu_try_cbo_clean
axcpu_try_cbo_clean:
cbo_clean:
    .4byte 0x0015200f                       /* cbo.clean (a0) */
    li a0, 1
    ret
failed:
    li a0, 0
    ret

    .section .rodata.axcpu_fixups_cbo, "a"
    .balign 8
    .globl axcpu_fixups_cbo
axcpu_fixups_cbo:
    .quad cbo_clean, failed
