/* What an app calls. */
#include <facade/core.h>

static inline void core_failed(size_t size)
{
    ax_panic("no memory for a block of %zu bytes", size);
}

#include <workload.h>

#include "parts.h"

enum { MIX_SLOTS = 256, PAYLOAD_BYTES = 64 };

void bench_facade(size_t scale)
{
    begin_section("facade-lifo64");
    bench_lifo(64, 1 + scale / 2);
    begin_section("facade-hot-pair");
    bench_hot_pair(64, 20 * scale);
    begin_section("facade-mix");
    bench_mix(bench_slots, MIX_SLOTS, bench_small, 400 * scale);
}

/* A list of blocks, each holding the next, until there is no more. */
size_t bench_payload(void)
{
    void **first = NULL;
    size_t count = 0;
    for (void **block; (block = core_alloc(PAYLOAD_BYTES)) != NULL; count++) {
        *block = first;
        first = block;
    }
    while (first != NULL) {
        void **next = *first;
        core_free(first);
        first = next;
    }
    return count * PAYLOAD_BYTES;
}
