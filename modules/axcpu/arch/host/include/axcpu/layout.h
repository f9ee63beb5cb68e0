/* The address-space layout of host tests: riscv64's, as numbers; nothing is mapped there. */
#pragma once

#define AXCPU_LINEAR_BASE 0xffffffc000000000
#define AXCPU_LINEAR_SIZE 0x2000000000
#define AXCPU_MAPPED_BASE 0xffffffe000000000
#define AXCPU_MAPPED_SIZE 0x1000000000
#include <axcpu/image_window.h>
