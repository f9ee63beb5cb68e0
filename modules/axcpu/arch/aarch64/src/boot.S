/*
 * From the loader to C on aarch64.
 *
 * On entry (Linux Documentation/arm64/booting.rst): EL2 or EL1, MMU and data cache off, x0 =
 * physical address of the device tree, running at the image's load address, which is a multiple
 * of 2 MiB and otherwise unknown. Everything before the jump into the window is addressed relative
 * to pc, and writes only the boot tables, which are then dropped from any cache.
 *
 *   1  from EL2 to EL1; FP on
 *   2  boot tables: the image in its window and, for the moment of switching, where it lies
 *   3  MMU on, jump into the window
 *   4  move .data and .rodata to their pages (image.ld.S), zero .bss; vectors, this CPU's block,
 *      the stacks
 *   5  axcpu_port_boot(hardware id, tree, image)
 *
 * The kernel runs with SP_EL0 and takes traps on SP_EL1: so a trap has a good stack even when the
 * interrupted one is exhausted.
 *
 * Registers kept throughout: x19 = hardware id, x20 = tree, x21 = image (physical), x22 = the block of a
 * second CPU, 0 on the boot CPU, x23 = the table of the upper half.
 */
#include <axcpu/config.h>
#include <axcpu/image_window.h>
#include <axcpu/mair.h>
#include <axcpu_arch/percpu_offsets.h>

#define TABLE_BYTES 4096
#define TABLES_BYTES (5 * TABLE_BYTES)  /* they lie side by side */
#define PTE_TABLE 3
#define PTE_BLOCK_NORMAL (1 | AXCPU_MAIR_NORMAL << 2 | 3 << 8 | 1 << 10) /* valid, shared, AF */

#define HCR_EL2_RW (1 << 31)
#define CNTHCTL_EL2_EL1_COUNTER_AND_TIMER 3
#define CPTR_EL2_RES1 0x33ff
#define SPSR_EL1H_MASKED 0x3c5
#define SCTLR_EL1_RES1 0x30d00800
#define SCTLR_EL1_MMU_AND_CACHES (1 << 0 | 1 << 2 | 1 << 12)
#define CPACR_EL1_FPEN (3 << 20)
#define ICC_SRE_EL2 S3_4_C12_C9_5
#define ICC_SRE_EL2_SRE_ENABLE 9

/* 48 bits each way, 4 KiB granules, walks cached and inner shareable; IPS is added from the CPU */
#define TCR_T0SZ 16
#define TCR_T1SZ (16 << 16)
#define TCR_WALKS (0x35 << 8 | 0x35 << 24)
#define TCR_TG1_4K (2 << 30)
#define TCR_IPS_SHIFT 32
#define TCR_EPD0 (1 << 7)

/* entry `index` (a register) of `from` points at table `to`; x0, x1 clobbered */
    .macro link_table from, index, to
    adrp x0, \from
    adrp x1, \to
    orr x1, x1, #PTE_TABLE
    str x1, [x0, \index, lsl #3]
    .endm

    .section .head.text, "ax"
    .globl _start
_start:
    /* the header of Linux's Documentation/arm64/booting.rst */
    b boot
    nop
    .quad 0                                 /* text_offset */
    .quad axcpu_image_end - _start          /* image_size, with .bss and the stacks */
    .quad 0xa                               /* little-endian, 4 KiB pages, anywhere in RAM */
    .quad 0
    .quad 0
    .quad 0
    .ascii "ARM\x64"
    .word 0

#if CONFIG_AXCPU_CPUS_MAX > 1
/*
 * A second CPU (<axcpu/start.h>): x0 = physical address of its block. It does what is to be done on
 * each CPU, with the kernel's table, which is complete.
 */
    .globl axcpu_second_entry
axcpu_second_entry:
    mov x22, x0
    b 8f
#endif
boot:
    mov x22, xzr
8:  msr daifset, #15
    mov x20, x0
    adrp x21, _start
    mrs x0, CurrentEL
    cmp x0, #(2 << 2)
    b.ne at_el1

    mov x0, #HCR_EL2_RW
    msr hcr_el2, x0
    mov x0, #CNTHCTL_EL2_EL1_COUNTER_AND_TIMER
    msr cnthctl_el2, x0
    msr cntvoff_el2, xzr
    mov x0, #CPTR_EL2_RES1
    msr cptr_el2, x0
    msr hstr_el2, xzr
    msr vttbr_el2, xzr
    mrs x0, midr_el1
    msr vpidr_el2, x0
    mrs x0, mpidr_el1
    msr vmpidr_el2, x0
    mrs x0, id_aa64pfr0_el1                 /* system registers of a GICv3, for EL1 too */
    ubfx x0, x0, #24, #4
    cbz x0, 1f
    mov x0, #ICC_SRE_EL2_SRE_ENABLE
    msr ICC_SRE_EL2, x0
    isb
1:  ldr w0, =SCTLR_EL1_RES1
    msr sctlr_el1, x0
    mov x0, #SPSR_EL1H_MASKED
    msr spsr_el2, x0
    adr x0, at_el1
    msr elr_el2, x0
    isb
    eret

at_el1:
    mov x0, #CPACR_EL1_FPEN
    msr cpacr_el1, x0
    mrs x19, mpidr_el1
    ldr x0, =0xff00ffffff                   /* Aff3, Aff2, Aff1, Aff0 */
    and x19, x19, x0
#if CONFIG_AXCPU_CPUS_MAX > 1
    cbz x22, 9f
    ldr x23, [x22, #AXCPU_PERCPU_KERNEL_ROOT]
    ldr x22, [x22, #AXCPU_PERCPU_SELF]
    b tables_done
9:
#endif
    adrp x0, boot_root
    add x1, x0, #TABLES_BYTES
    bl zero

    ubfx x2, x21, #39, #9
    link_table boot_root, x2, identity_1gib
    ubfx x2, x21, #30, #9
    link_table identity_1gib, x2, identity_2mib
    mov x2, #511                            /* 0xffffffff80000000 >> 39 & 511 */
    link_table boot_root, x2, window_1gib
    mov x2, #510                            /* 0xffffffff80000000 >> 30 & 511 */
    link_table window_1gib, x2, axcpu_boot_window

    /* the 2 MiB that this code runs in, where they lie */
    ldr x3, =PTE_BLOCK_NORMAL
    orr x4, x21, x3
    adrp x0, identity_2mib
    ubfx x2, x21, #21, #9
    str x4, [x0, x2, lsl #3]

    /* window[i] -> image + i * 2 MiB, as many as the image has */
    adrp x0, axcpu_boot_window
    adrp x2, axcpu_image_end
    mov x5, x21
2:  str x4, [x0], #8
    add x4, x4, #AXCPU_EARLY_SLOT_BYTES
    add x5, x5, #AXCPU_EARLY_SLOT_BYTES
    cmp x5, x2
    b.lo 2b

    /* lines of the tables that a cache may hold from before would hide what was just written */
    adrp x0, boot_root
    add x1, x0, #TABLES_BYTES
    mrs x2, ctr_el0
    ubfx x2, x2, #16, #4
    mov x3, #4
    lsl x2, x3, x2
    dmb sy
3:  dc ivac, x0
    add x0, x0, x2
    cmp x0, x1
    b.lo 3b
    dsb sy
    adrp x23, boot_root

tables_done:
    ldr x0, =AXCPU_MAIR_VALUE
    msr mair_el1, x0
    ldr x0, =(TCR_T0SZ | TCR_T1SZ | TCR_WALKS | TCR_TG1_4K)
    mrs x1, id_aa64mmfr0_el1
    and x1, x1, #7                          /* PARange; 6 and 7 pass the 48 bits of our entries */
    mov x2, #5
    cmp x1, x2
    csel x1, x1, x2, lo
    orr x0, x0, x1, lsl #TCR_IPS_SHIFT
    msr tcr_el1, x0
    adrp x0, boot_root
    msr ttbr0_el1, x0
    msr ttbr1_el1, x23
    tlbi vmalle1
    dsb nsh
    ic iallu
    dsb nsh
    isb
    ldr x0, =(SCTLR_EL1_RES1 | SCTLR_EL1_MMU_AND_CACHES)
    msr sctlr_el1, x0
    isb
    ldr x0, =in_window
    br x0

in_window:
    adrp x0, axcpu_trap_vectors
    add x0, x0, :lo12:axcpu_trap_vectors
    msr vbar_el1, x0
#if CONFIG_AXCPU_CPUS_MAX > 1
    cbnz x22, second_in_window
#endif
    adrp x2, axcpu_file_end
    add x2, x2, :lo12:axcpu_file_end
    adrp x0, axcpu_data_start
    adrp x1, axcpu_data_bytes_end
    add x1, x1, :lo12:axcpu_data_bytes_end
    bl move_up
    adrp x0, axcpu_rodata_start
    adrp x1, axcpu_rodata_bytes_end
    add x1, x1, :lo12:axcpu_rodata_bytes_end
    bl move_up
    adrp x0, axcpu_bss_start
    add x0, x0, :lo12:axcpu_bss_start
    adrp x1, axcpu_bss_end
    add x1, x1, :lo12:axcpu_bss_end
    bl zero

    adrp x0, axcpu_percpus
    add x0, x0, :lo12:axcpu_percpus
    adrp x1, axcpu_trap_stack_top
    str x1, [x0, #AXCPU_PERCPU_TRAP_STACK_TOP]
    mov sp, x1
    adrp x1, axcpu_trap_stack_bottom
    str x1, [x0, #AXCPU_PERCPU_TRAP_STACK_BOTTOM]
    adrp x1, axcpu_emergency_stack_top
    str x1, [x0, #AXCPU_PERCPU_EMERGENCY_STACK_TOP]
    str x19, [x0, #AXCPU_PERCPU_HARDWARE_ID]
    adrp x1, axcpu_boot_stack_top
    mov x2, x21
    ldr x3, =axcpu_port_boot
    b use_block

#if CONFIG_AXCPU_CPUS_MAX > 1
    .section .text.axcpu_vectors.6.second, "ax"
second_in_window:
    mrs x0, tcr_el1                         /* the identity map has done its duty */
    orr x0, x0, #TCR_EPD0
    msr tcr_el1, x0
    msr ttbr0_el1, xzr
    isb
    tlbi vmalle1
    dsb nsh
    isb
    mov x0, x22
    ldr x1, [x0, #AXCPU_PERCPU_TRAP_STACK_TOP]
    mov sp, x1
    ldr x1, [x0, #AXCPU_PERCPU_STACK_TOP]
    ldr x3, [x0, #AXCPU_PERCPU_ENTRY]
    b use_block
#endif

/* x0 = this CPU's block, x1 = the top of its stack, x3 = where to go on; sp is its trap stack */
    .section .text.axcpu_vectors.2.use_block, "ax"
use_block:
    msr tpidr_el1, x0
    msr tpidr_el0, xzr
    msr daifclr, #4                         /* a late bus error is reported when it comes */
    msr spsel, #0
    mov sp, x1
    mov x0, x19
    mov x1, x20
    mov x29, xzr                            /* the frame pointer's chain ends here */
    mov x30, xzr
    br x3

/* Move what ends at x2 up to [x0, x1), 32 bytes at a time, the last first; x2 is where it began. */
    .section .text.axcpu_vectors.2.move_up, "ax"
5:  ldp x3, x4, [x2, #-16]!
    ldp x5, x6, [x2, #-16]!
    stp x3, x4, [x1, #-16]!
    stp x5, x6, [x1, #-16]!
move_up:
    cmp x0, x1
    b.lo 5b
    ret

/* Zero [x0, x1), a multiple of 64 bytes. */
    .section .text.axcpu_vectors.4.zero, "ax"
4:  stp xzr, xzr, [x0]
    stp xzr, xzr, [x0, #16]
    stp xzr, xzr, [x0, #32]
    stp xzr, xzr, [x0, #48]
    add x0, x0, #64
zero:
    cmp x0, x1
    b.lo 4b
    ret

/*
 * axcpu_mmu_switch_kernel_root(x0 = root, x1 = image): from the identity map, so that no entry
 * changes under the running code: TTBR1 walks off, everything forgotten, the new root on; then
 * TTBR0 walks off for good. Arm ARM D8.16.1, "using break-before-make".
 */
#define TCR_EPD1 (1 << 23)

    .section .text.axcpu_vectors.3.switch, "ax" /* near _start: the identity map has those 2 MiB */
    .globl axcpu_mmu_switch_kernel_root
axcpu_mmu_switch_kernel_root:
    mov x2, #AXCPU_IMAGE_BASE
    sub x2, x1, x2                          /* from a window address to the physical one */
    adr x3, 6f
    adr x4, 7f
    add x3, x3, x2
    mrs x5, tcr_el1
    br x3
6:  orr x6, x5, #TCR_EPD1
    msr tcr_el1, x6
    isb
    tlbi vmalle1
    dsb nsh
    isb
    msr ttbr1_el1, x0
    isb                                     /* before walks of it are allowed again */
    msr tcr_el1, x5
    isb
    br x4
7:  orr x5, x5, #TCR_EPD0
    msr tcr_el1, x5
    msr ttbr0_el1, xzr
    isb
    tlbi vmalle1
    dsb nsh
    isb
    ret

    .section .noinit.tables, "aw", @nobits
    .balign TABLE_BYTES
    .globl axcpu_boot_window
boot_root:
    .skip TABLE_BYTES
identity_1gib:
    .skip TABLE_BYTES
identity_2mib:
    .skip TABLE_BYTES
window_1gib:
    .skip TABLE_BYTES
axcpu_boot_window:
    .skip TABLE_BYTES
