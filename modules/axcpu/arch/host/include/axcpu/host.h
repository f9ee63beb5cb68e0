/*
 * What host tests may ask of their CPU. There are no caches to see: the last call of
 * axcpu_icache_sync() and the number of calls about data are recorded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct axcpu_host_icache {
    unsigned syncs;
    const void *start;
    size_t bytes;
};

extern struct axcpu_host_icache axcpu_host_icache;

struct axcpu_host_dcache {
    unsigned cleans;
    unsigned invalidates;
    unsigned clean_invalidates;
    unsigned alls;
};

extern struct axcpu_host_dcache axcpu_host_dcache;

/* What axcpu_dcache_line_bytes() says, and the contrary of axcpu_dcache_is_maintained(). */
extern size_t axcpu_host_dcache_line_bytes;
extern bool axcpu_host_dcache_is_absent;
