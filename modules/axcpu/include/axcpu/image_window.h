/*
 * The gigabyte of the image window, the same on every ISA; drawn in axcpu/layout.h. While booting
 * it has one table of 512 slots of 2 MiB.
 *
 * Shared with assembly and the linker script, so plain numbers only.
 */
#pragma once

#define AXCPU_IMAGE_BASE 0xffffffff80000000
#define AXCPU_EARLY_SLOT_BYTES 0x200000
#define AXCPU_EARLY_TREE_SLOT 256    /* the first of the slots of the device tree */
#define AXCPU_EARLY_TREE_SLOTS 2     /* a tree of 2 MiB at any address fits */
#define AXCPU_EARLY_CONSOLE_SLOT 258 /* one slot */
#define AXCPU_EDIT_PAGE 0xffffffffb0000000

/* Stacks: the boot stack is CONFIG_AXCPU_STACK_KIB; traps have a stack of their own. */
#define AXCPU_TRAP_STACK_SHIFT 13
#define AXCPU_TRAP_STACK_BYTES (1 << AXCPU_TRAP_STACK_SHIFT)
#define AXCPU_EMERGENCY_STACK_BYTES 4096
