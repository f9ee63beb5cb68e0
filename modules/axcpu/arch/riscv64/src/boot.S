/*
 * From the firmware to C on riscv64.
 *
 * On entry (SBI specification 1.0, "boot"; Linux Documentation/riscv/boot.rst): S-mode, MMU off,
 * a0 = hart id, a1 = physical address of the device tree, running at the image's load address,
 * which is a multiple of 2 MiB and otherwise unknown. Everything before the jump into the window
 * is addressed relative to pc.
 *
 *   1  quiet: no interrupts, FP on
 *   2  boot table (Sv39 or Sv48): the image in its window, 2 MiB leaves, all permissions
 *   3  MMU on, by a trap: the next fetch faults at the physical address and lands in the window
 *   4  move .data and .rodata to their pages (image.ld.S), zero .bss; set the trap entry, this
 *      CPU's block, the stack
 *   5  axcpu_port_boot(hart, tree, image)
 *
 * Second CPUs do the same but for what memory has already: axcpu_second_entry.
 *
 * Registers kept throughout: s0 = hart, s1 = tree, s2 = image (physical).
 */
#include <axcpu/config.h>
#include <axcpu/layout.h>
#include <axcpu_arch/percpu_offsets.h>

#define PTE_V 1
#define PTE_RWXAD_V 0xcf
#define SSTATUS_FS_INITIAL (1 << 13)
#define SSTATUS_FS_MASK (3 << 13)
#define TABLE_BYTES 4096
#define TABLES_BYTES ((2 + CONFIG_AXCPU_SV48) * TABLE_BYTES) /* they lie side by side */
#define SBI_LEGACY_PUTCHAR 1
#define SBI_SRST 0x53525354

    .section .head.text, "ax"
    .globl _start
_start:
    /* the header of Linux's Documentation/riscv/boot-image-header.rst */
    j boot
    .balign 4
    nop
    .balign 8
    .quad 0x200000                          /* text_offset: two megabytes above the start of RAM */
    .quad axcpu_image_end - _start          /* image_size, with .bss and the stacks */
    .quad 0                                 /* flags: little-endian */
    .word 2                                 /* version 0.2 */
    .word 0
    .quad 0
    .ascii "RISCV\0\0\0"
    .ascii "RSC\x05"
    .word 0

boot:
#if CONFIG_AXCPU_CPUS_MAX > 1
    lla t0, is_entered
    li t1, 1
    amoswap.w t1, t1, (t0)
    bnez t1, entered_again
#endif
    csrw sie, zero
    csrci sstatus, 2
    li t0, SSTATUS_FS_MASK
    csrc sstatus, t0
    li t0, SSTATUS_FS_INITIAL
    csrs sstatus, t0
    mv s0, a0
    mv s1, a1
    lla s2, _start

    lla t0, axcpu_boot_root
    li t1, TABLES_BYTES
    add t1, t0, t1
1:  sd zero, 0(t0)
    sd zero, 8(t0)
    sd zero, 16(t0)
    sd zero, 24(t0)
    addi t0, t0, 32
    bltu t0, t1, 1b

    lla t0, axcpu_boot_root
    mv t4, t0
#if CONFIG_AXCPU_SV48
    /* root[511] -> the table of the last 512 GiB: 0xffffffff80000000 >> 39 & 511 */
    lla t4, boot_upper
    srli t2, t4, 2
    ori t2, t2, PTE_V
    li t3, (AXCPU_IMAGE_BASE >> 39) & 511
    slli t3, t3, 3
    add t3, t3, t0
    sd t2, 0(t3)
#endif
    /* [510] of that, or of Sv39's root -> the window's table: 0xffffffff80000000 >> 30 & 511 */
    lla t1, axcpu_boot_window
    srli t2, t1, 2
    ori t2, t2, PTE_V
    li t3, (AXCPU_IMAGE_BASE >> 30) & 511
    slli t3, t3, 3
    add t3, t3, t4
    sd t2, 0(t3)

    /* window[i] -> image + i * 2 MiB, as many as the image has */
    srli t2, s2, 2
    ori t2, t2, PTE_RWXAD_V
    lla t3, axcpu_image_end
    mv t4, s2
    li t5, AXCPU_EARLY_SLOT_BYTES
    srli t6, t5, 2
2:  sd t2, 0(t1)
    add t2, t2, t6
    addi t1, t1, 8
    add t4, t4, t5
    bltu t4, t3, 2b

    /* MMU on: stvec holds the window's address of label 3 */
    li t1, AXCPU_IMAGE_BASE
    lla t2, 3f
    sub t2, t2, s2
    add t2, t2, t1
    csrw stvec, t2
    srli t0, t0, 12
    li t1, AXCPU_SATP_MODE
    slli t1, t1, 60
    or t0, t0, t1
    sfence.vma
    csrw satp, t0
#if CONFIG_AXCPU_SV48
    j no_such_mode                          /* fetched only if the write had no effect */
#endif
    .balign 4
3:  .option push
    .option norelax                         /* or this would be made relative to gp itself */
    lla gp, __global_pointer$
    .option pop
    lla t0, axcpu_trap_entry
    csrw stvec, t0
    sfence.vma

    lla t2, axcpu_file_end
    lla t0, axcpu_data_start
    lla t1, axcpu_data_bytes_end
    jal move_up
    lla t0, axcpu_rodata_start
    lla t1, axcpu_rodata_bytes_end
    jal move_up

    lla t0, axcpu_bss_start
    lla t1, axcpu_bss_end
    bgeu t0, t1, 5f
4:  sd zero, 0(t0)
    sd zero, 8(t0)
    sd zero, 16(t0)
    sd zero, 24(t0)
    sd zero, 32(t0)
    sd zero, 40(t0)
    sd zero, 48(t0)
    sd zero, 56(t0)
    addi t0, t0, 64
    bltu t0, t1, 4b
5:
    lla t0, axcpu_percpus
    lla t1, axcpu_trap_stack_top
    sd t1, AXCPU_PERCPU_TRAP_STACK_TOP(t0)
    lla t1, axcpu_trap_stack_bottom
    sd t1, AXCPU_PERCPU_TRAP_STACK_BOTTOM(t0)
    lla t1, axcpu_emergency_stack_top
    sd t1, AXCPU_PERCPU_EMERGENCY_STACK_TOP(t0)
    sd s0, AXCPU_PERCPU_HARDWARE_ID(t0)
    csrw sscratch, t0

    lla sp, axcpu_boot_stack_top
    mv a0, s0
    mv a1, s1
    mv a2, s2
    li s0, 0                                /* the frame pointer's chain ends here */
    li ra, 0
    li tp, 0
    tail axcpu_port_boot

#if CONFIG_AXCPU_CPUS_MAX > 1
/*
 * A hart that was to begin elsewhere: OpenSBI up to 1.0 lets one go that is awake before it has written
 * down where to, and then it comes to where the first one began. It goes on as the CPU that is being
 * started (<axcpu/start.h>), if it is that one.
 */
entered_again:
    lla t0, axcpu_starting
    ld a1, 0(t0)
    ld t2, 8(t0)
    beqz a1, 8f
    ld t1, AXCPU_PERCPU_HARDWARE_ID(a1)
    beq t1, a0, 9f
8:  wfi
    j 8b
9:  jr t2

    .balign 4
is_entered:
    .word 0

/*
 * A second CPU (<axcpu/start.h>): a0 = hart id, a1 = physical address of its block. MMU on by a trap
 * into the window, as above, but with the kernel's table, which is complete.
 */
    .pushsection .text.axcpu_second_entry, "ax"
    .globl axcpu_second_entry
axcpu_second_entry:
    csrw sie, zero
    csrci sstatus, 2
    li t0, SSTATUS_FS_MASK
    csrc sstatus, t0
    li t0, SSTATUS_FS_INITIAL
    csrs sstatus, t0
    ld t0, AXCPU_PERCPU_KERNEL_ROOT(a1)
    ld s1, AXCPU_PERCPU_SELF(a1)
    lla t1, _start
    li t2, AXCPU_IMAGE_BASE
    sub t2, t2, t1
    lla t1, 7f
    add t1, t1, t2
    csrw stvec, t1
    sfence.vma
    csrw satp, t0
    .balign 4
7:  .option push
    .option norelax
    lla gp, __global_pointer$
    .option pop
    lla t0, axcpu_trap_entry
    csrw stvec, t0
    sfence.vma
    csrw sscratch, s1
    ld sp, AXCPU_PERCPU_STACK_TOP(s1)
    li s0, 0
    li ra, 0
    li tp, 0
    ld t0, AXCPU_PERCPU_ENTRY(s1)
    jr t0
    .popsection
#endif

#if CONFIG_AXCPU_SV48
/* A CPU takes no mode that it does not have (Privileged 4.1.11): still at the physical address. */
no_such_mode:
    lla s3, no_such_mode_words
8:  lbu a0, 0(s3)
    beqz a0, 9f
    li a7, SBI_LEGACY_PUTCHAR
    ecall
    addi s3, s3, 1
    j 8b
9:  li a0, 0                                /* shut down */
    li a1, 1                                /* because of a failure */
    li a6, 0
    li a7, SBI_SRST
    ecall
    j 9b
no_such_mode_words:
    .ascii "axle: cannot boot: this CPU has no Sv48\n"
    .half 0                                 /* code goes on at an even address */
#endif

/* Move what ends at t2 up to [t0, t1), 32 bytes at a time, the last first; t2 is where it began. */
6:  addi t1, t1, -32
    addi t2, t2, -32
    ld a2, 24(t2)
    ld a3, 16(t2)
    ld a4, 8(t2)
    ld a5, 0(t2)
    sd a2, 24(t1)
    sd a3, 16(t1)
    sd a4, 8(t1)
    sd a5, 0(t1)
move_up:
    bltu t0, t1, 6b
    ret

    .section .noinit.tables, "aw", @nobits
    .balign TABLE_BYTES
    .globl axcpu_boot_window
axcpu_boot_root:
    .skip TABLE_BYTES
axcpu_boot_window:
    .skip TABLE_BYTES
#if CONFIG_AXCPU_SV48
boot_upper:
    .skip TABLE_BYTES
#endif
