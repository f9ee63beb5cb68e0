/*
 * The image: one flat file, entered at its lowest address, that runs from any 2 MiB-aligned
 * physical address in a virtual window of its own (axcpu/layout.h).
 *
 * Segments start on pages, since the final page table gives each its own protection. What holds
 * no bytes at first (.bss, tables, stacks) is not in the file; image_size in the header of
 * boot.S tells loaders to leave room for it.
 */
#include <axcpu/config.h>
#include <axcpu/image_window.h>

#define PAGE 4096

ENTRY(_start)

PHDRS
{
    text PT_LOAD FLAGS(5);
    rodata PT_LOAD FLAGS(4);
    data PT_LOAD FLAGS(6);
}

SECTIONS
{
    . = AXCPU_IMAGE_BASE;
    axcpu_text_start = .;
    .text : {
        KEEP(*(.head.text))
        *(.text.boot .text.boot.*)
        *(.text .text.*)
    } :text
    . = ALIGN(PAGE);
    axcpu_text_end = .;

    axcpu_rodata_start = .;
    .rodata : {
        *(.rodata .rodata.* .srodata .srodata.*)
    } :rodata
    . = ALIGN(PAGE);
    axcpu_rodata_end = .;

    axcpu_data_start = .;
    .data : {
        *(.data .data.* .sdata .sdata.*)
        . = ALIGN(16);
    } :data
    axcpu_file_end = .;

    .bss (NOLOAD) : ALIGN(64) {
        axcpu_bss_start = .;
        *(.bss .bss.* .sbss .sbss.* COMMON)
        . = ALIGN(64);
        axcpu_bss_end = .;
    } :data

    .noinit (NOLOAD) : ALIGN(PAGE) {
        *(.noinit.tables)
        . = ALIGN(PAGE);
        axcpu_boot_stack_guard = .;
        . += PAGE;
        axcpu_boot_stack_bottom = .;
        . += CONFIG_AXCPU_STACK_KIB * 1024;
        axcpu_boot_stack_top = .;
        /* aligned to twice its size, so that one bit of the stack pointer tells an overflow on aarch64 */
        . = ALIGN(2 * AXCPU_TRAP_STACK_BYTES);
        . += 2 * AXCPU_TRAP_STACK_BYTES - PAGE;
        axcpu_trap_stack_guard = .;
        . += PAGE;
        axcpu_trap_stack_bottom = .;
        . += AXCPU_TRAP_STACK_BYTES;
        axcpu_trap_stack_top = .;
        axcpu_emergency_stack_bottom = .;
        . += AXCPU_EMERGENCY_STACK_BYTES;
        axcpu_emergency_stack_top = .;
        . = ALIGN(PAGE);
    } :data
    axcpu_image_end = .;

    /DISCARD/ : {
        *(.comment .note .note.* .eh_frame .eh_frame_hdr .interp .dynamic .riscv.attributes)
    }
}

ASSERT(axcpu_text_start == AXCPU_IMAGE_BASE, "the image must start where its window does")
ASSERT(axcpu_image_end - axcpu_text_start < AXCPU_EARLY_TREE_SLOT * AXCPU_EARLY_SLOT_BYTES,
       "the image does not fit its window")
