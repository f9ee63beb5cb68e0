/*
 * The kernel's half of the address space on aarch64 (TTBR1_EL1, 48 bits). TTBR0_EL1 holds an
 * identity map of the image while booting and is switched off after, so null pointers fault.
 *
 *   0xffffffffffffffff +------------------------------+
 *                      |                              |
 *   0xffffffffb0000000 | one page, to edit tables     |
 *   0xffffffffa0400000 | console of last resort       |  boot only
 *   0xffffffffa0000000 | the device tree (4 MiB)      |  R
 *   0xffffffff80000000 | the image, where it is linked|  text RX, rodata R, data RW
 *                      +------------------------------+
 *                      |                              |
 *   0xffff801000000000 +------------------------------+
 *                      | mapped on demand: virtually  |  RW, or RX; pages between that
 *                      | contiguous memory, stacks,   |  are never mapped
 *                      | devices found late (64 GiB)  |
 *   0xffff800000000000 +------------------------------+
 *                      | linear map: physical address |  RAM RW, image's text and rodata R,
 *   0xffff000000000000 | 0 to 128 TiB                 |  devices as devices
 *                      +------------------------------+
 *
 * Shared with assembly and the linker script, so plain numbers only.
 */
#pragma once

#define AXCPU_LINEAR_BASE 0xffff000000000000
#define AXCPU_LINEAR_SIZE 0x800000000000
#define AXCPU_MAPPED_BASE 0xffff800000000000
#define AXCPU_MAPPED_SIZE 0x1000000000
#include <axcpu/image_window.h>
