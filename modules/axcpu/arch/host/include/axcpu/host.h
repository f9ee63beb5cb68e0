/*
 * What host tests may ask of their CPU. There is no instruction cache to see: the last call of
 * axcpu_icache_sync() is recorded.
 */
#pragma once

#include <stddef.h>

struct axcpu_host_icache {
    unsigned syncs;
    const void *start;
    size_t bytes;
};

extern struct axcpu_host_icache axcpu_host_icache;
