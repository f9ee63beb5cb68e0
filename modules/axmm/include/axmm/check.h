/* Is the kernel's address space what it should be? For tests, and at boot in debug builds. */
#pragma once

#include <axbase/attr.h>

/*
 * Walk the live tables. NULL: they are sound, which means
 *
 *   no leaf is writable and executable, and nothing executable has a writable alias
 *   only the image's text and executable memory that is sealed are executable
 *   the image's text and constants cannot be written by any address
 *   the lower half, with page 0, and the pages around stacks and mapped areas are absent
 *   each mapped area is there whole, as its kind asks, and nothing else is in their window
 *
 * Else the first thing that is not so, in words. While nobody maps anything. Takes the kernel
 * table's lock. Cost: some 100 instructions a leaf, and as much again for each executable leaf
 * outside of the image.
 */
AX_MUST_CHECK const char *axmm_check(void);
