/* The picture of the address space: `make ptdump` prints it. */
#pragma once

#include <axbase/attr.h>
#include <axbase/fmt.h>

/*
 * Print what the kernel table maps, lowest first. Neighbours of one kind, with the same flags and
 * as large leaves, are one line:
 *
 *     virtual             bytes in KiB  physical      flags       leaf KiB  what it is
 *     ffffffc080400000          116736  000080400000  rw- global      2048  RAM: free
 *
 * Flags: read, write, execute, then user, device, uncached, global. The frames of a mapped area lie
 * wherever there were any: "scattered".
 *
 * Task context; takes the kernel table's lock for a look at a time, and prints without it. Cost: a
 * query a leaf, and a walk over all tables a hole.
 */
AX_COLD void axmm_dump(struct ax_sink *sink);
