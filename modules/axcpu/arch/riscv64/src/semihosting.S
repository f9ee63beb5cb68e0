/*
 * A call of the debugger or emulator (RISC-V Semihosting 0.4): an ebreak between two shifts that do
 * nothing, none of the three compressed, all in one page, which alignment ensures. Where nobody
 * answers it is a breakpoint. Of its own section, so that only an image whose platform ends runs in
 * this way has the row of the table.
 */
    .text
    .globl axcpu_semihosting_call
    .balign 16
/* a0 = operation, a1 = parameter block */
axcpu_semihosting_call:
    .option push
    .option norvc
    .reloc ., R_RISCV_NONE, axcpu_fixups_semihosting /* who is linked brings its row along */
    slli zero, zero, 0x1f
semihosting:
    ebreak
    srai zero, zero, 7
    .option pop
    li a0, 1
    ret
failed:
    li a0, 0
    ret

    .section .rodata.axcpu_fixups_semihosting, "a"
    .balign 8
    .globl axcpu_fixups_semihosting
axcpu_fixups_semihosting:
    .quad semihosting, failed
