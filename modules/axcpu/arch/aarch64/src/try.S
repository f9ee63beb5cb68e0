/* Instructions that may fault, and the table of where to go on (<axcpu/fixup.h>). */
    .section .text.axcpu_vectors.5.try, "ax" /* in the gap behind a vector: trap.S */
    .globl axcpu_try_read32, axcpu_try_read8, axcpu_try_write32, axcpu_semihosting_call
axcpu_try_read32:
read32:
    ldr w2, [x0]
    str w2, [x1]
    mov w0, #1
    ret

axcpu_try_read8:
read8:
    ldrb w2, [x0]
    strb w2, [x1]
    mov w0, #1
    ret

axcpu_try_write32:
write32:
    str w1, [x0]
    mov w0, #1
    ret

/* x0 = operation, x1 = parameter block: undefined where no debugger or emulator answers */
axcpu_semihosting_call:
semihosting:
    hlt #0xf000
    mov w0, #1
    ret

failed:
    mov w0, wzr
    ret

    .section .rodata.axcpu_fixups, "a"
    .balign 8
    .quad read32, failed
    .quad read8, failed
    .quad write32, failed
    .quad semihosting, failed
