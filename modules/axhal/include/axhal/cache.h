/*
 * What <axcpu/cache.h> learns of the machine. To clean a cache include that; this is for the boot.
 */
#pragma once

#include <axhal/fdt.h>
#include <stdbool.h>

/* `device_tree`, borrowed for good, says how long a block of riscv64's Zicbom is. Boot. */
void axhal_cache_use_tree(const struct axhal_fdt *device_tree);

/*
 * Every CPU of the tree names `extension` in its `riscv,isa`: one of the long names, without the
 * underscore before it. Reads the tree anew. Task context.
 */
bool axhal_cpus_have(const char *extension);
