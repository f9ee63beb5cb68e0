/*
 * Where the parts of the image lie in its window; set by image.ld.S. Each starts on a page.
 *
 *   text      code; read and execute
 *   rodata    constants; read
 *   data      .data, .bss, boot tables, stacks; read and write; the guard pages among it are holes
 */
#pragma once

extern char axcpu_text_start[], axcpu_text_end[];
extern char axcpu_rodata_start[], axcpu_rodata_end[];
extern char axcpu_data_start[], axcpu_image_end[];

/* A page that is never mapped lies below the boot stack and below the trap stack. */
extern char axcpu_boot_stack_guard[], axcpu_boot_stack_bottom[], axcpu_boot_stack_top[];
extern char axcpu_trap_stack_guard[], axcpu_trap_stack_bottom[], axcpu_trap_stack_top[];
extern char axcpu_emergency_stack_bottom[], axcpu_emergency_stack_top[];
