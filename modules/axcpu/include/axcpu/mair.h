/*
 * The memory types of aarch64's MAIR_EL1 as Axle sets it; shared by boot code and entry encoding.
 * Arm ARM DDI 0487, D19.2.100.
 */
#pragma once

#define AXCPU_MAIR_DEVICE 0   /* Device-nGnRE: 0x04 */
#define AXCPU_MAIR_NORMAL 1   /* write-back, read and write allocate: 0xff */
#define AXCPU_MAIR_UNCACHED 2 /* normal, not cacheable: 0x44 */
#define AXCPU_MAIR_VALUE 0x44ff04
