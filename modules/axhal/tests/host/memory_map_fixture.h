/* A memory map to fill in the tests, and to compare with text. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <axhal/memory_map.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PAGE ((uint64_t)AX_PAGE_SIZE)
#define TOP (UINT64_MAX - (PAGE - 1)) /* where the last page starts */

static struct axhal_memory_map map;

static inline int set_up(void **state)
{
    (void)state;
    memset(&map, 0xa5, sizeof map); /* init must not rely on zeros */
    axhal_memory_map_init(&map, UINT64_MAX);
    return 0;
}

static inline void add(uint64_t start, uint64_t bytes)
{
    assert_int_equal(axhal_memory_map_add_ram(&map, ax_prange(start, bytes)), AX_OK);
}

static inline void reserve(uint64_t start, uint64_t bytes, enum axhal_memory_kind kind)
{
    assert_int_equal(axhal_memory_map_reserve(&map, ax_prange(start, bytes), kind), AX_OK);
}

static inline void finalize(void)
{
    axhal_memory_map_finalize(&map);
    assert_true(axhal_memory_map_check(&map));
}

/* The entries, as text: "start+size kind" in pages, decimal. */
static inline void assert_entries(const char *want)
{
    char text[4096] = "";
    size_t used = 0;
    for (unsigned i = 0; i < map.entry_count; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%llu+%llu %s", i == 0 ? "" : ", ",
                             (unsigned long long)(map.entries[i].range.start.raw / PAGE),
                             (unsigned long long)(map.entries[i].range.size_bytes / PAGE),
                             axhal_memory_kind_name(map.entries[i].kind));
    assert_string_equal(text, want);
}
