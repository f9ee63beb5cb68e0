/*
 * The image of host tests: the parts of <axcpu/image.h>, a few pages each, in the order of
 * image.ld.S. Nobody runs in it or on its stacks; tests write there what they want to be found.
 */
#define PAGE 4096

    .data
    .balign PAGE

    .globl axcpu_text_start, axcpu_text_end
axcpu_text_start:
    .zero 2 * PAGE
axcpu_text_end:

    .globl axcpu_rodata_start, axcpu_rodata_end
axcpu_rodata_start:
    .zero PAGE
axcpu_rodata_end:

    .globl axcpu_data_start
axcpu_data_start:
    .zero PAGE

    .globl axcpu_boot_stack_guard, axcpu_boot_stack_bottom, axcpu_boot_stack_top
axcpu_boot_stack_guard:
    .zero PAGE
axcpu_boot_stack_bottom:
    .zero 4 * PAGE
axcpu_boot_stack_top:

    .globl axcpu_trap_stack_guard, axcpu_trap_stack_bottom, axcpu_trap_stack_top
axcpu_trap_stack_guard:
    .zero PAGE
axcpu_trap_stack_bottom:
    .zero 2 * PAGE
axcpu_trap_stack_top:

    .globl axcpu_emergency_stack_bottom, axcpu_emergency_stack_top
axcpu_emergency_stack_bottom:
    .zero PAGE
axcpu_emergency_stack_top:

    .globl axcpu_image_end
axcpu_image_end:

    .section .note.GNU-stack, "", @progbits
