/*
 * The kernel's half of the address space on riscv64 with Sv39 (Privileged Architecture 4.4), the
 * upper 256 GiB, or with Sv48, the upper 128 TiB. Nothing is ever mapped in the lower half, so null
 * pointers fault.
 *
 *   0xffffffffffffffff +------------------------------+
 *                      |                              |
 *   0xffffffffb0000000 | one page, to edit tables     |
 *   0xffffffffa0400000 | console of last resort       |  boot only
 *   0xffffffffa0000000 | the device tree (4 MiB)      |  R
 *   0xffffffff80000000 | the image, where it is linked|  text RX, rodata R, data RW
 *                      +------------------------------+
 *                      |                              |
 *   0xfffffff000000000 +------------------------------+
 *                      | mapped on demand: virtually  |  RW, or RX; pages between that
 *                      | contiguous memory, stacks,   |  are never mapped
 *                      | devices found late (64 GiB)  |
 *   0xffffffe000000000 +------------------------------+
 *                      |                              |  Sv39: nothing
 *   0xffffffe000000000 +------------------------------+  Sv48: 0xffffc00000000000
 *                      | linear map: physical address |  RAM RW, image's text and rodata R,
 *                      | 0 to 128 GiB; Sv48: 64 TiB   |  devices as devices
 *   0xffffffc000000000 +------------------------------+  Sv48: 0xffff800000000000
 *
 * Shared with assembly and the linker script, so plain numbers only.
 */
#pragma once

#include <axcpu/config.h>

#if CONFIG_AXCPU_SV48
#define AXCPU_SATP_MODE 9
#define AXCPU_LINEAR_BASE 0xffff800000000000
#define AXCPU_LINEAR_SIZE 0x400000000000
#else
#define AXCPU_SATP_MODE 8 /* Privileged 4.1.11 */
#define AXCPU_LINEAR_BASE 0xffffffc000000000
#define AXCPU_LINEAR_SIZE 0x2000000000
#endif
#define AXCPU_MAPPED_BASE 0xffffffe000000000
#define AXCPU_MAPPED_SIZE 0x1000000000
#include <axcpu/image_window.h>
