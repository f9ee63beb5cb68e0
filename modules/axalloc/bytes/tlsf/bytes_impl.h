/* The state of one TLSF heap; see tlsf.c for how it works. Private to this folder. */
#pragma once

#include <axalloc/bytes_regions.h>
#include <axbase/list.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TLSF_BINS = 1280,                /* see tlsf_bins.h for which sizes go where */
    TLSF_BIN_WORDS = TLSF_BINS / 64, /* fits the bits of one summary word */
};

struct tlsf_block;
struct tlsf_region;

/* All zero bytes is an empty heap. */
struct axalloc_bytes {
    uint64_t occupied_words;            /* bit w: occupied[w] is not 0 */
    uint64_t occupied[TLSF_BIN_WORDS];  /* bit b: bins[b] is not empty */
    struct tlsf_block *spare;           /* the free block that is in no bin, or NULL */
    size_t total_bytes;                 /* of all regions, without their fixed records */
    size_t used_bytes;                  /* of live blocks, with headers and padding */
    struct tlsf_region *regions;        /* all of them, newest first */
    struct tlsf_region *emptied;        /* the region that the last free emptied, or NULL */
    struct tlsf_block *bins[TLSF_BINS]; /* heads of the free lists; junk where the bit is 0 */
};
