/*
 * The image: one flat file, entered at its lowest address, that runs from any 2 MiB-aligned
 * physical address in a virtual window of its own (axcpu/layout.h).
 *
 * Segments start on pages, since the final page table gives each its own protection. In the file
 * they follow each other without the padding, and boot.S moves the later ones up to their pages:
 * that makes the file some 4 KiB smaller. What holds no bytes at first (.bss, tables, stacks) is not
 * in the file; image_size in the header of boot.S tells loaders to leave room for it.
 */
#include <axcpu/config.h>
#include <axcpu/image_window.h>

#define PAGE 4096
#define MOVE_GRAIN 32 /* bytes that boot.S moves at a time */
#define VECTORS_BYTES 1024 /* aarch64: the first half of the table of trap.S */

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
        /*
         * Fills the gap before the vectors of aarch64, which start at a multiple of 2 KiB. If this
         * passes the first one, most of another 2 KiB is lost: then a name is to go from here.
         */
        *string.c.o(.text.copy_forwards .text.mem* .text.str*)
        *stack_protector.c.o(.text .text.*)
        KEEP(*(SORT_BY_NAME(.text.axcpu_vectors.*)))
        axcpu_vectors_end = .;
        *(.text .text.*)
        . = ALIGN(MOVE_GRAIN);
    } :text
    . = ALIGN(PAGE);
    axcpu_text_end = .;

    axcpu_rodata_start = .;
    .rodata : AT(LOADADDR(.text) + SIZEOF(.text)) {
        /* rows of one table, and a zero behind: those for what the image does not use are dropped */
        . = ALIGN(8);
        ax_drivers = .;
        *(.rodata.ax_drivers)
        *(.rodata.ax_drivers_*)
        QUAD(0)
        ax_boot_steps = .;
        *(SORT_BY_NAME(.rodata.ax_boot_steps_*))
        QUAD(0)
        /* those of axdriver, with their last row only where there is one before */
        axdriver_tree_drivers = .;
        *(.rodata.axdriver_tree_*)
        . += . > axdriver_tree_drivers ? 8 : 0;
        axdriver_virtio_drivers = .;
        *(.rodata.axdriver_virtio_*)
        . += . > axdriver_virtio_drivers ? 8 : 0;
        axcpu_fixups = .;
        KEEP(*(.rodata.axcpu_fixups))
        *(.rodata.axcpu_fixups_*)
        axcpu_fixups_end = .;
        *(.rodata .rodata.* .srodata .srodata.*)
        . = ALIGN(MOVE_GRAIN);
        axcpu_rodata_bytes_end = .;
    } :rodata
    . = ALIGN(PAGE);
    axcpu_rodata_end = .;

    axcpu_data_start = .;
    .data : AT(LOADADDR(.rodata) + SIZEOF(.rodata)) {
        *(.data .data.* .sdata .sdata.*)
        . = ALIGN(MOVE_GRAIN);
        axcpu_data_bytes_end = .;
    } :data
    axcpu_file_end = AXCPU_IMAGE_BASE + LOADADDR(.data) + SIZEOF(.data) - LOADADDR(.text);

    .bss (NOLOAD) : ALIGN(64) {
        axcpu_bss_start = .;
        /* riscv64: one instruction reaches 2 KiB to each side of gp; so what is small comes first */
        __global_pointer$ = . + 2048;
        *(.sbss .sbss.*)
        *(.bss .bss.* COMMON)
        . = ALIGN(64);
        axcpu_bss_end = .;
    } :data

    .noinit (NOLOAD) : ALIGN(PAGE) {
        *(.noinit.tables)
        *(.noinit.*)
        . = ALIGN(PAGE);
        axcpu_boot_stack_guard = .;
        . += PAGE;
        axcpu_boot_stack_bottom = .;
        . += CONFIG_AXCPU_STACK_KIB * 1024;
        . = ALIGN(PAGE);
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
ASSERT(DEFINED(axcpu_trap_vectors) ? axcpu_vectors_end - axcpu_trap_vectors <= VECTORS_BYTES : 1,
       "what stands behind a vector of trap.S has no room there")
ASSERT(axcpu_image_end - axcpu_text_start < AXCPU_EARLY_TREE_SLOT * AXCPU_EARLY_SLOT_BYTES,
       "the image does not fit its window")
