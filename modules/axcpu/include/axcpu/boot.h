/* The port through which boot.S enters C. */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>

/*
 * Port: the first C function, axruntime's. The image runs in its window; nothing else is mapped;
 * traps have their stack; interrupts are off; .bss is zero; the stack canary is not set, so the
 * function carries no stack check.
 *
 *   hardware_id  hart id, or the affinity fields of MPIDR_EL1
 *   tree         what the loader gave as the device tree's physical address; not checked
 *   image        where the image lies in physical memory, a multiple of 2 MiB
 */
AX_NORETURN void axcpu_port_boot(uint64_t hardware_id, struct ax_paddr tree, struct ax_paddr image);
