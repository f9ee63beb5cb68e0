/* Instructions that may fault, and the table of where to go on (<axcpu/fixup.h>). */
    .text
    .globl axcpu_try_read32, axcpu_try_read8, axcpu_try_write32
axcpu_try_read32:
read32:
    lw t0, 0(a0)
    sw t0, 0(a1)
    li a0, 1
    ret

axcpu_try_read8:
read8:
    lbu t0, 0(a0)
    sb t0, 0(a1)
    li a0, 1
    ret

axcpu_try_write32:
write32:
    sw a1, 0(a0)
    li a0, 1
    ret

failed:
    li a0, 0
    ret

    .section .rodata.axcpu_fixups, "a"
    .balign 8
    .quad read32, failed
    .quad read8, failed
    .quad write32, failed
