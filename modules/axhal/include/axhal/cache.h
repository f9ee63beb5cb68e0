/*
 * What <axcpu/cache.h> learns of the machine. To clean a cache include that; this is for the boot.
 */
#pragma once

#include <axhal/fdt.h>

/* `device_tree`, borrowed for good, says how long a block of riscv64's Zicbom is. Boot. */
void axhal_cache_use_tree(const struct axhal_fdt *device_tree);
