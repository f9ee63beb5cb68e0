/*
 * Marks in the code for tools that count instructions from outside: one instruction each that does
 * nothing, and that tools/bench/op_count.c, a plugin of QEMU, knows by its encoding.
 *
 *     axcpu_mark_begin();
 *     block = axalloc_malloc(64);
 *     axcpu_mark_end_alloc();
 *
 * What runs between begin and end is one operation; the marks themselves do not count. A section
 * begins a new set of sums: the program says by its output what the first, second, ... one is.
 */
#pragma once

static inline void axcpu_mark_begin(void);
static inline void axcpu_mark_end_alloc(void);
static inline void axcpu_mark_end_free(void);
static inline void axcpu_mark_section(void);

#include <axcpu_arch/mark.h>
